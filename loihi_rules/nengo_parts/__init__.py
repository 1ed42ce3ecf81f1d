"""How Nengo's objects are built, seeded, joined, named and changed."""
