"""The snips, with sanitizers, and with messages that nobody should send."""

import os
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
from register_faults import network
from sessions import DT

from deploy.nengo_loihi.board.link import Link
from deploy.nengo_loihi.board.sources import edited, sources
from deploy.targets.board import BOARD
from loihi_rules import fix_seeds

pytestmark = [
    pytest.mark.virtual,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler on this machine"),
]

SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
REPORTS = ("AddressSanitizer", "runtime error", "UndefinedBehavior")
FUZZING = Path(__file__).parent / "fuzzing"
HEADERS = Path(__file__).parents[1] / "virtual_board" / "nxsdk" / "virtual" / "snips"
MALFORMED = 10_000
OF_THE_SYSTEM = ("socket", "setsockopt", "bind", "listen", "accept", "recv", "write", "usleep")


def run(net, steps):
    """Samples of all probes, what the snips said, their sources and a step's message."""
    sent = []
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        send = Link.send
        patch.setattr(Link, "send", lambda self, m: (sent.append(m), send(self, m))[1])
        copied = fix_seeds(net, 0)
        with BOARD.open(copied, DT, 0) as session:
            session.run_steps(steps)
            samples = [session.samples(copied.copies[probe]) for probe in net.all_probes]
            logs = session.board._sdk._processes._logs.values()
            said = "\n".join(log.read_text(errors="replace") for log in logs)
            folder = Path(session.board._rendered.folder.name)
            texts = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    return samples, said, texts, max(sent, key=lambda messages: len(messages[0]))


@pytest.fixture(scope="module")
def plain():
    return run(network(), 60)


def test_sanitizers_find_nothing(plain, monkeypatch):
    monkeypatch.setenv("VIRTUAL_BOARD_CFLAGS", " ".join(SANITIZERS))
    samples, said, _, _ = run(network(), 60)
    assert not any(report in said for report in REPORTS), said
    for one, other in zip(samples, plain[0]):
        np.testing.assert_array_equal(one, other)


def built(tmp_path, compiler, texts, names, harness, flags=()):
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    program = tmp_path / "fuzz"
    files = [str(tmp_path / name) for name in names] + [str(FUZZING / harness)]
    command = [compiler, "-O1", "-g", "-w", *SANITIZERS, *flags, f"-I{HEADERS}", f"-I{tmp_path}"]
    subprocess.run([*command, *files, "-o", str(program)], check=True, timeout=120)
    return program


def fuzzed(program, words, seed):
    done = subprocess.run(
        [str(program), str(seed), str(MALFORMED)],
        input=np.array(words, np.int32).tobytes(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
        timeout=300,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    assert done.returncode == 0, said[-3000:]
    return [int(word) for word in said.split() if word.isdigit()]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_chip_survives_malformed_messages(plain, tmp_path, seed):
    _, _, texts, ((*words,), *_) = plain
    names = ["nengo_io_chip_0.c", "nengo_learn_chip_0.c"]
    program = built(tmp_path, "gcc", texts, names, "chip.c", ["-std=gnu11"])
    count, refused, _, spikes = fuzzed(program, words, seed)
    assert count == MALFORMED and 1000 < refused <= 0.9 * MALFORMED  # each tenth is right
    assert spikes > 1000


@pytest.mark.parametrize("seed", [1, 2])
def test_the_host_survives_malformed_messages(plain, tmp_path, seed):
    _, _, texts, messages = plain
    renamed = [f"-D{name}=fuzz_{name}" for name in (*OF_THE_SYSTEM, "close")]
    program = built(
        tmp_path, "g++", texts, ["nengo_host.cpp"], "host.cpp", ["-std=c++14", *renamed]
    )
    words = [len(messages[0]), *messages[0]]
    count, packets, answers = fuzzed(program, words, seed)
    assert count == MALFORMED and packets > count and answers > count


def test_templates_that_are_not_the_known_ones_are_refused():
    assert {"nengo_io.c", "nengo_host.cpp", "nengo_learn.c"} <= set(sources())
    with pytest.raises(Exception, match="is not the one that is known"):
        edited("nengo_io.c.template", "int main() {}", (("void nengo_io", ""),))
