"""Other emulators of the chip's integers, on the same network: the same spikes, and how fast."""
