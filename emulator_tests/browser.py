"""A page in real headless Chromium: what it fetches, says, and how wide it is."""

import json
import shutil
import subprocess

import pytest

BROWSER = "not an origin"  # the initiator of what Chromium fetches for itself

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--hide-scrollbars",
    "--enable-logging=stderr",
]


def chromium():
    """Path of the browser, or a skip."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    pytest.skip("no Chromium on this machine")


def open_page(page, folder, width, extra=()):
    """Open a file.

    Returns
    -------
    fetched : list of str
        Every address that the page, and not the browser for itself, asked for.
    messages : list of str
        What it wrote on the console.
    dom : str
        The page as the browser has it.
    """
    folder.mkdir()
    log = folder / "net.json"
    done = subprocess.run(
        [
            chromium(),
            *FLAGS,
            *extra,
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={log}",
            f"--window-size={width},2000",
            f"--screenshot={folder / 'page.png'}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    text = log.read_text()
    try:
        record = json.loads(text)
    except json.JSONDecodeError:  # the browser left before it closed the list
        record = json.loads(text.rstrip().rstrip(",") + "]}")
    requests = [event.get("params", {}) for event in record["events"]]
    fetched = [
        request["url"]
        for request in requests
        if "url" in request and request.get("initiator", BROWSER) != BROWSER
    ]
    messages = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return fetched, messages, done.stdout
