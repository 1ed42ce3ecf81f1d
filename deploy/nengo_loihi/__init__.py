"""The one door to nengo-loihi: only what is here knows its objects.

What breaks with another version of nengo-loihi is here: `load` loads it and refuses versions that
nobody has tried, `build` has its builder and what becomes of its blocks, `run` steps what was
built, `read` gives what the chip has in Nengo's units.
"""
