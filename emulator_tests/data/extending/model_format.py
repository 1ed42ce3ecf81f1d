"""A constant in a text file as a model: an ensemble that is given it."""

import nengo

from deploy.errors import BadInput
from deploy.models.loaded import LoadedModel
from deploy.models.spelling import Spelling


def load_constant(spelling: Spelling, seed: int) -> LoadedModel:
    """The number in a file, into an ensemble."""
    try:
        constant = float(spelling.file.read_text())
    except ValueError:
        raise BadInput(f"{spelling.file}: this is no number; write one") from None
    with nengo.Network(seed=seed) as network:
        ens = nengo.Ensemble(50, 1, label="ens")
        nengo.Connection(nengo.Node(constant), ens)
        nengo.Probe(ens, synapse=0.01, label="value")
    return LoadedModel(spelling.file.stem, network, source=spelling.file, typed=str(spelling))
