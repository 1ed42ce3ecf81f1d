"""The Lorenz attractor in a recurrent ensemble: chaotic, so that no two runs stay together."""

import nengo

SIGMA, BETA, RHO, TAU = 10.0, 8.0 / 3.0, 28.0, 0.1


def feedback(x):
    dx0 = -SIGMA * x[0] + SIGMA * x[1]
    dx1 = -x[0] * x[2] - x[1]
    dx2 = x[0] * x[1] - BETA * (x[2] + RHO) - RHO
    return [dx0 * TAU + x[0], dx1 * TAU + x[1], dx2 * TAU + x[2]]


model = nengo.Network(label="lorenz", seed=10)
with model:
    state = nengo.Ensemble(1000, 3, radius=60, label="state")
    nengo.Connection(state, state, function=feedback, synapse=TAU)
    nengo.Probe(state.neurons, label="spikes")
