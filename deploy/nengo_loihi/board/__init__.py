"""A built model on a board, through Intel's NxSDK: nengo-loihi's own path, its faults mended."""
