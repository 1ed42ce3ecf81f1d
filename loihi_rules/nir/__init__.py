"""NIR, the intermediate representation of spiking networks: files in, and Nengo networks out."""

from loihi_rules.nir.conventions import Conventions
from loihi_rules.nir.errors import NirError
from loihi_rules.nir.network import NirModel, convert, read

__all__ = ["Conventions", "NirError", "NirModel", "convert", "read"]
