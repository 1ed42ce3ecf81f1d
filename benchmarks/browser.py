"""A page in real headless Chromium: what it fetches, says and looks like.

The browser is asked over a pipe, in its own protocol
(https://chromedevtools.github.io/devtools-protocol/): JSON with a zero byte behind each message.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Type, Union

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
MOST_SECONDS = 120  # for one answer, on a busy machine
END = b"\0"
READS_AND_WRITES = (3, 4)  # files of the browser's, by its own rule
HIGH = 10  # a file that is none of these


class NoBrowser(Exception):
    """There is no Chromium on this machine."""


def chromium() -> str:
    """Path of the browser."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise NoBrowser("no Chromium on this machine")


class Browser:
    """One window of a Chromium of its own; its profile lies in a folder that is handed in.

    Attributes
    ----------
    fetched : list of str
        Every address that the page asked for since it was opened, itself not among them.
    messages : list of str
        What it wrote on the console, and errors of scripts and of the browser about it.
    """

    def __init__(self, profile: Path) -> None:
        self.fetched: List[str] = []
        self.messages: List[str] = []
        self._last = 0
        self._rest = b""
        self._events: List[Dict[str, Any]] = []
        theirs = []
        ends = os.pipe(), os.pipe()
        self._in, self._out = ends[0][1], ends[1][0]
        for end in (ends[0][0], ends[1][1]):
            theirs.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, HIGH))
            os.close(end)

        def wire() -> None:
            for at, end in zip(READS_AND_WRITES, theirs):
                os.dup2(end, at)

        self._process = subprocess.Popen(
            [chromium(), *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,  # what Python opens is closed by itself; 3 and 4 are not
            preexec_fn=wire,
        )
        for end in theirs:
            os.close(end)
        self._session: Optional[str] = None
        pages = [t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        page = pages[0] if pages else self.ask("Target.createTarget", url="about:blank")
        asked = {"targetId": page["targetId"], "flatten": True}
        self._session = self.ask("Target.attachToTarget", **asked)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        os.close(self._in)  # by which it ends
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._out)

    def open(
        self, page: Union[Path, str], width: int, dark: bool = False, height: int = 2000
    ) -> None:
        """Show a file or an address in a window of this width, and wait until it is there."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        address = page.resolve().as_uri() if isinstance(page, Path) else page
        self._events.clear()
        self.fetched, self.messages = [], []
        went = self.ask("Page.navigate", url=address)
        if "errorText" in went:
            raise RuntimeError(f"{address}: {went['errorText']}")
        self._await("Page.loadEventFired")
        self.do("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        self.fetched = [url for url in self.fetched if url.partition("#")[0] != address]

    def do(self, script: str) -> Any:
        """Value of an expression in the page; a promise is waited for."""
        done = self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in done:
            raise RuntimeError(json.dumps(done["exceptionDetails"])[:2000])
        return done["result"].get("value")

    def dom(self) -> str:
        """The page as the browser has it."""
        return str(self.do("document.documentElement.outerHTML"))

    def seconds(self) -> float:
        """CPU time of the page's thread since the page began."""
        self.ask("Performance.enable", timeDomain="threadTicks")
        metrics = self.ask("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    def picture(self, path: Path, whole: bool = True) -> None:
        """What is seen, as PNG: the whole page, or what the window shows."""
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def ask(self, method: str, **params: Any) -> Dict[str, Any]:
        """The answer to a command of the protocol."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._send(message)
        while True:
            got = self._next()
            if got.get("id") == self._last:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']['message']}")
                return dict(got["result"])

    def _send(self, message: Dict[str, Any]) -> None:
        data = json.dumps(message).encode() + END
        while data:
            data = data[os.write(self._in, data) :]

    def _await(self, event: str) -> None:
        while not any(each["method"] == event for each in self._events):
            self._next()

    def _next(self) -> Dict[str, Any]:
        """The next message; events are noted on the way."""
        end = time.monotonic() + MOST_SECONDS
        while END not in self._rest:
            ready, _, _ = select.select([self._out], [], [], max(0.0, end - time.monotonic()))
            part = os.read(self._out, 1 << 20) if ready else b""
            if not part:
                raise RuntimeError("the browser has ended, or says nothing")
            self._rest += part
        text, _, self._rest = self._rest.partition(END)
        got: Dict[str, Any] = json.loads(text)
        if "method" in got:
            self._events.append(got)
            self._note(got["method"], got["params"])
        return got

    def _note(self, method: str, params: Dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith("data:"):
                self.fetched.append(url)
        elif method == "Runtime.consoleAPICalled":
            self.messages.append(" ".join(str(a.get("value", a)) for a in params["args"]))
        elif method == "Runtime.exceptionThrown":
            self.messages.append(json.dumps(params["exceptionDetails"])[:500])
        elif method == "Log.entryAdded":
            self.messages.append(params["entry"]["text"])
