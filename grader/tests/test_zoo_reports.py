"""What hostile candidates say reaches the reports as text: no live markup, no control characters.

What a browser makes of the page is tested where a browser is; here parsers read it.
"""

import io
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from grader import scoring
from grader.audit import attacks
from grader.report import print_leaderboard, write_all
from grader.report.terminal import RunProgress
from grader.results import Results
from grader.runner import prepare, run

NAMES = [name for name, attack in attacks.load().items() if attack.aims_at == "reports"]
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Reader(HTMLParser):
    """Takes down what a browser would run, load or follow."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers: list[str] = []
        self.loads: list[str] = []
        self.scripts: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.handlers.append(f"<{tag} {name}={value!r}>")
            if name in {"src", "srcset", "data", "action", "formaction", "poster"}:
                self.loads.append(f"<{tag} {name}={value!r}>")
            if tag in {"link", "iframe", "object", "embed", "base", "form"}:
                self.loads.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)


@pytest.fixture(scope="module")
def results() -> Results:
    paths = [attacks.FOLDER / name for name in NAMES]
    job, _ = prepare(paths, isolation="auto", rubric=scoring.load(), seed=0, jobs=1)
    with RunProgress(len(paths), Console(file=io.StringIO())) as progress:
        return run(job, progress)


@pytest.fixture(scope="module")
def reports(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    write_all(results, folder)
    return folder


def test_the_page_has_nothing_live_of_a_candidate(reports: Path) -> None:
    page = (reports / "report.html").read_text()
    assert "zoo-ran" in page, "the attacks did not reach the page, so nothing was tried"
    reader = Reader()
    reader.feed(page)
    assert not reader.handlers, f"would run: {reader.handlers[:3]}"
    foreign = [load for load in reader.loads if "x.png" in load or "=x" in load or "'x'" in load]
    assert not foreign, f"would load: {foreign[:3]}"
    assert not [script for script in reader.scripts if "zoo-ran" in script or "alert(" in script]


def test_junit_is_xml_without_markup_of_a_candidate(reports: Path) -> None:
    tree = ET.parse(reports / "junit.xml")  # noqa: S314  our own file
    tags = {element.tag for element in tree.iter()}
    assert not tags & {"script", "img", "svg"}, f"the elements are {tags}"
    told = ET.tostring(tree.getroot(), encoding="unicode")
    assert "zoo-ran" in told, "the attacks did not reach the file, so nothing was tried"


def test_no_control_character_reaches_a_terminal_or_a_report(
    results: Results, reports: Path
) -> None:
    screen = io.StringIO()
    print_leaderboard(results, Console(file=screen, width=140, force_terminal=False))
    for name, text in {
        "the terminal": screen.getvalue(),
        **{f.name: f.read_text() for f in reports.iterdir() if f.suffix in {".md", ".xml"}},
    }.items():
        found = [text[m.start() - 40 : m.end() + 20] for m in CONTROLS.finditer(text)]
        assert not found, f"{name} has {found[0]!r}"


def test_the_summary_has_no_link_and_no_image_of_a_candidate(reports: Path) -> None:
    summary = (reports / "summary.md").read_text()
    assert "](http" not in summary
    assert "](javascript" not in summary
    assert "<script" not in summary
