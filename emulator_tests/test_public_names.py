"""Names that are loaded when they are asked for are there, and say so when they are not."""

import pkgutil
from pathlib import Path

import pytest

import deploy
import loihi_rules
from deploy import jobs, parity
from loihi_rules import nir

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("package", [deploy, jobs, loihi_rules, nir])
def test_every_public_name_is_there(package):
    for name in package.__all__:
        assert getattr(package, name) is not None and name in dir(package)
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute"):
        getattr(package, "nothing_of_this" + "_name")


def test_nothing_else_is_offered():
    assert dir(deploy) == sorted(deploy.__all__)


@pytest.mark.parametrize("package", [deploy, loihi_rules])
def test_checkers_of_types_look_into_the_packages(package):
    """PEP 561: without this file all names of an installed package are Any."""
    assert (Path(package.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize("package", [deploy, jobs, parity, loihi_rules, nir])
def test_no_name_is_that_of_a_module(package):
    """Which takes its place once it is loaded."""
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert modules.isdisjoint(package.__all__)
