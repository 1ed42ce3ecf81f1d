"""What nengo-loihi's build stops at, in terms of the user's objects."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Iterator, Tuple

import nengo
import numpy as np
from nengo.exceptions import BuildError, NengoException

from deploy.nengo_loihi.build.resources import readable
from loihi_rules.change import Problem
from loihi_rules.nengo_parts.names import name_of

BUILDERS = {"nengo", "nengo_loihi", "deploy", "loihi_rules"}
CALCULATORS = {"numpy", "scipy"}
OFF_CHIP = "put it on the host (network.config[ensemble].on_chip = False)"

# what nengo-loihi (1.1.0) or Nengo say: what that means, and the way out
EXPLAINED: Tuple[Tuple[str, str, str], ...] = (
    (
        r"'activities' matrix is all zero",
        "no neuron of its source fires at any evaluation point, so that nothing can be decoded",
        "choose intercepts, gains or biases with which they fire, or other evaluation points",
    ),
    (
        r"Current \(U\) scaling is required",
        "its filter is too long: currents decay by 1/4096 a step at least",
        "use a synapse of less than 8 s (at steps of 1 ms), or filter on the host",
    ),
    (
        r"Voltage \(V\) scaling is required",
        "its tau_rc is too long: voltages decay by 1/4096 a step at least",
        "use a tau_rc of less than 8 s (at steps of 1 ms), or " + OFF_CHIP,
    ),
    (
        r"neurons with negative or\s+non-finite gain",
        "its intercepts ask for neurons of negative or infinite gain",
        "keep intercepts below 1",
    ),
    (
        r"NaNs detected in encoders",
        "some of its encoders have no length",
        "give encoders that are not 0, or set normalize_encoders=False",
    ),
    (
        r"does not yet support '(\w+)' transforms on (host to chip|chip to host)",
        r"a \1 transform cannot go from \2",
        "write it as a dense matrix, or keep both ends on one side",
    ),
    (
        r"same gain",
        "neurons behind a convolution share their weights, and so must have one gain",
        "give the ensemble one gain, or the convolution as a dense matrix",
    ),
    (
        r"axon_compartments_bases|Pop16 axons must have all compartment bases modulo 4",
        "axons of pop_type 16 reach neurons in steps of 4 only",
        "use a multiple of 4 filters (channels last), or network.config[connection].pop_type = 32",
    ),
    (
        r"Too many atom bits",
        "a convolution has too many channels for pop_type 16",
        "use at most 512 channels, or network.config[connection].pop_type = 32",
    ),
    (
        r"compartment base must be",
        "a convolution reaches neurons beyond the 256 places that its axons can start from",
        "split its target into smaller blocks (network.config[ensemble].block_shape)",
    ),
    (
        r"(Input axons|Output axons|Total synapse bits|Number of compartments) "
        r"\((\d+)\) exceeded max \((\d+)\)",
        r"it needs \2 of a core's \3 (\1)",
        "use fewer neurons or sparser connections there, or " + OFF_CHIP,
    ),
    (
        r"must not contain infs or NaNs",
        "what its function gives is not all finite numbers, at values that its source may have",
        "look at its function, or give it eval_points at which it is finite",
    ),
    (
        r"Cannot precompute input",
        "precompute=True, but an input of the chip depends on its output",
        "leave precompute out",
    ),
    (
        r"not a part of the network",
        "it belongs to another network",
        "create it inside the network that is run",
    ),
    (
        r"Direct neurons not implemented|[Nn]euron type .* cannot be\s+simulated",
        "its neuron type is not one of the chip's",
        "use LIF or SpikingRectifiedLinear, or " + OFF_CHIP,
    ),
    (
        r"noise not implemented",
        "ensembles on the chip have no noise of their own",
        "leave noise out, or " + OFF_CHIP,
    ),
)


class CannotBuild(BuildError):
    """A part of a model that cannot be built for the chip.

    Attributes
    ----------
    problem : Problem
        Which object, what it needs and what there is, and the way out.
    """

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


@contextlib.contextmanager
def building(model: Any, obj: Any) -> Iterator[None]:
    """While this lasts, what goes wrong in a build is a `CannotBuild` that names the object.

    The outermost one, which is the user's; nengo-loihi makes others of it. What a user's own
    function raises is not touched.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Its ``building`` is the object at work, or None.
    obj : object
    """
    kinds = (nengo.Ensemble, nengo.Connection, nengo.Node, nengo.Probe)
    outermost = isinstance(obj, kinds) and model.building is None
    if outermost:
        model.building = obj
    try:
        yield
    except CannotBuild:
        raise
    except Exception as error:
        named = outermost or isinstance(obj, nengo.Network)
        if not named or isinstance(error, MemoryError) or not _is_the_builders(error):
            raise
        raise CannotBuild(_problem(obj, error)) from error
    finally:
        if outermost:
            model.building = None


def refuse_what_is_not_finite(obj: Any, built: Any) -> None:
    """Stop at weights, gains or biases that no integer is for.

    Parameters
    ----------
    obj : nengo.Ensemble or nengo.Connection
    built : nengo.builder.ensemble.BuiltEnsemble or nengo.builder.connection.BuiltConnection
    """
    for attribute, name in (("weights", "weights"), ("gain", "gains"), ("bias", "biases")):
        values = getattr(built, attribute, None)
        values = getattr(values, "data", values)  # of a sparse matrix
        if values is not None and not np.all(np.isfinite(np.asarray(values, float))):
            raise CannotBuild(
                Problem(
                    name_of(obj),
                    "build",
                    f"its {name} are not all finite numbers",
                    "look at its transform and function, or at the weights that go into it",
                )
            )


def refuse_a_short_trace(conn: nengo.Connection, dt: float) -> None:
    """Stop at PES whose filter of activity is shorter than half a step: traces have whole ones.

    (nengo-loihi ``builder/connection.py``, ``build_full_chip_connection``, divides by the 0 steps.)

    Parameters
    ----------
    conn : nengo.Connection
        Which learns on the chip.
    dt : float
        Step in seconds.
    """
    tau = float(conn.learning_rule_type.pre_synapse.tau)
    if round(tau / dt) < 1:
        raise CannotBuild(
            Problem(
                name_of(conn),
                "learning traces of whole steps",
                f"pre_synapse of its PES is {1000 * tau:g} ms, less than half a step of "
                f"{1000 * dt:g} ms",
                f"use nengo.PES(pre_synapse=nengo.Lowpass({dt:g})), or a shorter step",
            )
        )


def _is_the_builders(error: BaseException) -> bool:
    """Whether it was raised by Nengo, nengo-loihi or us, and not by what a user wrote."""
    if isinstance(error, NengoException):
        return True
    packages = []
    frame = error.__traceback__
    while frame is not None:
        packages.append(str(frame.tb_frame.f_globals.get("__name__", "")).split(".")[0])
        frame = frame.tb_next
    deepest = [package for package in packages if package not in CALCULATORS]
    return bool(deepest) and deepest[-1] in BUILDERS


def _problem(obj: Any, error: BaseException) -> Problem:
    name = name_of(obj) if getattr(obj, "label", None) else _unlabelled(obj)
    text = " ".join(str(error).split())
    for pattern, what, way_out in EXPLAINED:
        found = re.search(pattern, text)
        if found is not None:
            return Problem(name, "build", found.expand(what), way_out)
    said = f"{type(error).__name__}: {readable(text)}" if text else type(error).__name__
    return Problem(
        name,
        "build",
        f"nengo-loihi cannot build it ({said})",
        f"build that part otherwise, or {OFF_CHIP}",
    )


def _unlabelled(obj: Any) -> str:
    return "the network" if isinstance(obj, nengo.Network) else name_of(obj)
