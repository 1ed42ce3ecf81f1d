"""Where a page links to an example's code the site has it, folded. A hook of mkdocs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"^( *)\[Its code\]\((examples/\w+\.py)\)$", re.MULTILINE)
# pictures and titles that lead to code
PICTURE = re.compile(r"\[(!\[[^\]]*\]\([^)]*\))\]\(examples/\w+\.py\)")
TITLE = re.compile(r"\*\*\[([^\]]*)\]\(examples/\w+\.py\)\*\*")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Called by mkdocs for each page."""
    folder = Path(page.file.abs_src_path).parent

    def listed(found: Any) -> str:
        indent, name = found[1], found[2]
        code = (folder / name).read_text(encoding="utf-8")
        lines = [f'??? example "{name}"', "    ```python"]
        lines += [f"    {line}".rstrip() for line in code.rstrip().splitlines()] + ["    ```"]
        return "\n".join(f"{indent}{line}".rstrip() for line in lines)

    whole = LINK.sub(listed, markdown)
    return TITLE.sub(r"**\1**", PICTURE.sub(r"\1", whole))
