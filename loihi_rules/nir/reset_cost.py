"""What the chip's only reset, to zero, costs a model whose spikes take the threshold away."""

from __future__ import annotations

from dataclasses import replace
from typing import Mapping, Tuple

import nengo
import numpy as np

from loihi_rules.change import Change
from loihi_rules.nir.carried import Carried
from loihi_rules.nir.network import NirModel, with_inputs
from loihi_rules.nir.stepping import Stepper

STEPS = 200  # that are looked at
RULE = "reset to zero"


def reset_cost(model: NirModel) -> Tuple[Change, ...]:
    """How many spikes each population has with a reset to zero, for those that it has.

    Parameters
    ----------
    model : NirModel
        On what enters it, by NIR's equations alone.

    Returns
    -------
    tuple of Change
        One, where spikes take the threshold away; none elsewhere.
    """
    if model.conventions.reset != "subtract" or model.carried != Carried():
        return ()
    given = np.concatenate([_steps(node) for node in model.network.all_nodes], axis=1)
    zero = replace(model.conventions, reset="zero", reset_at="spike")
    other = replace(model, conventions=zero)
    other = replace(other, network=with_inputs(other, given))
    own, chip = (_counts(each, given) for each in (model, other))
    each = ", ".join(f"{name} {own[name]:,} → {chip[name]:,}" for name in own)
    return (
        Change(
            str(model.network.label),
            RULE,
            "a spike takes the threshold from the voltage",
            f"spikes of {len(given)} steps by layer: {each}" if each else "nothing spikes",
            "Loihi 1 sets the voltage to 0; measured by NIR's equations with that reset, on what "
            "enters here",
        ),
    )


def _steps(node: nengo.Node) -> np.ndarray:
    values: np.ndarray = np.asarray(node.output.inputs)[:STEPS]
    return values.reshape(len(values), -1)


def _counts(model: NirModel, given: np.ndarray) -> Mapping[str, int]:
    """Spikes of each population that has some."""
    found = Stepper(model).run(given[np.newaxis])
    return {name: int(values.sum()) for name, values in found.items() if values.dtype == bool}
