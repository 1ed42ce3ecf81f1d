"""What a board does, number by number, held against the emulator and its silicon modes."""
