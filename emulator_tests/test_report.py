"""The report, as files and in a real browser."""

import html.parser
import json
import os
import re
import threading

import pytest
from browser import open_page

import deploy
from deploy.files.folder import LOCK, staged_folder
from deploy.report.numbers import number
from deploy.report.page import reproduce


@pytest.fixture(scope="module")
def parity():
    return deploy.compare(
        "pes-connection", 2.0, ("cpu", "float-emulator", "emulator"), seed=1, spread=6
    )


@pytest.fixture(scope="module")
def saved(parity, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "out"
    page = parity.save(folder)
    assert page == folder / "report.html"
    return folder


def test_files(parity, saved):
    names = sorted(str(p.relative_to(saved)) for p in saved.rglob("*") if p.is_file())
    assert names == [
        "parity.json",
        "report.html",
        "traces/cpu.npz",
        "traces/emulator.npz",
        "traces/float-emulator.npz",
    ]
    record = json.loads((saved / "parity.json").read_text())
    assert record["ok"] is parity.ok
    assert record["runs"][-1]["target"] == "emulator"
    again = deploy.compare_traces(
        *(deploy.Traces.load(saved / "traces" / f"{t}.npz") for t in ("cpu", "emulator"))
    )
    assert [f.to_dict() for f in again.figures] == record["figures"]


def test_page_says_what_matters(parity, saved):
    page = (saved / "report.html").read_text()
    text = re.sub(r"<[^>]+>", " ", page)
    assert parity.verdict.split(":")[0] in text
    assert "no silicon" in text
    assert "Causes" in text and "fixed point" in text
    assert "filters of inputs" in text
    assert reproduce(parity) in html.unescape(text)
    assert page.count("<svg") == len(parity.reference) + 3  # the effects, their causes, the cores
    assert "What was judged" in text and "three steps, less than any synapse" in text
    assert "On the chip" in text and "At the end of their range" in text
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_page_is_well_formed(saved):
    class Checker(html.parser.HTMLParser):
        void = {"meta", "link", "br", "img", "hr", "input"}

        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attrs):
            if tag not in self.void:
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    checker = Checker()
    checker.feed((saved / "report.html").read_text())
    assert checker.open == []


@pytest.mark.parametrize("width", [400, 1200])
def test_page_in_chromium(saved, tmp_path, width):
    page = saved / "report.html"
    fetched, messages, dom = open_page(page, tmp_path / "browser", width)
    assert [address for address in fetched if not address.startswith("data:")] == []
    assert messages == []
    assert dom.count("<svg") > 3


def test_chromium_test_can_fail(tmp_path):
    page = tmp_path / "bad.html"
    page.write_text('<img src="http://127.0.0.1:9/x.png"><script>console.error("oh")</script>')
    fetched, messages, _ = open_page(page, tmp_path / "browser", 800)
    assert any("127.0.0.1:9" in address for address in fetched)
    assert any("oh" in message for message in messages)


def test_user_text_is_escaped(tmp_path):
    import nengo

    label = "<script>alert(1)</script>"
    with nengo.Network(label=label, seed=1) as net:
        nengo.Probe(nengo.Ensemble(5, 1, label=label), label=label, synapse=0.01)
    parity = deploy.compare(net, 0.1, spread=0)
    page = parity.save(tmp_path / "out").read_text()
    assert "<script" not in page
    assert "<script" not in parity._repr_html_() + parity.reference._repr_html_()


@pytest.mark.quick
@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (0.12345, "0.123"), (-2, "−2"), (12345.6, "12,346"), (float("inf"), "never")],
)
def test_numbers_as_people_write_them(value, text):
    assert number(value) == text


@pytest.mark.quick
def test_second_writer_is_told(tmp_path):
    inside, leave = threading.Event(), threading.Event()

    def first():
        with staged_folder(tmp_path / "out"):
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(30)
    try:
        second = staged_folder(tmp_path / "out")
        with pytest.raises(deploy.BadInput, match="another loihi-deploy is writing there"), second:
            pass
    finally:
        leave.set()
        thread.join()


@pytest.mark.quick
def test_a_failure_leaves_the_folder_as_it_was(tmp_path):
    out = tmp_path / "out"
    for expected in ([], ["kept.txt"]):
        if expected:
            out.mkdir()
            (out / "kept.txt").write_text("mine")
        with pytest.raises(RuntimeError), staged_folder(out) as stage:
            (stage / "report.html").write_text("half")
            raise RuntimeError
        names = sorted(p for p in os.listdir(out) if p != LOCK) if out.exists() else []
        assert names == expected
