"""What the theme does not tell screen readers: a hook of mkdocs."""

from __future__ import annotations

import re
from typing import Any

SEARCH = 'class="md-search" data-md-component="search" role="dialog"'
NAMELESS = re.compile(r"<th([^>]*)></th>")  # the corner of a table is the head of nothing


def on_post_page(output: str, **_: Any) -> str:
    """Called by mkdocs for each page: its search has a name, and heads of tables have text."""
    output = output.replace(SEARCH, f'{SEARCH} aria-label="Search"')
    return NAMELESS.sub(r"<td\1></td>", output)
