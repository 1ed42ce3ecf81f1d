"""Sound as input for neurons: recordings, mel bands, words.

A recording becomes mel bands, the way in which the cochlea spaces frequencies: 16 of them from
100 to 7000 Hz, every 10 ms, as levels from 0 to 1,

    level = 1 + (10 log10(power / greatest power)) / 40,        cut at 0 and 1,

so that 1 is the loudest band of the recording and 0 is 40 dB below, the dynamic range.

Reading files needs soundfile, bands need librosa; both come with ``loihi-deploy[audio]``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Tuple, Union

import numpy as np

RATE = 16000  # Hz, to which everything is resampled
HOP = 0.01  # s, from one set of levels to the next
BANDS = 16
LOWEST, HIGHEST = 100.0, 7000.0  # Hz
RANGE = 40.0  # dB
LONGEST = 600.0  # s, that a recording may last
BINS = 12  # into which a word is cut
LOUD = 0.12  # mean level of the bands, above which there is a word
PAUSE = 0.15  # s of less, after which it is over
SHORTEST = 0.1  # s, of a word


def _import(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise ValueError(
            f"recordings need {name}; install it with: pip install loihi-deploy[audio]"
        ) from None


def read(path: Union[str, Path]) -> np.ndarray:
    """Samples of a recording, one channel at 16 kHz, from −1 to 1.

    Parameters
    ----------
    path : str or pathlib.Path
        WAV, FLAC or OGG, of any number of channels, bits and samples a second.

    Raises
    ------
    ValueError
        In one line, if it cannot be read, is empty, silent, damaged or longer than 10 minutes.
    """
    soundfile, librosa = _import("soundfile"), _import("librosa")
    if not Path(path).is_file():
        raise ValueError(f"{path}: there is no such file")
    try:
        with soundfile.SoundFile(str(path)) as sound:
            seconds = sound.frames / sound.samplerate
            if seconds > LONGEST:
                raise ValueError(
                    f"{path}: lasts {seconds:,.0f} s; at most {LONGEST:g} s can be taken, cut it"
                )
            rate = sound.samplerate
            blocks = [block.mean(axis=1) for block in sound.blocks(2**16, always_2d=True)]
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{path}: not a recording that can be read ({error})") from None
    samples = np.concatenate([np.zeros(0), *blocks])
    if len(samples) < HOP * rate:
        raise ValueError(f"{path}: holds no sound ({len(samples)} samples)")
    if not np.all(np.isfinite(samples)):
        raise ValueError(f"{path}: holds values that are not numbers")
    if np.abs(samples).max() < 1e-5:
        raise ValueError(f"{path}: is silent")
    return np.asarray(librosa.resample(samples, orig_sr=rate, target_sr=RATE))


def levels(samples: np.ndarray) -> np.ndarray:
    """(n_frames, BANDS) levels from 0 to 1 of a recording at 16 kHz; see the module."""
    librosa = _import("librosa")
    hop = round(HOP * RATE)
    power = librosa.feature.melspectrogram(
        y=np.asarray(samples, np.float32),
        sr=RATE,
        n_fft=512,
        hop_length=hop,
        n_mels=BANDS,
        fmin=LOWEST,
        fmax=HIGHEST,
    ).T
    power = power / max(float(power.max()), 1e-12)
    bands: np.ndarray = np.clip(1 + 10 * np.log10(np.maximum(power, 1e-12)) / RANGE, 0, 1)
    return bands


def words(given: np.ndarray) -> List[Tuple[int, int]]:
    """Where words are: (first, end) frames of what is loud, up to each pause.

    Parameters
    ----------
    given : (n_frames, BANDS) ndarray
        Levels, or what neurons made of them.
    """
    pause, shortest = round(PAUSE / HOP), round(SHORTEST / HOP)
    found, first, last = [], -1, -1
    for frame, loud in enumerate(np.asarray(given).mean(axis=1) > LOUD):
        if loud:
            first, last = (frame if first < 0 else first), frame
        elif first >= 0 and frame - last >= pause:
            found.append((first, last + 1))
            first = -1
    if first >= 0:
        found.append((first, last + 1))
    return [(first, end) for first, end in found if end - first >= shortest]


def bins(given: np.ndarray) -> np.ndarray:
    """(BINS · BANDS,) means of a word's levels over twelfths of its length.

    Parameters
    ----------
    given : (n_frames, BANDS) ndarray
        One word.
    """
    edges = np.linspace(0, len(given), BINS + 1)
    so_far = np.vstack([np.zeros(given.shape[1]), np.cumsum(given, axis=0)])
    frames = np.arange(len(given) + 1)
    at = np.array([np.interp(edges, frames, column) for column in so_far.T]).T
    return np.asarray(np.diff(at, axis=0) / np.diff(edges)[:, None]).ravel()
