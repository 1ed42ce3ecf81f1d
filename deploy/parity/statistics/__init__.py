"""Statistics over arrays: what a run did, how precisely that is known, and what follows.

Nothing in here knows of models, traces or targets.

- `path`: how one path follows another (gain, offset, lag, drift, time base, noise, shape)
- `process`: what a path is like by itself (level, amplitude, quantiles, frequency, phase)
- `trains`: rates, regularity and synchrony of spikes
- `learning`: how fast an error falls, and how far
- `variance`: the variance of few replicates, moderated by that of their neighbours
- `decision`: equivalence, difference, or neither, of a family of quantities
"""
