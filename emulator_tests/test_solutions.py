"""What took long to build is found again by its numbers, with the bits of the first time."""

import os

import nengo
import numpy as np
import pytest

import deploy
from deploy.files import solutions as on_disk
from deploy.files.npz import write_npz
from deploy.files.solutions import KIND, KeptSolutions
from loihi_rules.chip.decoding import Decoding
from loihi_rules.passes.chip import encoder_fits, rates
from loihi_rules.solutions import content_of

pytestmark = pytest.mark.quick


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, in which no whole builds are kept; gives its files of solutions."""
    monkeypatch.setattr("deploy.simulator.simulator.keeps_builds", lambda target: False)
    monkeypatch.setenv("LOIHI_DEPLOY_CACHE", str(tmp_path))
    return lambda: sorted((tmp_path / "solutions").glob("*.npz"))


def values(seed=1):
    """A value that is squared on its way from one ensemble to another."""
    with nengo.Network(seed=seed) as net:
        a, b = nengo.Ensemble(60, 1), nengo.Ensemble(50, 1)
        nengo.Connection(nengo.Node(0.5), a)
        nengo.Connection(a, b, function=np.square)
        nengo.Probe(b, synapse=0.02)
        nengo.Probe(b.neurons)
    return net


def layers(bias=0.5):
    """Three layers of neurons that are joined by matrices; of the last, these biases."""
    rng = np.random.RandomState(4)
    with nengo.Network(seed=2) as net:
        before = nengo.Node(np.abs(rng.randn(8)))
        for size, own in ((20, 0.5), (16, 0.5), (12, bias)):
            ens = nengo.Ensemble(size, 1, gain=np.full(size, 2.0), bias=np.full(size, own))
            ens.neuron_type = nengo.LIF(amplitude=0.01)
            weights = rng.randn(size, before.size_out) / 3
            nengo.Connection(before, ens.neurons, transform=weights, synapse=0.005)
            before = ens.neurons
        nengo.Probe(before)
    return net


def bits(net, target="emulator"):
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(0.1)
        return b"".join(np.ascontiguousarray(sim.data[p]).tobytes() for p in net.all_probes)


@pytest.mark.parametrize("network", [values, layers])
def test_a_second_build_solves_nothing_and_has_the_same_bits(cache, monkeypatch, network):
    with monkeypatch.context() as patch:
        patch.setenv("LOIHI_DEPLOY_CACHE", "")
        plain = bits(network())
    assert bits(network()) == plain
    (file,) = cache()
    written = file.stat().st_ino

    def never(*given, **named):
        raise AssertionError("it was to be found")

    monkeypatch.setattr(Decoding, "_system", never)
    monkeypatch.setattr(encoder_fits, "fit_together", never)
    monkeypatch.setattr(rates, "fit_to_pilot", never)
    monkeypatch.setattr("deploy.nengo_loihi.build.discretize.round_sources", never)
    assert bits(network()) == plain
    assert file.stat().st_ino == written


def test_only_what_has_changed_is_solved_again(cache, monkeypatch):
    bits(layers())
    fitted = []
    own = rates.fit_to_pilot
    monkeypatch.setattr(rates, "fit_to_pilot", lambda *a: fitted.append(a) or own(*a))
    found = bits(layers(bias=0.7))
    assert len(fitted) == 1
    monkeypatch.setenv("LOIHI_DEPLOY_CACHE", "")
    assert bits(layers(bias=0.7)) == found


@pytest.mark.parametrize("damage", ["empty", "half", "a byte", "none of ours", "a list"])
def test_a_damaged_file_is_made_anew(cache, damage):
    plain = bits(values())
    (file,) = cache()
    whole = file.read_bytes()
    middle = len(whole) // 2
    a_list = write_npz(file.with_name("list.npz"), KIND, {"places": [1]}, {"data": np.zeros(1)})
    damaged = {
        "a list": a_list.read_bytes(),
        "empty": b"",
        "half": whole[:middle],
        "a byte": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "none of ours": b"PK, and no more of a zip",
    }
    a_list.unlink()
    file.write_bytes(damaged[damage])
    assert bits(values()) == plain
    assert file.read_bytes() == whole


@pytest.mark.parametrize("whose", ["file", "folder"])
def test_what_others_could_have_written_is_not_believed(cache, whose):
    plain = bits(values())
    (file,) = cache()
    known = KeptSolutions(file)
    assert known._there
    (file if whose == "file" else file.parent).chmod(0o777)
    assert not KeptSolutions(file)._there
    assert bits(values()) == plain
    assert all(not path.stat().st_mode & 0o022 for path in (file, file.parent))


def test_two_targets_share_a_file(cache):
    for target in ("emulator", "float-emulator"):
        bits(values(), target)
    (file,) = cache()
    before = file.read_bytes()
    for target in ("emulator", "float-emulator"):
        bits(values(), target)
    assert file.read_bytes() == before


def test_the_oldest_are_left_out_of_a_cache_that_is_full(cache, monkeypatch):
    bits(values(1))
    (first,) = cache()
    os.utime(first, (1, 1))
    monkeypatch.setattr(on_disk, "MOST_BYTES", first.stat().st_size * 3 // 2)
    bits(values(2))
    (second,) = cache()
    assert second != first


def test_of_a_model_that_is_too_large_nothing_is_kept(cache, monkeypatch):
    plain = bits(values())
    (file,) = cache()
    file.unlink()
    monkeypatch.setattr(on_disk, "LARGEST", 1000)
    assert bits(values()) == plain
    assert not cache()


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LOIHI_DEPLOY_CACHE", str(tmp_path / "file"))
    bits(values())


def test_what_a_user_wrote_is_not_known_by_its_numbers():
    class Own(nengo.LIF):
        pass

    assert content_of((nengo.LIF(), 1.0)) == content_of((nengo.LIF(), 1.0))
    assert content_of((nengo.LIF(),)) != content_of((nengo.LIF(tau_rc=0.03),))
    assert content_of((Own(),)) is None
    assert content_of((np.array([None]),)) is None


def test_problems_differ_by_kinds_shapes_and_order_in_memory():
    table = np.arange(6.0).reshape(2, 3)
    others = [table, np.asfortranarray(table), table.ravel(), table.astype(np.float32)]
    others += [[table, None], [table, 0], [table, False], [table, 0.0], [table, "0"], [[table], 0]]
    assert len({content_of((each,)) for each in others}) == len(others)


@pytest.mark.parametrize("array", [np.ones((1, 5)), np.ones((5, 1)).T, np.ones((3, 2)).T])
def test_solutions_lie_in_memory_as_they_did(tmp_path, array):
    """A row that is the transpose of a column has its strides, by which products are computed."""
    for _ in range(3):
        kept = KeptSolutions(tmp_path / "file.npz")
        assert kept.of(("some", array), lambda: (array,))[0].strides == array.strides
        assert kept.of(("some", array), lambda: (array,))[0].strides == array.strides
        kept.keep()
    problems = [content_of(("some", each)) for each in (np.ones((1, 5)), np.ones((5, 1)).T)]
    assert problems[0] != problems[1]


def test_solutions_come_back_as_they_were(tmp_path):
    table = np.arange(6.0).reshape(2, 3)
    arrays = (table, table.T, np.arange(3, dtype=np.int8), np.zeros((0, 2)), np.array(2.5))
    kept = KeptSolutions(tmp_path / "file.npz")
    kept.of(("arrays",), lambda: arrays)
    kept.of(("nothing",), tuple)
    kept.keep()
    again = KeptSolutions(tmp_path / "file.npz")
    for asked in (again, kept):
        for found, array in zip(asked.of(("arrays",), tuple), arrays):
            np.testing.assert_array_equal(found, array)
            assert found.dtype == array.dtype and found.strides == array.strides
            assert found.flags.writeable
        assert asked.of(("nothing",), lambda: arrays) == ()


def test_no_cache_keeps_nothing(loihi_deploy, tmp_path):
    done = loihi_deploy(
        *("run", "pes-connection", "--duration", 0.01, "--no-cache"),
        env={"LOIHI_DEPLOY_CACHE": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "cache").exists()
