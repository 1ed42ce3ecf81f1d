"""How true the chip is to the CPU, network by network.

`cells` has one file a family of networks; each cell is a network with a figure of merit of its
own. ``python -m benchmarks.fidelity`` measures cells by name.
"""
