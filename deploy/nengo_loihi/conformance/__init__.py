"""What a board does, number by number, compared with the emulator and its silicon modes."""
