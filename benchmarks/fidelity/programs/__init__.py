"""Whole programs of the kinds that people have: one file a kind, each with its figure of merit."""
