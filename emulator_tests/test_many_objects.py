"""What is left out while many objects are made is there again after it, and says the same."""

import contextlib
import gc

import nengo
import numpy as np
import pytest
from nengo import config
from nengo.exceptions import ValidationError

import deploy
from deploy.targets.many_objects import many_objects

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("collects", [True, False])
def test_all_is_as_before_whatever_ends_it(collects):
    settings = config.rc
    try:
        (gc.enable if collects else gc.disable)()
        with pytest.raises(KeyError), many_objects():
            with many_objects():  # as where a simulator is built by another
                assert not gc.isenabled()
            assert not gc.isenabled()
            raise KeyError("of the model's")
        assert gc.isenabled() == collects
        assert config.rc is settings
    finally:
        gc.enable()


@pytest.mark.parametrize("simplified", ["True", "False"])
def test_errors_are_worded_as_nengo_is_set(simplified):
    with nengo.Network():
        ens = nengo.Ensemble(10, 1)
    before, found = nengo.rc.get("exceptions", "simplified"), []
    nengo.rc.set("exceptions", "simplified", simplified)
    try:
        for block in (many_objects, contextlib.nullcontext):
            with block(), pytest.raises(ValidationError) as error:
                ens.n_neurons = -1
            found.append((str(error.value), len(error.traceback)))
    finally:
        nengo.rc.set("exceptions", "simplified", before)
    assert found[0] == found[1]


def test_a_simulator_collects_again_when_it_is_built():
    with nengo.Network(seed=1) as net:
        nengo.Ensemble(10, 1)
    with deploy.Simulator(net, progress_bar=False) as sim:
        assert gc.isenabled()
        sim.reset()
        assert gc.isenabled()


@pytest.mark.parametrize(
    "dist, n, d",
    [
        (nengo.dists.ScatteredHypersphere(surface=True), 50, 1),
        (nengo.dists.ScatteredHypersphere(surface=False), 51, 1),
        (nengo.dists.ScatteredHypersphere(surface=True), 40, 3),
        (nengo.dists.ScatteredHypersphere(surface=False, min_magnitude=0.2), 300, 4),
    ],
)
def test_points_are_scattered_with_the_same_draws(dist, n, d):
    """Rows are moved by their numbers, one array for all, and not one by one."""

    class Counting(np.random.RandomState):
        shuffled = []

        def shuffle(self, x):
            self.shuffled.append(np.ndim(x))
            super().shuffle(x)

    own, ours = np.random.RandomState(3), Counting(3)
    expected = dist.sample(n, d, rng=own)
    with many_objects():
        found = dist.sample(n, d, rng=ours)
    assert found.tobytes() == expected.tobytes()
    assert set(Counting.shuffled) == {1}
    assert own.uniform() == ours.uniform()
    assert dist.sample(n, d, rng=np.random.RandomState(3)).tobytes() == expected.tobytes()
