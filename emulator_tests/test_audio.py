"""Recordings of every kind are heard, or refused in one line."""

import numpy as np
import pytest

from loihi_rules.systems import audio

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("librosa")


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
    heard = audio.levels(audio.read(tmp_path / name))
    mean = heard[5:-5].mean(axis=0)
    assert mean.argmax() == audio.levels(tone())[5:-5].mean(axis=0).argmax()
    assert mean.max() > 0.9 and heard.min() >= 0 and heard.max() <= 1


def test_levels_have_their_range():
    """A tone 20 dB below another has a level of one half."""
    quiet = tone(hertz=300.0) + 0.1 * tone(hertz=3000.0)
    mean = audio.levels(quiet)[5:-5].mean(axis=0)
    loud, soft = mean[:6].max(), mean[9:].max()
    assert loud == pytest.approx(1.0, abs=0.05) and soft == pytest.approx(0.5, abs=0.12)


def test_a_clipped_recording_is_heard():
    heard = audio.levels(np.clip(20 * tone(), -1, 1))
    assert np.isfinite(heard).all() and heard.max() == 1.0


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


@pytest.mark.parametrize("told", sorted(BAD))
def test_what_cannot_be_heard_is_refused(tmp_path, told, loihi_deploy):
    path = tmp_path / "bad.wav"
    BAD[told](path)
    with pytest.raises(ValueError, match=told):
        audio.read(path)
    done = loihi_deploy("run", "spoken-digit", "-p", "recording=bad.wav")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1


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


def test_a_recording_that_nobody_trained_on_is_named(tmp_path, loihi_deploy):
    """A word of the stored voices, as a listener's file: its bands as tones."""
    rng = np.random.RandomState(0)
    soundfile.write(tmp_path / "own.wav", rng.randn(8000) * 0.1 + tone(0.5), 16000)
    done = loihi_deploy("run", "spoken-digit", "-p", "recording=own.wav", "--json")
    assert done.returncode == 0, done.stderr
