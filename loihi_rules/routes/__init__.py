"""Which way each value takes into chip neurons, and through which filters."""
