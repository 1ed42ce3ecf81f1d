"""The worked systems: each file a lesson, each a function returning a network.

To add one, write its file and add what is known of it to the tuple below. Each file is loaded when
its network is built; what is said here is there at once.
"""

from typing import Dict

from loihi_rules.systems.base import Parameter, System

LEARNERS = ("both", "backprop", "pes", "oja")  # of the lesson on backpropagation

_KNOWN = (
    System(
        name="pes-connection",
        duration=8.0,
        summary="a connection learns by PES to carry its input",
        ideals={"post": "input"},
        parameters=(
            Parameter("neurons", 50, "neurons in each ensemble", 2, 2000),
            Parameter("learning_rate", 1e-3, "κ of PES", 0, 0.1),
        ),
    ),
    System(
        name="pes-imitation",
        duration=8.0,
        summary="y learns by PES to imitate y*, a nonlinear function of the same input",
        ideals={"y": "y*"},
        parameters=(
            Parameter("neurons", 100, "neurons in each ensemble", 2, 2000),
            Parameter("learning_rate", 1e-3, "κ of PES", 0, 0.1),
        ),
    ),
    System(
        name="noise-suppression",
        duration=20.0,
        summary="PES takes the noise out of a neuron's input, and keeps what it should hear",
        parameters=(
            Parameter("neurons", 200, "neurons that carry each input", 10, 1000),
            Parameter("learning_rate", 3e-4, "κ of PES", 0, 0.1),
            Parameter("noise", 0.5, "RMS of the noise, beside a pulse of 1", 0.1, 2),
        ),
    ),
    System(
        name="one-hot",
        duration=2.0,
        summary="a one-hot vector makes its own neuron fire, and no other",
        parameters=(
            Parameter("classes", 10, "classes, and neurons", 2, 1000),
            Parameter("rate", 100.0, "of the neuron whose class is shown, Hz", 20, 500),
        ),
    ),
    System(
        name="bcm",
        duration=8.0,
        summary="weights grow while a neuron fires above its sliding threshold θ, and shrink below",
        parameters=(
            Parameter("neurons", 50, "neurons in each ensemble", 2, 2000),
            Parameter("learning_rate", 1e-10, "κ of BCM, per second and Hz³", 0, 1e-6),
        ),
    ),
    System(
        name="oja",
        duration=6.0,
        summary="weights turn to the first principal component of their input, and stay bounded",
        parameters=(
            Parameter("neurons", 4, "neurons in post", 1, 1000),
            Parameter("learning_rate", 5e-5, "κ of Oja's rule, per second and Hz²", 0, 1e-2),
            Parameter("beta", 1.0, "β, forgetting", 0, 100),
        ),
    ),
    System(
        name="spoken-digit",
        duration=25.19,
        summary="a filter bank hears spoken digits, and neurons name them",
        parameters=(
            Parameter("words", 20, "words that are spoken", 1, 240),
            Parameter("recording", "", "a WAV, FLAC or OGG file to hear instead", is_file=True),
        ),
        varies=True,
    ),
    System(
        name="injection",
        duration=0.7,
        summary="chosen voltages, currents and spikes are put into neurons",
        parameters=(Parameter("neurons", 10, "neurons", 1, 1000),),
    ),
    System(
        name="backprop",
        duration=39.0,
        summary="backpropagation off the chip next to PES on it, on handwritten digits",
        parameters=(
            Parameter("neurons", 500, "LIF neurons whose read-out learns, of pes", 50, 2000),
            Parameter("taught", 600, "images shown with their labels", 10, 20000),
            Parameter("shown", 60, "images to be named", 10, 360),
            Parameter("learning_rate", 2e-3, "κ of PES", 0, 0.1),
            Parameter(
                "learner",
                "both",
                "which networks there are",
                among=("both", "backprop", "pes", "oja"),
            ),
        ),
        varies=True,
    ),
)

SYSTEMS: Dict[str, System] = {system.name: system for system in _KNOWN}

__all__ = ["SYSTEMS", "Parameter", "System"]
