"""Host and chip stepped together: nengo-loihi's simulator on our engine."""
