"""Where in a user's file an object is made, as far as the file's text says."""

from __future__ import annotations

import ast
from typing import Dict, List


def lines_of(source: bytes) -> Dict[str, int]:
    """Line of each name that is given to what a call makes: by a variable, or by a label.

    A name that is given twice, as in a loop, is that of its first line.
    """
    found: Dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        names: List[str] = []
        if not isinstance(node, (ast.Assign, ast.Call)):
            continue
        line = node.lineno
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.Call):
            names = [
                word.value.value
                for word in node.keywords
                if word.arg == "label"
                and isinstance(word.value, ast.Constant)
                and isinstance(word.value.value, str)
            ]
        for name in names:
            found[name] = min(line, found.get(name, line))
    return found
