"""NIR, the intermediate representation of spiking networks: files in, and Nengo networks out."""

from typing import TYPE_CHECKING

from loihi_rules.lazy import lazily

if TYPE_CHECKING:
    from loihi_rules.nir.conventions import Conventions
    from loihi_rules.nir.errors import NirError
    from loihi_rules.nir.export import Written, to_graph, write
    from loihi_rules.nir.network import NirModel, convert, read

__all__ = [
    "Conventions", "NirError", "NirModel", "Written", "convert", "read", "to_graph", "write",
]  # fmt: skip

# a file that is damaged is refused before Nengo is loaded
_HOMES = {
    "conventions": ("Conventions",),
    "errors": ("NirError",),
    "network": ("NirModel", "convert", "read"),
    "export": ("Written", "to_graph", "write"),
}
__getattr__, __dir__ = lazily(__name__, _HOMES)
