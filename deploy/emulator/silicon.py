"""Where silicon may do otherwise than nengo-loihi's emulator: modes, off as a rule.

Which of the values a chip has can only be seen on one; `loihi-deploy conformance` says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, NamedTuple, Sequence, Tuple

from deploy.errors import BadInput
from loihi_rules.likely import likely


class SiliconMode(NamedTuple):
    """One thing that silicon may do otherwise.

    Attributes
    ----------
    name : str
        As in ``--silicon NAME=VALUE``; `Silicon` has it as an attribute.
    values : mapping of str to str
        What each value means. The first is the emulator's own.
    source : str
        Who says, or does, otherwise.
    """

    name: str
    values: Mapping[str, str]
    source: str

    @property
    def own(self) -> str:
        """The emulator's own value."""
        return next(iter(self.values))


MODES: Tuple[SiliconMode, ...] = (
    SiliconMode(
        "error",
        {
            "same-step": "an error of step t changes weights in step t",
            "next-step": "an error of step t changes weights in step t + 1",
        },
        "nengo-loihi's snips: nengo_io of step t takes it, nengo_learn of step t + 1 hands it on",
    ),
    SiliconMode(
        "learning-shift",
        {
            "0": "a weight changes by x · y / 512 of its mantissa",
            "-1": "by x · y / 1024",
            "1": "by x · y / 256",
            "2": "by x · y / 128",
        },
        "lava-nc 0.10 has −1, brian2-loihi 0.5.2 has 2; nengo-loihi's issues 139 and 167 say that "
        "the chip learns faster",
    ),
    SiliconMode(
        "trace-decay",
        {
            "epoch": "traces decay by e^(−2/τ) once an epoch of two steps",
            "step": "by e^(−1/τ) in each step",
            "linear": "by 1 − 1/τ in each step",
        },
        "lava-nc 0.10 has step, brian2-loihi 0.5.2 has linear",
    ),
    SiliconMode(
        "random-numbers",
        {
            "synapse": "each trace and each weight rounds by a random number of its own",
            "core": "all traces of a core round by one, and all its weights by another",
        },
        "lava-nc 0.10 draws one number for all",
    ),
    SiliconMode(
        "refractory-voltage",
        {
            "zero": "the register of a refractory compartment's voltage holds 0",
            "count": "it holds the steps that are left, times 128",
        },
        "what nengo-loihi's nengo_io reads as a spike",
    ),
    SiliconMode(
        "noise",
        {
            "seeded": "noise comes from the run's seed",
            "unseeded": "noise is another in each run",
        },
        "nengo-loihi 1.1.0 seeds no register of the noise of compartments",
    ),
    SiliconMode(
        "voltage-width",
        {
            "24": "a voltage and what is added to it are summed up in 24 bits and a sign, then cut",
            "23": "in 23 bits and a sign, so that the sum may wrap before it is cut",
        },
        "the emulator sums up in 32 bits; lava's issue 322 doubts voltages near the edge",
    ),
)
BY_NAME = {mode.name: mode for mode in MODES}


@dataclass(frozen=True)
class Silicon:
    """A value of each of `MODES`; as it is made, the emulator's own."""

    error: str = "same-step"
    learning_shift: str = "0"
    trace_decay: str = "epoch"
    random_numbers: str = "synapse"
    refractory_voltage: str = "zero"
    noise: str = "seeded"
    voltage_width: str = "24"

    def __post_init__(self) -> None:
        for mode in MODES:
            if self[mode.name] not in mode.values:
                raise BadInput(
                    f"silicon mode {mode.name} is one of {', '.join(mode.values)}, "
                    f"not {self[mode.name]!r}"
                )

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> Silicon:
        """By names of modes, the others the emulator's own.

        Raises
        ------
        BadInput
            If there is no such mode, or it has no such value.
        """
        for name in chosen:
            if name not in BY_NAME:
                raise BadInput(
                    f"there is no silicon mode {name!r}{likely(name, BY_NAME)}; "
                    f"choose from {', '.join(BY_NAME)}"
                )
        return cls(**{_attribute(name): str(value) for name, value in chosen.items()})

    @classmethod
    def read(cls, texts: Sequence[str]) -> Silicon:
        """As it is typed, ``NAME=VALUE`` each.

        Raises
        ------
        BadInput
        """
        chosen: Dict[str, str] = {}
        for text in texts:
            name, equals, value = text.partition("=")
            if not equals:
                raise BadInput(f"a silicon mode is written NAME=VALUE, not {text!r}")
            if name in chosen:
                raise BadInput(f"silicon mode {name} is given twice")
            chosen[name] = value
        return cls.of(chosen)

    def __getitem__(self, name: str) -> str:
        value: str = getattr(self, _attribute(name))
        return value

    @property
    def different(self) -> Dict[str, str]:
        """The modes that are on: names to values other than the emulator's own."""
        return {mode.name: self[mode.name] for mode in MODES if self[mode.name] != mode.own}

    def of_target(self, has_modes: bool) -> Dict[str, str]:
        """The modes that are on, on a target that has some; none on another."""
        return self.different if has_modes else {}

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.different.items())


def _attribute(name: str) -> str:
    return name.replace("-", "_")


AS_EMULATED = Silicon()
