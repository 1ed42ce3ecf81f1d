"""What Loihi 1 asks of a model: a pass each."""
