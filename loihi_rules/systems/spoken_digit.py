"""Spoken digits: sound to neurons, and neurons that name what was said.

A recording is taken apart into 16 mel bands, every 10 ms, as levels from 0 to 1 over 40 dB
(`loihi_rules.systems.audio`). In ``filter bank``, three neurons a band fire at a rate in proportion
to the band's level x,

    rate = 150 Hz · max(0, x),

so that their raster follows the spectrogram: see one over the other in the report. A node on the
host waits for a pause, cuts the word into twelfths, and counts each band's spikes in each of them.
Those 192 numbers go to a network that was trained by backpropagation on other voices
(`benchmarks/train_spoken_digits.py`), ten of whose neurons name the digit: one-hot, busiest wins.

On the chip: the filter bank and the classifier. On the host: the sound, and the counts.

The words are espeak-ng's, by voices that the network was not taught. With ``recording=FILE`` it
hears your own.
"""

from pathlib import Path
from typing import Any, Dict, List, Tuple

import nengo
import numpy as np

from loihi_rules.blocks.trained import Layer, spiking
from loihi_rules.nengo_parts.settings import declare_settings
from loihi_rules.systems import audio

DATA = Path(__file__).parent / "data" / "spoken_digits.npz"
FASTEST = 150.0  # Hz, of a neuron of the filter bank
COPIES = 3  # neurons a band
SILENCE = 0.4  # s, after each word, in which it is named
LEAD = 10  # frames of silence, before the first word
NAMING = 0.15  # s, for which a word's counts are shown to the classifier
NOTHING = -1  # no digit
SILENCING = -2.0  # of units, to neurons that name digits, while there is nothing to name


def spoken_digits() -> Dict[str, np.ndarray]:
    """Levels of words by voices held out, their digits, and the trained weights."""
    with np.load(DATA, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def sound_of(words: int, seed: int) -> Tuple[np.ndarray, np.ndarray]:
    """Levels (n_frames, bands) of some words with silences between, and the digit at each frame."""
    data = spoken_digits()
    pause = np.zeros((round(SILENCE / audio.HOP), audio.BANDS))
    parts: List[np.ndarray] = [pause[:LEAD]]
    digits: List[np.ndarray] = [np.full(LEAD, NOTHING)]
    for k in np.random.RandomState(seed).permutation(len(data["digits"]))[:words]:
        levels = data["levels"][k, : data["lengths"][k]] / 255.0
        parts += [levels, pause]
        digits.append(np.full(len(levels) + len(pause), int(data["digits"][k])))
    return np.concatenate(parts), np.concatenate(digits)


class WordCounter:
    """Counts the spikes of a word, and shows the counts once it is over.

    Its last output is 1 while there is nothing to show.

    Parameters
    ----------
    dt : float
        Step in seconds.
    """

    def __init__(self, dt: float):
        self.frame = round(audio.HOP / dt)
        self.pause = round(audio.PAUSE / audio.HOP)
        self.scale = 1 / (FASTEST * audio.HOP * COPIES)
        self.steps = 0
        self.now = np.zeros(audio.BANDS)
        self.frames: List[np.ndarray] = []
        self.quiet = 0
        self.shown = np.zeros(audio.BANDS * audio.BINS)
        self.until = -1.0

    def __call__(self, t: float, spikes: np.ndarray) -> np.ndarray:
        self.now += (spikes > 0).reshape(audio.BANDS, COPIES).sum(axis=1)
        self.steps += 1
        if self.steps % self.frame == 0:
            self._frame(t, self.scale * self.now)
            self.now[:] = 0
        if t < self.until:
            return np.append(self.shown, 0.0)
        return np.append(np.zeros_like(self.shown), 1.0)

    def _frame(self, t: float, levels: np.ndarray) -> None:
        self.frames.append(levels)
        if len(self.frames) == 1 and levels.mean() <= audio.LOUD:
            self.frames.clear()
            return
        self.quiet = 0 if levels.mean() > audio.LOUD else self.quiet + 1
        if self.quiet >= self.pause:
            word = np.array(self.frames[: -self.quiet])
            self.frames, self.quiet = [], 0
            if len(word) * audio.HOP >= audio.SHORTEST:
                self.shown, self.until = audio.bins(word), t + NAMING


def spoken_digit(words: int = 20, recording: str = "", seed: int = 0) -> nengo.Network:
    """Build the system.

    Parameters
    ----------
    words : int
        How many are spoken.
    recording : str
        A file to hear instead.
    seed : int
        Seed of the network, and of which words are spoken.
    """
    if recording:
        levels = np.vstack([audio.levels(audio.read(recording)), np.zeros((40, audio.BANDS))])
        digits = np.full(len(levels), NOTHING)
    else:
        levels, digits = sound_of(words, seed)
    data = spoken_digits()
    layers = [
        Layer(data[f"weights_{k}"].astype(float), data[f"biases_{k}"].astype(float))
        for k in range(2)
    ]
    n = audio.BANDS * COPIES

    def frame(t: float) -> Any:
        return min(int(max(t - 1e-6, 0) / audio.HOP), len(levels) - 1)

    with nengo.Network(label="spoken-digit", seed=seed) as network:
        sound = nengo.Node(lambda t: levels[frame(t)], size_out=audio.BANDS, label="bands")
        said = nengo.Node(lambda t: digits[frame(t)], size_out=1, label="digit")
        bank = nengo.Ensemble(
            n,
            1,
            neuron_type=nengo.SpikingRectifiedLinear(),
            gain=np.full(n, FASTEST),
            bias=np.zeros(n),
            label="filter bank",
        )
        to_bank = np.repeat(np.eye(audio.BANDS), COPIES, axis=0)
        nengo.Connection(sound, bank.neurons, transform=to_bank)
        counter = nengo.Node(
            WordCounter(0.001),
            size_in=n,
            size_out=audio.BANDS * audio.BINS + 1,
            label="word counter",
        )
        nengo.Connection(bank.neurons, counter, synapse=None)
        declare_settings(network)
        network.config[counter].pilot_inputs = np.pad(data["samples"], ((0, 0), (0, 1)))
        classifier = spiking(counter[:-1], layers, data["samples"], "classifier")
        output = classifier.output
        silence = np.full((output.n_neurons, 1), SILENCING)
        nengo.Connection(counter[-1], output.neurons, transform=silence)
        nengo.Probe(sound, label="bands")
        nengo.Probe(said, label="digit")
        nengo.Probe(bank.neurons, label="filter bank spikes")
        nengo.Probe(output.neurons, synapse=0.03, label="digit neurons")
    return network


def length(words: int = 20, recording: str = "", seed: int = 0) -> float:
    """Seconds that the lesson takes."""
    if recording:
        return (len(audio.levels(audio.read(recording))) + 40) * audio.HOP
    with np.load(DATA, allow_pickle=False) as stored:  # not the levels, which are large
        lengths = stored["lengths"].astype(int)
    spoken = lengths[np.random.RandomState(seed).permutation(len(lengths))[:words]]
    frames = LEAD + len(spoken) * round(SILENCE / audio.HOP) + spoken.sum()
    return float(frames * audio.HOP)
