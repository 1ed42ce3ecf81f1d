"""Delays of synapses as a board has them; nengo-loihi writes none.

``synapseFmt.dlyBits`` and ``dendriteAccumCfg.delayBits`` are nengo-loihi 1.1.0's names
(``hardware/builder.py``), which says of the latter that 3 of them go with 1,024 compartments;
``Dly`` of a synapse is that of a snip of intel-nrc-ecosystem/models (``epl``, under a BSD licence),
whose networks have delays of up to 63 steps in 6 bits.
"""

from __future__ import annotations

from deploy.nengo_loihi.board.board import Board
from deploy.nengo_loihi.conformance.experiment import Experiment
from deploy.nengo_loihi.conformance.model import Built


class NoDelays(Exception):
    """An SDK that has other names for them."""


def write_delays(board: Board, built: Built, experiment: Experiment) -> None:
    """Write the delays of an experiment into a board's registers, before it starts.

    Raises
    ------
    NoDelays
    """
    for core, block in zip(experiment.cores, built.blocks):
        for group, synapse in zip(core.synapses, block.synapses):
            if group.delays is None:
                continue
            own, at = board.synapse_registers(synapse)
            width = [of.size for of in group.mantissa]
            bits = max(group.delays).bit_length()
            try:
                own.dendriteAccumCfg.configure(delayBits=core.delay_bits)
                for n, delay in zip(width, group.delays):
                    for register in (own.synapses[next(at)] for _ in range(n)):
                        register.Dly = delay
                        own.synapseFmt[register.synFmtId].dlyBits = bits
            except Exception as error:  # whatever an SDK raises
                raise NoDelays(f"delays cannot be written as is known ({error})") from error
