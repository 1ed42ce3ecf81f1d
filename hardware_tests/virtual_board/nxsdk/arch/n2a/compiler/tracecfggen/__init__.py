"""Named as nengo-loihi imports it; see `nxsdk`."""
