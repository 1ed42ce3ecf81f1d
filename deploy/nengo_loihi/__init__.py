"""The one door to nengo-loihi: only what is here knows its objects.

What breaks with another version of nengo-loihi is here: `load` loads it and refuses versions that
nobody has tried, `build` has its builder and what becomes of its blocks, `run` steps what was
built, `read` gives what the chip has in Nengo's units.

Its builder is still needed for which object goes where (``splitter.py``), for what stands between
host and chip (``builder/connection.py``: senders, receivers, the neurons that make spikes of
values), for the numbers of compartments and of learning (``builder/discretize.py``), and for its
blocks, synapse groups and axons, of which there is one object for each connection and core: they
are what its interface writes to a board, and what its emulator runs, against which ours is held bit
by bit. Ours are decoders, dense weights as one table, the rounding of weights, the split over cores
and the places of what is split; a build of thousands of connections takes as long as it does for
the objects of each, in Nengo and in nengo-loihi.
"""
