"""What the theme does not tell screen readers: a hook of mkdocs."""

from __future__ import annotations

from typing import Any

SEARCH = 'class="md-search" data-md-component="search" role="dialog"'


def on_post_page(output: str, **_: Any) -> str:
    """Called by mkdocs for each page: its search has a name."""
    return output.replace(SEARCH, f'{SEARCH} aria-label="Search"')
