"""Speak digits with espeak-ng, train the network of the system `spoken-digit`, write its data.

apt install espeak-ng; pip install scikit-learn 'loihi-deploy[audio]'
python benchmarks/train_spoken_digits.py

Voices of `HELD_OUT` are for testing only.
"""

import itertools
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier

from loihi_rules.systems import audio

OUT = Path(__file__).parent.parent / "loihi_rules" / "systems" / "data" / "spoken_digits.npz"
DIGITS = "zero one two three four five six seven eight nine".split()
VOICES = ["en+m1", "en+m3", "en+m4", "en+m6", "en+m7", "en+f1", "en+f2", "en+f5",
          "en-us+m2", "en-us+m8", "en-us+f3", "en-gb-x-rp+m3", "en-gb-x-rp+f2"]  # fmt: skip
HELD_OUT = ["en+m2", "en+m5", "en+f3", "en+f4", "en-us+m4", "en-us+f2"]
PITCHES, SPEEDS = (35, 50, 65), (130, 155, 180)
NOISE = 0.01  # RMS beside a voice of 1 at its loudest: 40 dB
HIDDEN = 96


def speak(job):
    digit, voice, pitch, speed, folder = job
    path = Path(folder) / f"{digit}-{voice}-{pitch}-{speed}.wav"
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "-w", str(path)]
    subprocess.run([*command, DIGITS[digit]], check=True)
    return digit, audio.read(path)


def spoken(voices, pitches, speeds, rng, folder):
    jobs = itertools.product(range(10), voices, pitches, speeds, [folder])
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(speak, jobs))
    for digit, samples in said:
        noisy = samples / np.abs(samples).max() + NOISE * rng.randn(len(samples))
        yield digit, audio.levels(noisy)


def one_word(levels):
    found = audio.words(np.vstack([levels, np.zeros((20, audio.BANDS))]))
    return (found[0][0], found[-1][1]) if found else (0, len(levels))


def main() -> None:
    rng = np.random.RandomState(0)
    with tempfile.TemporaryDirectory() as folder:
        taught = list(spoken(VOICES, PITCHES, SPEEDS, rng, folder))
        held_out = list(spoken(HELD_OUT, (40, 60), (140, 170), rng, folder))
    inputs, labels = [], []
    for digit, levels in taught:
        first, end = one_word(levels)
        for _ in range(4):  # spikes come in whole numbers, and words are cut a little off
            a, b = first + rng.randint(-1, 3), end - rng.randint(-1, 3)
            part = levels[max(a, 0) : b]
            inputs.append(audio.bins(np.maximum(0, part + 0.1 * rng.randn(*part.shape))))
            labels.append(digit)
    inputs, labels = np.array(inputs), np.array(labels)
    net = MLPClassifier((HIDDEN,), alpha=0.1, max_iter=150, random_state=0).fit(inputs, labels)
    test = np.array([audio.bins(levels[slice(*one_word(levels))]) for _, levels in held_out])
    truth = np.array([digit for digit, _ in held_out])
    print(
        f"accuracy: {net.score(inputs, labels):.4f} of what was taught, "
        f"{net.score(test, truth):.4f} of {len(truth)} words by voices held out"
    )
    longest = max(len(levels) for _, levels in held_out)
    stored = np.zeros((len(held_out), longest, audio.BANDS), np.uint8)
    for k, (_, levels) in enumerate(held_out):
        stored[k, : len(levels)] = np.round(255 * levels)
    np.savez_compressed(
        OUT,
        levels=stored,
        lengths=np.array([len(levels) for _, levels in held_out], np.int16),
        digits=truth.astype(np.uint8),
        samples=inputs[:: len(inputs) // 200].astype(np.float32),
        weights_0=net.coefs_[0].T.astype(np.float32),
        biases_0=net.intercepts_[0].astype(np.float32),
        weights_1=net.coefs_[1].T.astype(np.float32),
        biases_1=net.intercepts_[1].astype(np.float32),
    )


if __name__ == "__main__":
    main()
