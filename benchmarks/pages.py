"""Pages in a real browser: how large they are, how soon drawn, how smooth, and what axe finds.

    python benchmarks/pages.py [--pictures FOLDER] [--site FOLDER] [NAME ...]

Each page is made, opened at 400 and 1280 pixels, light and dark, and looked at by axe-core
(https://github.com/dequelabs/axe-core), which npm fetches into the temporary folder; where there is
no npm, that column says so. Times are CPU time of the page's own thread, the median of several:
until its first plots are drawn, and for one step of moving and of zooming. In the last columns is
how much axe finds that is serious, how much else, and how much a page asks for or writes on the
console; each is listed below its row. Pictures are what the window shows of a page's top. With
`--site` it is the pages of ``make docs``, and what is named. The exit code is 1 where something is
serious, said, or wider than the window.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Union

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
sys.path.insert(0, str(Path(__file__).parent.parent))

import nengo
import numpy as np

import deploy
from benchmarks.broken_models import large_input
from benchmarks.browser import Browser, NoBrowser

WIDTHS = (400, 1280)
SERIOUS = ("serious", "critical")
RUNS = 5  # of each time
LONG = 1_000_000  # samples
AXE = "axe-core@4"
COLUMNS = ("page", "MB", "drawn (s)", "a move (ms)", "a zoom (ms)", "serious", "others", "said")
FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
PRESS = """[...document.querySelectorAll("figure.curves button")]
  .find((each) => each.textContent === "{}").click(); """
FINDINGS = """axe.run(document, { resultTypes: ["violations"] }).then((found) =>
  found.violations.map((each) => [each.impact, each.id, each.nodes[0].target.join(" ")]))"""


def forty() -> nengo.Network:
    with nengo.Network(seed=1) as net:
        u = nengo.Node(lambda t: np.sin(6 * t), label="input")
        for k in range(40):
            ens = nengo.Ensemble(50, 1, label=f"area {k}")
            nengo.Connection(u, ens)
            nengo.Probe(ens, synapse=0.03, label=f"value of area {k}")
            nengo.Probe(ens.neurons, label=f"spikes of area {k}")
    return net


def long_run() -> nengo.Network:
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(20, 1, label="ens")
        nengo.Connection(nengo.Node(lambda t: np.sin(t), label="input"), ens)
        nengo.Probe(ens, synapse=0.03, label="value")
    return net


def compared(model: Union[str, nengo.Network], seconds: Optional[float] = None) -> Path:
    """The page of a comparison, in a folder of the working one."""
    made = deploy.compare(model, seconds, spread=0)
    return made.save(tempfile.mkdtemp(dir="."))


def typed(page: str, *words: str) -> Path:
    """The page that a command writes; its exit code may be a verdict."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "deploy", *words],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not Path(page).exists():
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return Path(page)


SWEPT = ("pes-connection", "--seeds", "0:4", "--duration", "1")
PAGES: Dict[str, Callable[[], Path]] = {
    "pes-connection": lambda: compared("pes-connection"),
    "backprop": lambda: compared("backprop"),
    "a failing model": lambda: compared(large_input(1), 5.0),
    "40 ensembles": lambda: compared(forty(), 1.0),
    "a million samples": lambda: compared(long_run(), LONG * 0.001),
    "a sweep": lambda: typed("runs/report.html", "sweep", *SWEPT, "--out", "runs"),
    "a job": lambda: typed(
        "job/report.html", "submit", *SWEPT, "--site", "local", "--wait", "--out", "job"
    ),
    "all reports": lambda: typed("index.html", "reports", ".", "--page"),
}


class Looked(NamedTuple):
    """What one page is like.

    Attributes
    ----------
    bytes : int
    drawn, moved, zoomed : float
        Seconds of CPU time.
    found : set of str
        What axe says, with how bad it is.
    said : list of str
        On the console, and what was fetched from elsewhere.
    wide : bool
        Whether it is wider than the window.
    """

    bytes: int
    drawn: float
    moved: float
    zoomed: float
    found: List[str]
    said: List[str]
    wide: bool


def look(browser: Browser, page: Union[Path, str], axe: str, pictures: Optional[Path]) -> Looked:
    """Open a page at each width, light and dark, and time what a reader does."""
    own = page if isinstance(page, str) else page.resolve().as_uri()
    home = f"{'/'.join(own.split('/')[:3])}/"  # of a site; a file asks for nothing
    found, said, wide = set(), [], False
    for width in WIDTHS:
        for dark in (False, True):
            browser.open(page, width, dark)
            said += [
                url for url in browser.fetched if home == "file:///" or not url.startswith(home)
            ]
            said += browser.messages
            wide = wide or browser.do("document.documentElement.scrollWidth") > width
            if pictures is not None:
                name = f"{width}-{'dark' if dark else 'light'}.png"
                browser.picture(pictures / name, whole=False)
            if axe:
                browser.do(f"{axe};0")
                found |= {
                    f"{impact}: {rule} ({where})" for impact, rule, where in browser.do(FINDINGS)
                }
            if not own.startswith("file:"):
                browser.do("localStorage.clear()")  # a site keeps the scheme that it was opened in
    drawn = statistics.median(_opened(browser, page) for _ in range(RUNS))
    moved = zoomed = 0.0
    if browser.do("document.querySelector('figure.curves button') !== null"):
        zoomed = _step(browser, ("closer", "all"))
        moved = _step(browser, ("closer", "later", "earlier"))
    size = 0 if isinstance(page, str) else page.stat().st_size
    return Looked(size, drawn, moved, zoomed, sorted(found), said, wide)


def _opened(browser: Browser, page: Union[Path, str]) -> float:
    """CPU time of a page that begins anew."""
    browser.open(page, 1280)
    return browser.seconds()


def _pressed(browser: Browser, name: str) -> float:
    """CPU time of one press of a button of the first plot, until it is drawn."""
    before = browser.seconds()
    browser.do(PRESS.format(name) + FRAME)
    return browser.seconds() - before


def _step(browser: Browser, names: Sequence[str]) -> float:
    """Of the slowest of these buttons, the median."""
    times = np.array([[_pressed(browser, name) for name in names] for _ in range(RUNS)])
    return float(np.median(times, axis=0).max())


def axe_core() -> str:
    """The script, or nothing with a word why."""
    if shutil.which("npm") is None:
        print("axe-core is not there: no npm on this machine", flush=True)
        return ""
    done = subprocess.run(
        ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", "npm", AXE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    script = Path("npm/node_modules/axe-core/axe.min.js")
    if not script.exists():
        print(f"axe-core is not there: npm says {done.stderr.strip()[:200]}", flush=True)
        return ""
    return script.read_text(encoding="utf-8")


def served(site: Path) -> Iterator[str]:
    """Addresses of a site's pages, which a server of this process has."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}"
        for page in sorted(site.rglob("index.html")):
            path = page.parent.relative_to(site).as_posix()
            yield f"{base}/" if path == "." else f"{base}/{path}/"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Without a line for each request."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PAGES)}; all, if none is named")
    parser.add_argument("--pictures", type=Path, help="a folder for what the window shows, as PNG")
    parser.add_argument("--site", type=Path, help="the folder that make docs has written")
    asked = parser.parse_args()
    pictures = asked.pictures.resolve() if asked.pictures else None
    site = asked.site.resolve() if asked.site else None
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["HOME"] = folder  # where jobs are kept
        try:
            browser = Browser(Path(folder, "profile"))
        except NoBrowser as why:
            print(why)
            return 0
        axe = axe_core()
        print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
        with browser:
            for name in [] if site and not asked.names else asked.names or PAGES:
                bad += show(browser, name, PAGES[name](), axe, pictures)
            for address in served(site) if site else ():
                bad += show(browser, address.split("/", 3)[3] or "/", address, axe, pictures)
        os.chdir("/")
    return 1 if bad else 0


def show(
    browser: Browser, name: str, page: Union[Path, str], axe: str, pictures: Optional[Path]
) -> bool:
    """Print a row; gives whether something is wrong."""
    own = None
    if pictures is not None:
        own = pictures / name.strip("/").replace("/", "-").replace(" ", "-")
        own.mkdir(parents=True, exist_ok=True)
    seen = look(browser, page, axe, own)
    serious = [text for text in seen.found if text.startswith(SERIOUS)]
    cells = [
        name,
        f"{seen.bytes / 1e6:.2f}" if seen.bytes else "",
        f"{seen.drawn:.2f}",
        f"{1000 * seen.moved:.0f}" if seen.moved else "",
        f"{1000 * seen.zoomed:.0f}" if seen.zoomed else "",
        str(len(serious)) if axe else "not asked",
        str(len(seen.found) - len(serious)) if axe else "",
        str(len(seen.said)),
    ]
    print(f"| {' | '.join(cells)} |", flush=True)
    for text in [*seen.found, *seen.said, *(["wider than the window"] if seen.wide else [])]:
        print(f"  {text}", flush=True)
    return bool(serious or seen.said or seen.wide)


if __name__ == "__main__":
    sys.exit(main())
