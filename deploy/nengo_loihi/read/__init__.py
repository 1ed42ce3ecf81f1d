"""What the chip has, under Nengo's names and in its units."""
