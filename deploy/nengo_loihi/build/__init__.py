"""From a rewritten network to blocks of integers on cores, by nengo-loihi's builder."""
