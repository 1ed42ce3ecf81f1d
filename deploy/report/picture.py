"""One picture: its style, and how it becomes SVG that takes its text colour from the page."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from typing import Any, Iterator, NamedTuple, Tuple

import numpy as np

from deploy.parity.metrics.pair import flat
from deploy.shown import printable
from deploy.traces.trace import Trace

INK = "#010203"  # stands for the page's text colour
REFERENCE, OTHER, IDEAL = "#1f77b4", "#e4572e", "#8a8a8a"
WIDE = 5.6  # inches of a picture that fits a narrow screen with letters that can be read
MOST_POINTS = 1500  # a line's points: more than a page is wide

STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


class Picture(NamedTuple):
    """A picture with what it shows."""

    title: str
    caption: str
    svg: str


# matplotlib is imported where something is drawn: whoever compares runs may not want pictures


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Draw in the style of the report."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        yield


def new_figure(width: float, height: float) -> Any:
    """An empty `matplotlib.figure.Figure`, its sides in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def thin(trace: Trace, k: int, dt: float) -> Tuple[np.ndarray, np.ndarray]:
    """Time and component k, thinned out so that peaks stay."""
    times, values = trace.times(dt), flat(trace)[:, k]
    block = -(-len(values) // (MOST_POINTS // 2))
    if block <= 2:
        return times, values
    whole = len(values) // block * block
    cut = values[:whole].reshape(-1, block)
    picked = np.sort(np.stack([cut.argmin(1), cut.argmax(1)], axis=1), axis=1)
    index = (picked + block * np.arange(len(cut))[:, None]).ravel()
    return times[index], values[index]


def svg(figure: Any, salt: str) -> str:
    """The figure as an ``<svg>`` element for use inside a page."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": salt}), warnings.catch_warnings():
        # a label in letters that its fonts lack has boxes here, and is in the page as it is
        warnings.filterwarnings("ignore", r"(?s)Glyph \d+ .* missing from", UserWarning)
        canvas: Any = FigureCanvasSVG(figure)  # matplotlib has no types for its printing
        canvas.print_svg(stream, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = printable(text[text.index("<svg") :])  # some of it are a model's labels
    text = text.replace(INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    # the figure's and the axes' white grounds would hide the page's own
    text = re.sub(r'(<g id="patch_\d+">\s*<path [^>]*style="fill: )#ffffff', r"\1none", text)
    # several pictures share a page: only names that are referred to may stay, and
    # those matplotlib makes from the salt
    referred = set(re.findall(r"#([\w-]+)", text))
    text = re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in referred else "", text)
    # the page's style says how large it is, by how wide it was drawn, and its caption what it shows
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text, count=2)
    drawn = f"--drawn: {72 * figure.get_figwidth():.0f}px"
    return text.replace("<svg", f'<svg aria-hidden="true" focusable="false" style="{drawn}"', 1)
