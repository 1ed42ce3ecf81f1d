"""The host's part of a run: Nengo's operators, stepped with little overhead."""
