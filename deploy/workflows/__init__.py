"""The verbs: run, compare, sweep, check, spread, freeze."""
