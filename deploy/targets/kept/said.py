"""What a build warns of, kept with it, and said again."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any, Iterator, List, Mapping, Sequence

from nengo.exceptions import NengoWarning

from deploy.host.frozen import NotPlain
from loihi_rules import ChipWarning

# warnings that a build is known to give
SAID: Mapping[str, Any] = {
    cls.__name__: cls
    for cls in (
        UserWarning, RuntimeWarning, DeprecationWarning, FutureWarning, PendingDeprecationWarning,
        NengoWarning,
    )
}  # fmt: skip


@contextlib.contextmanager
def noted_warnings() -> Iterator[List[warnings.WarningMessage]]:
    """All that is warned of meanwhile, each once; it is said at the end."""
    said: List[warnings.WarningMessage] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield said
        finally:
            each = {(w.category, str(w.message), w.filename, w.lineno): w for w in caught}
            said.extend(each.values())
    for w in said:
        warnings.warn_explicit(w.message, w.category, w.filename, w.lineno, source=w.source)


def as_text(message: warnings.WarningMessage) -> List[Any]:
    """A warning in terms of JSON."""
    if type(message.message) is ChipWarning:
        warning = message.message
        return ["ChipWarning", warning.object, warning.rule, warning.what, warning.way_out]
    if SAID.get(message.category.__name__) is not message.category:
        raise NotPlain(message.category.__name__)
    return [message.category.__name__, str(message.message)]


def said_again(given: Sequence[Any]) -> Warning:
    """The other way."""
    kind, *texts = map(str, given)
    made: Warning = ChipWarning(*texts) if kind == "ChipWarning" else SAID[kind](*texts)
    return made
