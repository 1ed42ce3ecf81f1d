"""What is given as a file is one: reading of a pipe that nobody writes to would never end."""

import os
import sys

import pytest

from deploy.errors import BadInput
from deploy.files.regular import refuse_pipes

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")


@pytest.mark.parametrize(
    "command",
    [
        "compare given.npz PIPE.npz",
        "compare PIPE.npz given.npz",
        "compare given.npz PIPE.csv",
        "compare given.npz PIPE.nwb",
        "compare given.npz PIPE.parquet",
        "compare given.npz other.csv --mapping PIPE.toml",
        "compare bcm --spread PIPE.npz",
        "run bcm --weights PIPE.npz",
        "check PIPE.py",
        "check PIPE.nir",
    ],
)
def test_a_pipe_is_refused_at_once(loihi_deploy, tmp_path, command):
    pipe = next(word for word in command.split() if word.startswith("PIPE"))
    os.mkfifo(tmp_path / pipe)
    (tmp_path / "other.csv").write_text("time,a\n0.001,1\n0.002,2\n")
    made = loihi_deploy("run", "bcm", "--target", "cpu", "--duration", "0.01", "--out", "given.npz")
    assert made.returncode == 0, made.stderr
    done = loihi_deploy(*command.split(), timeout=60)
    assert done.returncode == 2
    assert done.stderr == (
        f"loihi-deploy: {pipe}: this is no file, but a pipe or a device; name a file\n"
    )


def test_files_folders_and_what_is_not_there_pass(tmp_path):
    (tmp_path / "file.npy").touch()
    for path in (tmp_path / "file.npy", tmp_path, tmp_path / "nothing"):
        refuse_pipes(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no /dev/zero")
def test_a_device_does_not(tmp_path):
    (tmp_path / "zeros.npz").symlink_to("/dev/zero")
    with pytest.raises(BadInput, match="a pipe or a device"):
        refuse_pipes(tmp_path / "zeros.npz")
