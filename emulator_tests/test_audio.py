"""Recordings of every kind are read, or refused in one line."""

from pathlib import Path

import numpy as np
import pytest

import deploy
from deploy.lessons.spoken_digit import named
from loihi_rules.systems import audio

soundfile = pytest.importorskip("soundfile")
librosa = pytest.importorskip("librosa")


def tone(seconds=0.5, rate=16000, hertz=1000.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize(
    "name, rate, subtype, channels",
    [
        ("mono.wav", 16000, "PCM_16", 1),
        ("stereo.wav", 44100, "PCM_16", 2),
        ("8bit.wav", 8000, "PCM_U8", 1),
        ("96k.wav", 96000, "PCM_24", 1),
        ("float.wav", 48000, "FLOAT", 6),
        ("a.flac", 22050, "PCM_16", 1),
        ("a.ogg", 44100, "VORBIS", 2),
    ],
)
def test_any_format_gives_the_same_band(tmp_path, name, rate, subtype, channels):
    samples = np.repeat(tone(rate=rate)[:, None], channels, axis=1)
    soundfile.write(tmp_path / name, samples, rate, subtype=subtype)
    levels = audio.levels(audio.read(tmp_path / name))
    mean = levels[5:-5].mean(axis=0)
    assert mean.argmax() == audio.levels(tone())[5:-5].mean(axis=0).argmax()
    assert mean.max() > 0.9 and levels.min() >= 0 and levels.max() <= 1


def test_levels_have_their_range():
    """A tone 20 dB below another has a level of one half."""
    quiet = tone(hertz=300.0) + 0.1 * tone(hertz=3000.0)
    mean = audio.levels(quiet)[5:-5].mean(axis=0)
    loud, soft = mean[:6].max(), mean[9:].max()
    assert loud == pytest.approx(1.0, abs=0.05) and soft == pytest.approx(0.5, abs=0.12)


def test_a_clipped_recording_is_heard():
    levels = audio.levels(np.clip(20 * tone(), -1, 1))
    assert np.isfinite(levels).all() and levels.max() == 1.0


def write_hour(path):
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_U8") as sound:
        for _ in range(60):
            sound.write(tone(60, 8000))


BAD = {
    "no such file": lambda path: None,
    "not a recording": lambda path: path.write_bytes(b"RIFF....WAVEjunk" * 10),
    "holds no sound": lambda path: soundfile.write(path, np.zeros(0), 16000),
    "is silent": lambda path: soundfile.write(path, np.zeros(16000), 16000),
    "lasts 3,600 s": write_hour,
    "not numbers": lambda path: soundfile.write(
        path, np.full(8000, np.nan), 16000, subtype="FLOAT"
    ),
}


@pytest.mark.parametrize("reason", sorted(BAD))
def test_what_is_no_recording_is_refused(tmp_path, reason, loihi_deploy):
    path = tmp_path / "bad.wav"
    BAD[reason](path)
    with pytest.raises(ValueError, match=reason):
        audio.read(path)
    done = loihi_deploy("run", "spoken-digit", "-p", "recording=bad.wav")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert "bad.wav" in done.stderr and reason in done.stderr


def test_words_and_their_twelfths():
    levels = np.zeros((100, audio.BANDS))
    levels[10:30] = 0.5
    levels[34:50] = 0.8  # a pause too short to end a word
    levels[80:84] = 1.0  # too short for a word
    assert audio.words(levels) == [(10, 50)]
    ramp = np.repeat(np.arange(24.0)[:, None], audio.BANDS, axis=1)
    np.testing.assert_allclose(
        audio.bins(ramp).reshape(audio.BINS, -1)[:, 0], np.arange(12) * 2 + 0.5
    )


def spoken(words):
    """A recording of stored words, made sound again from their bands, with pauses between."""
    data = np.load(Path(audio.__file__).parent / "data" / "spoken_digits.npz")
    pieces = [np.zeros((30, audio.BANDS))]
    for word in words:
        pieces += [data["levels"][word][: data["lengths"][word]] / 255, np.zeros((40, audio.BANDS))]
    levels = np.concatenate(pieces)
    power = np.where(levels > 0, 10 ** ((levels - 1) * audio.RANGE / 10), 0)
    sound = librosa.feature.inverse.mel_to_audio(
        power.T, sr=audio.RATE, n_fft=512, hop_length=round(audio.HOP * audio.RATE),
        fmin=audio.LOWEST, fmax=audio.HIGHEST, n_iter=60,
    )  # fmt: skip
    return 0.7 * sound / np.abs(sound).max(), data["digits"][words]


def test_a_recording_of_a_listeners_own_is_named(tmp_path, loihi_deploy):
    sound, digits = spoken([77, 190, 24])
    soundfile.write(tmp_path / "own.wav", sound, audio.RATE)
    done = loihi_deploy(
        "run", "spoken-digit", "-p", "recording=own.wav", "--out", "own.npz",
        "--duration", f"{len(sound) / audio.RATE:.2f}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = named(deploy.Traces.load(tmp_path / "own.npz"))
    assert found.answer.tolist() == digits.tolist()
