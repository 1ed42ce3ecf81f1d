"""The chip's arithmetic on flat arrays, compiled: arrays in, arrays out, and no Nengo."""
