"""The report, as files and in a real browser."""

import base64
import html
import html.parser
import json
import os
import re
import shutil
import threading
import urllib.parse

import numpy as np
import pytest

import deploy
from benchmarks.browser import Browser, NoBrowser
from deploy.files.folder import LOCK, staged_folder
from deploy.report.numbers import number
from deploy.report.page import reproduce
from deploy.report.plot import Curve, Plot


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
    assert page.count("<svg") == 5  # the effects, their causes, spikes, weights, the cores
    assert page.count('<figure class="curves"') == 5  # three values, weights, an error
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


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    try:
        started = Browser(tmp_path_factory.mktemp("browser"))
    except NoBrowser as why:
        pytest.skip(str(why))
    with started:
        yield started


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_page_in_chromium(saved, browser, width, dark):
    browser.open(saved / "report.html", width, dark)
    assert browser.fetched == [] and browser.messages == []
    assert browser.do("document.querySelectorAll('svg').length") > 3
    assert browser.do("document.documentElement.scrollWidth") == width
    ground = browser.do("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(22, 24, 27)" if dark else "rgb(255, 255, 255)")
    # what is drawn is no wider than what is seen of it
    wide = "[...document.querySelectorAll('figure svg, .uplot')]"
    assert browser.do(f"Math.max(...{wide}.map((each) => each.clientWidth))") <= width


# Beside what the mouse does: reads what is shown, presses a button, switches a curve off, folds.
ON_THE_PAGE = """
const figure = document.querySelector("figure.curves");
const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
const shown = (row) => figure.querySelectorAll(".u-legend .u-value")[row].textContent;
const button = (name) =>
  [...figure.querySelectorAll("button")].find((each) => each.textContent === name);
const place = () => {
  const box = figure.querySelector(".u-over").getBoundingClientRect();
  return { left: box.left, width: box.width, top: box.top };
};
"""


@pytest.mark.parametrize("width", [400, 1280])
def test_a_reader_zooms_points_and_folds(saved, browser, width):
    browser.open(saved / "report.html", width)
    browser.do(ON_THE_PAGE)
    browser.do("figure.scrollIntoView(); frame()")

    def mouse(kind, share, **more):
        at = browser.do("place()")
        x = at["left"] + share * at["width"]
        browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=at["top"] + 5, **more)

    def read(row, share=0.99):
        for where in (share - 0.1, share):
            mouse("mouseMoved", where)
        browser.do("frame()")
        return float(browser.do(f"shown({row})"))

    end, value = read(0), read(1)
    assert end == pytest.approx(2.0, abs=0.1) and np.isfinite(value)
    browser.do("button('closer').click(); frame()")
    assert read(0) == pytest.approx(1.5, abs=0.1)
    browser.do("button('all').click(); frame()")
    mouse("mousePressed", 0.25, button="left", clickCount=1)
    for share in (0.3, 0.5):
        mouse("mouseMoved", share, button="left", buttons=1)
    mouse("mouseReleased", 0.5, button="left", clickCount=1)
    browser.do("frame()")
    assert read(0) == pytest.approx(1.0, abs=0.1)  # what was drawn over fills the plot
    browser.do(
        "const name = figure.querySelectorAll('.u-series th')[1]; name.focus();"
        "const fold = document.querySelector('details.trace');"
    )
    for kind in ("rawKeyDown", "keyUp"):
        browser.ask("Input.dispatchKeyEvent", type=kind, key="Enter", windowsVirtualKeyCode=13)
    browser.do("frame()")
    assert browser.do("name.parentElement.classList.contains('u-off')")
    assert browser.do("name.getAttribute('aria-pressed')") == "false"
    assert browser.do("figure.querySelectorAll('.u-series.u-off').length") == 1  # and nothing else
    browser.do("fold.open = false; location.hash = fold.id; frame()")
    assert browser.do("fold.open")
    # numbers of another length do not push the plots of a figure out of line
    left = "[...figure.querySelectorAll('.u-over')].map((e) => e.getBoundingClientRect().left)"
    assert len(set(browser.do(left))) == 1
    assert browser.messages == [] and browser.fetched == []


def test_no_other_script_runs(saved, browser, tmp_path):
    page = (saved / "report.html").read_text()
    path = tmp_path / "page.html"
    path.write_text(page.replace("</body>", "<script>document.title = 'mine'</script></body>"))
    browser.open(path, 800)
    assert browser.do("document.title") != "mine"
    assert any("Content Security Policy" in message for message in browser.messages)


def test_the_worst_is_first_and_links_lead_to_it(parity, saved):
    page = (saved / "report.html").read_text()
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links <= set(re.findall(r'\sid="([^"]+)"', page)), "links that lead nowhere"
    order = re.findall(r'<details class="trace" id="(trace-\d+)"', page)
    assert len(order) == len(parity.reference)
    labels = [trace.label for trace in parity.reference]
    last = labels[int(order[-1].split("-")[1])]
    worst = max(parity.effects, key=lambda e: (e.outcome != "same", e.severity))
    assert last == "input"
    first = labels[int(order[0].split("-")[1])]
    assert any(e.trace == first and e.outcome == worst.outcome for e in parity.effects)


def test_many_traces_are_folded_and_the_page_stays_small(tmp_path):
    import nengo

    with nengo.Network(seed=1) as net:
        for k in range(16):
            ens = nengo.Ensemble(10, 1)
            nengo.Probe(ens, synapse=0.01, label=f"value {k}")
            nengo.Probe(ens.neurons, label=f"spikes {k}")
    page = deploy.compare(net, 0.3, spread=0).save(tmp_path / "out").read_text()
    assert page.count('<details class="trace"') == 32
    assert len(re.findall(r'<details class="trace" id="[^"]+" open', page)) == 6
    assert page.count("not drawn, as 12 worse ones are") == 4
    assert len(page) < 1_500_000


@pytest.mark.quick
def test_a_long_curve_keeps_its_peaks_in_few_values():
    values = np.sin(np.arange(1_000_000) / 1e5)
    values[[123_456, 777_777]] = 5.0, -4.0
    curve = Curve("c", "#000", values)
    plot = Plot("t", "1", "", 0.001, 0.001, (curve,), values)
    packed = plot.data(10_000)
    levels = np.frombuffer(base64.b64decode(packed["curves"][0]["levels"]), "<u2")
    assert len(levels) <= 10_000 and (levels.max(), levels.min()) == (65535, 0)
    assert (packed["curves"][0]["high"], packed["curves"][0]["low"]) == (5.0, -4.0)
    assert packed["step"] * len(levels) == pytest.approx(1000, rel=0.01)
    assert plot.data(2_000_000)["step"] == 0.001  # all of it, where there is room
    at = int(np.argmax(levels)) * packed["step"] + packed["begin"]
    assert at == pytest.approx(123.457, abs=2 * packed["step"])


def test_chromium_test_can_fail(browser, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text('<img src="http://127.0.0.1:9/x.png"><script>console.error("oh")</script>')
    browser.open(page, 800)
    assert any("127.0.0.1:9" in address for address in browser.fetched)
    assert any("oh" in message for message in browser.messages)


def test_user_text_is_escaped(tmp_path):
    import nengo

    label = "<script>alert(1)</script>"
    with nengo.Network(label=label, seed=1) as net:
        nengo.Probe(nengo.Ensemble(5, 1, label=label), label=label, synapse=0.01)
    parity = deploy.compare(net, 0.1, spread=0)
    page = parity.save(tmp_path / "out").read_text()
    assert "<script>alert" not in page and "alert(1)" in page
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


def test_a_sweep_has_a_page_of_its_seeds(loihi_deploy, browser, tmp_path):
    words = ["sweep", "pes-connection", "--seeds", "0:4", "--duration", 0.5, "--spread", 0]
    words += ["--out", "runs", "--json"]
    done = loihi_deploy(*words)
    record = json.loads(done.stdout)
    assert record["report"] == "runs/report.html", done.stderr
    page = (tmp_path / "runs" / "report.html").read_text()
    links = re.findall(r'href="(seed-[^"]+)"', page)
    assert len(links) == 3 and all((tmp_path / "runs" / link).is_file() for link in links)
    assert "Effects over seeds" in page and "Learning curves" in page and "<script" not in page
    browser.open(tmp_path / "runs" / "report.html", 400)
    assert browser.messages == [] and browser.fetched == []
    assert browser.do("document.documentElement.scrollWidth") == 400
    again = json.loads(loihi_deploy(*words).stdout)
    assert again["figures"] == record["figures"]  # from the runs that are there


def test_reports_are_listed(loihi_deploy, saved, tmp_path):
    shutil.copytree(saved, tmp_path / "mine" / "one")
    (tmp_path / "mine" / "two").mkdir()
    (tmp_path / "mine" / "two" / "parity.json").write_text("{")
    (row,) = json.loads(loihi_deploy("reports", "mine", "--json").stdout)
    assert (row["model"], row["seconds"], row["seeds"]) == ("pes-connection", 2.0, "1")
    assert row["page"] == "mine/one/report.html"
    assert "pes-connection" in loihi_deploy("reports", "mine").stdout
    done = loihi_deploy("reports")
    assert done.returncode == 2 and "comparison: there is no such folder" in done.stderr


def test_a_change_names_the_line_of_its_object(loihi_deploy, tmp_path):
    (tmp_path / "m.py").write_text(
        "import nengo\n\nwith nengo.Network(seed=1) as model:\n"
        "    first = nengo.Ensemble(10, 1)\n"
        "    nengo.Ensemble(10, 1, label='second',\n"
        "                   neuron_type=nengo.Izhikevich())\n"
        "    nengo.Probe(first, synapse=0.01)\n"
    )
    loihi_deploy("compare", "m.py", "--duration", 0.1, "--spread", 0)
    page = (tmp_path / "comparison" / "m" / "report.html").read_text()
    assert 'first<br><span class="soft">m.py:4</span>' in page
    assert 'second<br><span class="soft">m.py:5</span>' in page


def test_what_is_replaced_is_said(loihi_deploy, tmp_path):
    words = ["compare", "bcm", "--duration", 0.1, "--spread", 0, "--out", "out"]
    first, second = (loihi_deploy(*words).stdout.splitlines() for _ in range(2))
    assert any(line == "report: out/report.html" for line in first)
    (line,) = [line for line in second if line.startswith("report: ")]
    assert re.fullmatch(r"report: out/report\.html, in the place of that of \d.* \(bcm: .*\)", line)


def test_runs_go_to_a_folder_of_their_own(loihi_deploy, tmp_path):
    words = ["compare", "bcm", "--duration", 0.1, "--spread", 0]
    said = [loihi_deploy(*words).stdout for _ in range(2)]
    assert "report: comparison/bcm/report.html\n" in said[0]
    assert "report: comparison/bcm-2/report.html\n" in said[1]
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "comparison").rglob("*.*")}
    assert "bcm-3/report.html" in loihi_deploy(*words).stdout
    assert all(p.stat().st_mtime_ns == at for p, at in times.items())
    assert len(json.loads(loihi_deploy("reports", "--json").stdout)) == 3


def test_a_file_that_is_replaced_is_said(loihi_deploy):
    words = ["run", "bcm", "--duration", 0.1, "--out", "a.npz"]
    first, second = (loihi_deploy(*words).stdout.splitlines()[-1] for _ in range(2))
    assert first == "traces: a.npz"
    assert second == "traces: a.npz, in the place of the file that was there"


# Of the index: what is chosen, and what is said of the two.
CHOSEN = """({
  checked: ["A", "B"].map((s) => document.querySelector(`input[name=${s}]:checked`).value),
  text: document.getElementById("two").textContent,
})"""


def test_an_index_compares_two(loihi_deploy, saved, browser, tmp_path):
    shutil.copytree(saved, tmp_path / "mine" / "one")
    shutil.copytree(saved, tmp_path / "mine" / "two <b>&")
    record = json.loads((saved / "parity.json").read_text())
    record["outcome"], record["verdict"] = "NO PARITY", "NO PARITY: <script>alert(1)</script>"
    record["runs"][-1]["created"] = "2999-01-01T00:00:00Z"
    record["runs"][-1]["versions"]["numpy"] = "0.0.1"
    worst = record["effects"][0]
    worst["outcome"], worst["words"] = "different", f"{worst['trace']}: wrong by 77 %"
    (tmp_path / "mine" / "two <b>&" / "parity.json").write_text(json.dumps(record))
    done = loihi_deploy("reports", "mine", "--page")
    assert done.returncode == 0 and done.stdout.endswith("mine/index.html\n")
    page = tmp_path / "mine" / "index.html"
    text = page.read_text()
    for address in re.findall(r'<a href="([^"]+)"', text):
        assert (page.parent / urllib.parse.unquote(address)).is_file()
    browser.open(page, 1280)
    first = browser.do(CHOSEN)
    browser.do("""document.querySelector('input[name=A][value="0"]').click()""")
    second = browser.do(CHOSEN)
    assert browser.messages == [] and browser.fetched == []
    assert first["checked"] == ["1", "0"]
    assert "wrong by 77 %" in first["text"] and "0.0.1" in first["text"]
    assert "<script>alert(1)</script>" in first["text"]
    assert second["checked"] == ["0", "0"] and "In both the same" in second["text"]


def test_compare_over_seeds_has_one_report(loihi_deploy, tmp_path):
    words = ["compare", "bcm", "--duration", 0.2, "--seeds", "0:2", "--spread", 0]
    done = loihi_deploy(*words)
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout.endswith("report: comparison/bcm-seeds/report.html\n")
    (row,) = json.loads(loihi_deploy("reports", "--json").stdout)
    assert (row["model"], row["seeds"], row["seconds"]) == ("bcm", "2 seeds", 0.2)
    swept = json.loads(loihi_deploy("sweep", *words[1:], "--out", "runs", "--json").stdout)
    record = json.loads((tmp_path / "comparison" / "bcm-seeds" / "sweep.json").read_text())
    assert swept["figures"] == record["figures"]
    bad = loihi_deploy(*words, "--budget")
    assert bad.returncode == 2 and bad.stderr.count("\n") == 1 and "--budget" in bad.stderr
