"""What `typings` says of Nengo is there in the installed one, private names too."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

pytestmark = pytest.mark.quick
TYPINGS = Path(__file__).parent.parent / "typings"


def module_of(path):
    parts = path.relative_to(TYPINGS).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names_in(body):
    """Classes, functions, variables and names handed on, each with its syntax."""
    for entry in body:
        if isinstance(entry, (ast.ClassDef, ast.FunctionDef)):
            yield entry.name, entry
        elif isinstance(entry, ast.AnnAssign):
            yield entry.target.id, entry
        elif isinstance(entry, ast.ImportFrom) and entry.module.startswith("nengo"):
            yield from ((name.asname, entry) for name in entry.names if name.asname)


def is_there(cls, name):
    """As an attribute of the class, or one that its methods set."""
    own = [base for base in cls.__mro__ if base.__module__.startswith("nengo.")]
    return hasattr(cls, name) or any(f"self.{name} = " in inspect.getsource(c) for c in own)


@pytest.mark.parametrize("path", sorted(TYPINGS.rglob("*.pyi")), ids=module_of)
def test_every_name_is_in_nengo(path):
    module = importlib.import_module(module_of(path))
    for name, entry in names_in(ast.parse(path.read_text(encoding="utf-8")).body):
        if name == "Function":
            continue
        assert hasattr(module, name), f"{module.__name__} has no {name}"
        if isinstance(entry, ast.ClassDef):
            cls = getattr(module, name)
            for member, _ in names_in(entry.body):
                if member != "__getattr__":
                    assert is_there(cls, member), f"{cls} has no {member}"
