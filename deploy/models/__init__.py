"""Models: from what the user calls one to a network, its fingerprint, and equally good variants."""
