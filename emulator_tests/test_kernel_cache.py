"""Machine code of kernels is found again wherever the same kernels are, and half of it is not."""

import importlib.machinery
import importlib.util
import os

import pytest

from deploy.compiling import jit as compiling
from deploy.compiling.jit import HAVE_NUMBA, part

KERNEL = """
from deploy.compiling.jit import jit

@jit
def twice(x):
    return {factor} * x
"""
ANNOUNCED = KERNEL.replace("import jit", "import announced, jit").replace(
    "@jit", "@announced\n@jit"
)
WITH_A_PART = """
from deploy.compiling.jit import jit, part

@part
def some(x):
    return {factor} * x

@jit
def twice(x):
    return some(x)
"""
pytestmark = [pytest.mark.quick, pytest.mark.skipif(not HAVE_NUMBA, reason="no numba")]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


class _Uncached(importlib.machinery.SourceFileLoader):
    def cache_bytecode(self, *args):
        pass

    def path_stats(self, path):
        raise OSError


def kernel(folder, factor=2, text=KERNEL):
    """A kernel in a file of this folder, as a fresh process has it."""
    folder.mkdir(exist_ok=True)
    path = folder / "some_kernels.py"
    path.write_text(text.format(factor=factor))
    # a byte code's file would be taken for this one's, of the same second and size
    spec = importlib.util.spec_from_loader("some_kernels", _Uncached("some_kernels", str(path)))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.twice


def compilations(found):
    return sum(found.stats.cache_misses.values())


def test_the_same_kernels_elsewhere_are_not_compiled_again(tmp_path, cache):
    first, again = kernel(tmp_path / "here"), kernel(tmp_path / "there")
    assert first(2.0) == again(2.0) == 4.0
    assert (compilations(first), compilations(again)) == (1, 0)
    changed = kernel(tmp_path / "there", factor=3)
    assert (changed(2.0), compilations(changed)) == (6.0, 1)
    assert list(cache.rglob("*.nbc")) and not list((tmp_path / "here").rglob("*.nb*"))


def test_it_is_said_of_each_kernel_that_is_compiled_and_of_no_other(
    tmp_path, cache, monkeypatch, capsys
):
    """Also of one whose machine code for something else is in the cache already."""

    def said(number):
        kernel(tmp_path / "here", text=ANNOUNCED)(number)
        return "compiling" in capsys.readouterr().err

    assert not said(2)
    monkeypatch.setattr(compiling, "_watched", lambda: True)
    assert [said(2), said(2.0), said(2.0), said(2)] == [False, True, False, False]


def one_bit(body):
    """Of the machine code, or of a name, which no reader of pickles notices."""
    at = len(body) // 2
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


DAMAGE = {
    "half": lambda body: body[: len(body) // 2],
    "nothing": lambda body: b"",
    "one bit": one_bit,
    "its sum": lambda body: body[:-1] + bytes([body[-1] ^ 1]),
    "a stranger's pickle": lambda body: b"cos\nsystem\n(S'touch RAN'\ntR.",
}


@pytest.mark.parametrize("harm", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_what_is_damaged_is_compiled_again(tmp_path, cache, ending, harm, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kernel(tmp_path / "here")(2.0)
    (path,) = cache.rglob(f"*.{ending}")
    path.write_bytes(harm(path.read_bytes()))
    again = kernel(tmp_path / "here")
    assert (again(2.0), compilations(again)) == (4.0, 1)
    assert kernel(tmp_path / "here").stats.cache_path == str(path.parent)
    healed = kernel(tmp_path / "here")
    assert (healed(2.0), compilations(healed)) == (4.0, 0) and not (tmp_path / "RAN").exists()


def test_no_cache_that_others_can_write(tmp_path, cache):
    """Who can write it can have anything run: it is closed, as whatever the umask says."""
    before = os.umask(0)
    try:
        kernel(tmp_path / "here")(2.0)
        assert not [p for p in cache.iterdir() if p.stat().st_mode & 0o022]
        (cache / "loihi-deploy" / "kernels").chmod(0o777)
        kernel(tmp_path / "here")(2.0)
        assert not (cache / "loihi-deploy" / "kernels").stat().st_mode & 0o022
    finally:
        os.umask(before)


def test_a_full_disk_stops_no_run(tmp_path, cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    found = kernel(tmp_path / "here")
    monkeypatch.setattr(found._cache._cache_file, "_save_data", full)
    assert found(2.0) == 4.0 and not list(cache.rglob("*.nb*"))


@pytest.mark.parametrize("version, within", [((0, 0), "always"), ((99, 0), "never")])
def test_parts_are_compiled_within_kernels_where_that_is_sooner(version, within, monkeypatch):
    monkeypatch.setattr(compiling, "WITHIN_FROM", version)

    def larger(x, y):
        return x if x > y else y

    found = part(larger)
    assert found.targetoptions.get("inline", "never") == within
    assert found(2.0, 3.0) == 3.0


def test_a_part_is_compiled_anew_with_the_kernel_whose_file_has_changed(cache, tmp_path):
    """Of both the text is in one file; machine code within a kernel is that of its part."""
    for factor in (2, 3):
        assert kernel(tmp_path / "here", factor, WITH_A_PART)(2.0) == 2.0 * factor
