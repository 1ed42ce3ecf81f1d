"""NIR, the intermediate representation of spiking networks: files in, and Nengo networks out."""

from loihi_rules.nir.conventions import Conventions
from loihi_rules.nir.errors import NirError
from loihi_rules.nir.network import NirModel, convert, read
from loihi_rules.nir.write import Written, to_graph, write

__all__ = [
    "Conventions", "NirError", "NirModel", "Written", "convert", "read", "to_graph", "write",
]  # fmt: skip
