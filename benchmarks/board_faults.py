"""Which wrong registers and packets are seen, by what: the table of docs/board.md.

python benchmarks/board_faults.py
"""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "board.md"
TESTS = "hardware_tests/board/test_register_faults.py"
BEGIN, END = "<!-- faults -->\n", "<!-- end of faults -->\n"
PLACES = {
    "test_a_wrong_register": "register",
    "test_a_wrong_packet_to_the_board": "packet to the board",
    "test_a_wrong_packet_to_the_host": "packet to the host",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        command = [sys.executable, "-m", "pytest", "-q", TESTS, f"--junitxml={results}"]
        subprocess.run(command, cwd=ROOT, check=True)
        cases = list(ElementTree.parse(results).iter("testcase"))
    lines = ["| where | what is wrong | what saw it |", "|---|---|---|"]
    for case in cases:
        test, _, what = case.attrib["name"].partition("[")
        if test not in PLACES:
            continue
        said = {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}
        seen = said["caught"].replace("no board could be started in 3 tries: ", "at the start: ")
        what = said.get("fault", what.rstrip("]").replace("_", " "))
        lines.append(f"| {PLACES[test]} | {what} | {seen} |")
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + after, encoding="utf-8")
    print(f"{len(lines) - 2} faults, each seen: {PAGE}")


if __name__ == "__main__":
    main()
