"""The messages that a source file can print, as its syntax tree has them.

A message is the text of an exception that is raised, of a warning, or of a `Problem`. What is put
into it while it runs is ``…``. A text that comes from a variable, a table or a function of the same
file is followed there.
"""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

VARIES = "…"
PROGRAM = "loihi-deploy: "
LONGEST = 64  # variants of one message that are kept apart
# Of calls that take a message apart into its object, its rule, what is wrong, and the way out.
OF_FOUR = {"warn", "problem", "Problem", "ChipWarning", "_Limit", "Limit"}
# Of calls that make a message without raising it.
MADE = {
    "BadInput",
    "TargetUnavailable",
    "Unfit",
    "TooMuch",
    "BoardLost",
    "_warn",
    "_fail",
    "say_error",
}
# What only a program's own author sees.
FOREIGN = {"AttributeError", "NotImplementedError"}


class Message(NamedTuple):
    """One text that can be printed, and where."""

    text: str
    path: Path
    line: int


def messages_of(path: Path, only: Sequence[str] = ()) -> List[Message]:
    """All messages of a file, or those of calls that are spelt so."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    reader = _Reader(tree)
    found = []
    for call, function in reader.calls():
        if only and ast.unparse(call.func) not in only:
            continue
        texts = map(tidy, reader.texts(call, function))
        found += [Message(text, path, call.lineno) for text in texts if len(_words(text)) >= 2]
    return found


def tidy(text: str) -> str:
    """A message on one line, with one ``…`` for all that varies between two words."""
    text = re.sub(r"\{[^}]*\}|%[\d.]*[a-z]", VARIES, " ".join(text.split()))
    text = re.sub(rf"(['\"`]?){VARIES}+\1(?:\.?{VARIES})*", VARIES, text)
    return text[len(PROGRAM) :] if text.startswith(PROGRAM) else text


class _Reader:
    def __init__(self, tree: ast.Module):
        self.module = tree
        self.functions = {
            node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
        }
        self.raised = {
            id(node.exc)
            for node in ast.walk(tree)
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        }

    def calls(self) -> Iterator[Tuple[ast.Call, ast.AST]]:
        """Each call that makes a message, and the function that it is in."""
        yield from self._calls(self.module, self.module)

    def _calls(self, node: ast.AST, function: ast.AST) -> Iterator[Tuple[ast.Call, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            inner = child if isinstance(child, ast.FunctionDef) else function
            if isinstance(child, ast.Call) and self._makes_message(child):
                yield child, inner
            yield from self._calls(child, inner)

    def _makes_message(self, call: ast.Call) -> bool:
        name = _last_name(call.func)
        if name in FOREIGN or not (call.args or call.keywords):
            return False
        return id(call) in self.raised or name in OF_FOUR or name in MADE

    def texts(self, call: ast.Call, function: ast.AST) -> List[str]:
        name = _last_name(call.func)
        by_name = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        given = [*call.args]
        if name in OF_FOUR and ast.unparse(call.func) != "warnings.warn":
            parts = [*given, *(by_name[key] for key in ("what", "way_out") if key in by_name)]
            if len(parts) != 4:
                return []
            whats = self.values(parts[2], function)
            ways = self.values(parts[3], function)
            way = ways[0] if len(ways) == 1 else VARIES
            return [f"{VARIES}: {what}; {way}" for what in whats]
        return self.values(given[0], function) if given else []

    def values(self, node: ast.AST, function: ast.AST, seen: Tuple[str, ...] = ()) -> List[str]:
        """The texts that an expression can be."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else [VARIES]
        if isinstance(node, ast.JoinedStr):
            return self._joined(node.values, function, seen)
        if isinstance(node, ast.FormattedValue):
            return self._varying(node.value, function, seen)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined([node.left, node.right], function, seen)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self.values(node.left, function, seen)
        if isinstance(node, ast.IfExp):
            both = self.values(node.body, function, seen) + self.values(node.orelse, function, seen)
            return list(dict.fromkeys(both))
        if isinstance(node, ast.BoolOp):
            return list(
                dict.fromkeys(t for v in node.values for t in self.values(v, function, seen))
            )
        return self._varying(node, function, seen)

    def _joined(
        self, nodes: Sequence[ast.AST], function: ast.AST, seen: Tuple[str, ...]
    ) -> List[str]:
        each = [self.values(node, function, seen) for node in nodes]
        product = ["".join(parts) for parts in itertools.islice(itertools.product(*each), LONGEST)]
        return list(dict.fromkeys(product))

    def _varying(self, node: ast.AST, function: ast.AST, seen: Tuple[str, ...]) -> List[str]:
        """Of a name, a call or an entry of a table, where this file says what it is."""
        name = _last_name(node.func) if isinstance(node, ast.Call) else _name(node)
        if name is None or name in seen:
            return [VARIES]
        found: List[str] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if name in self.functions:
                inner = self.functions[name]
                for part in ast.walk(inner):
                    if isinstance(part, ast.Return) and part.value is not None:
                        found += self.values(part.value, inner, (*seen, name))
        elif isinstance(node, ast.Name):
            for place in (function, self.module):
                for value in _assigned(place, name):
                    found += self.values(value, place, (*seen, name))
                if found:
                    break
        elif isinstance(node, ast.Subscript):
            for value in _assigned(self.module, name):
                for entry in _entries(value):
                    found += self.values(entry, self.module, (*seen, name))
        spoken = [text for text in dict.fromkeys(found) if len(_words(text)) >= 2]
        return spoken or [VARIES]


def _words(text: str) -> List[str]:
    return re.findall(r"[A-Za-z]{2,}", text)


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _name(node: ast.AST) -> Optional[str]:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    return None


def _assigned(place: ast.AST, name: str) -> List[ast.AST]:
    """What a function, or a module outside its functions, assigns to a name."""
    found: List[ast.AST] = []
    nodes = ast.walk(place) if isinstance(place, ast.FunctionDef) else ast.iter_child_nodes(place)
    for node in nodes:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, (ast.AnnAssign, ast.AugAssign))
            else []
        )
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and target.id == name and value is not None:
                found.append(value)
            elif (
                isinstance(target, ast.Tuple)
                and isinstance(value, ast.Tuple)
                and len(target.elts) == len(value.elts)
            ):
                found += [
                    v
                    for t, v in zip(target.elts, value.elts)
                    if isinstance(t, ast.Name) and t.id == name
                ]
    return found


def _entries(value: ast.AST) -> List[ast.AST]:
    if isinstance(value, ast.Dict):
        return list(value.values)
    return list(value.elts) if isinstance(value, (ast.Tuple, ast.List)) else []
