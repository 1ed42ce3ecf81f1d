"""Learning rules: each a file with its equation, and what the chip can do of it."""
