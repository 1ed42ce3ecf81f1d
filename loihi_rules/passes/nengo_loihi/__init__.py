"""What nengo-loihi's builder lacks: a pass each."""
