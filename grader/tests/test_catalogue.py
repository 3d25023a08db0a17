"""`grader requirements` prints every row that the specification holds, also the untested ones."""

import json
import re
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt
from rich.console import Console

from grader import scoring
from grader.catalogue import Entry, by_area, catalogue
from grader.cli import main
from grader.errors import GraderError
from grader.pytest_session import SPECIFICATION
from grader.report.requirements import print_requirements, requirements_markdown, summary
from grader.specification import INFORMATIVE, MUST, SHOULD, SOURCES, UNTESTED, untested
from grader.survey import requirement_tests

List = Callable[[str], None]


def requirements(*options: str) -> str:
    done = CliRunner().invoke(main, ["requirements", *options])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def listing() -> Iterator[List]:
    """List rows as untested, for one test."""
    before = dict(UNTESTED)
    UNTESTED.clear()
    yield lambda row: untested(
        row, INFORMATIVE, area="async", sentence="It runs on trio.", reason="No clock."
    )
    UNTESTED.clear()
    UNTESTED.update(before)


# --- the catalogue ------------------------------------------------------------------------


def test_it_holds_every_requirement_once_however_many_cases_it_has() -> None:
    tested = [entry.id for entry in catalogue() if not entry.untested]
    assert sorted(tested) == sorted(requirement_tests())


def test_areas_stand_together_as_the_rubric_has_them() -> None:
    areas = list(by_area(catalogue()))
    assert areas == [area for area in scoring.load().areas if area in areas]
    assert [entry.area for entry in catalogue()] == [
        area for area, rows in by_area(catalogue()).items() for _ in rows
    ]


def test_every_row_has_a_sentence_of_its_own() -> None:
    sentences = [entry.sentence for entry in catalogue()]
    assert all(sentence.endswith(".") for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


# --- untested rows ------------------------------------------------------------------------


def test_a_row_can_be_listed_as_untested_with_its_reason(listing: List) -> None:
    listing("as-trio")
    (row,) = (entry for entry in catalogue() if entry.untested)
    assert (row.id, row.area, row.known, row.untested) == ("as-trio", "async", None, "No clock.")
    (line,) = (line for line in requirements().splitlines() if line.startswith("as-trio"))
    assert line.split("\t") == [
        *("as-trio", "INFORMATIVE", "async", "untested", ""),
        "It runs on trio. Untested: No clock.",
    ]


def test_no_more_than_three_rows_may_be_untested(listing: List) -> None:
    for row in ("one", "two", "three"):
        listing(row)
    with pytest.raises(ValueError, match="four: at most 3"):
        listing("four")


def test_a_row_that_is_tested_cannot_be_listed_as_untested(listing: List) -> None:
    listing("st-open-rejects")
    with pytest.raises(GraderError, match="st-open-rejects"):
        catalogue()


def test_the_readme_of_the_specification_names_what_is_untested() -> None:
    readme = (SPECIFICATION / "README.md").read_text()
    assert [row for row in UNTESTED if row not in readme] == []


# --- how it is printed ----------------------------------------------------------------------

ENTRIES = (
    Entry(
        id="st-one",
        level=MUST,
        area="states",
        known=None,
        source="a|b",
        sentence="One [red]thing[/red] is so, " + "and so on, " * 20 + "to the end.",
    ),
    Entry(id="bo-two", level=SHOULD, area="backoff", known=None, source="", sentence="Two."),
)


def test_json_has_the_whole_catalogue() -> None:
    listed = json.loads(requirements("--format", "json"))
    assert [row["id"] for row in listed] == [entry.id for entry in catalogue()]
    assert all(row["known"] in {"observed", "attested", None} for row in listed)


def test_in_a_pipe_each_row_is_one_line_of_six_fields() -> None:
    lines = requirements().splitlines()
    assert len(lines) == len(catalogue())
    assert {line.count("\t") for line in lines} == {5}
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_in_a_terminal_it_wraps_and_takes_nothing_for_markup(width: int) -> None:
    written = StringIO()
    print_requirements(ENTRIES, Console(file=written, width=width, force_terminal=False))
    text = written.getvalue()
    assert max(map(len, text.splitlines())) <= width
    flat = " ".join(text.split())
    assert ENTRIES[0].sentence in flat
    assert "2 requirements: 1 MUST, 1 SHOULD" in flat


def test_markdown_has_a_table_for_each_area() -> None:
    areas, _, _ = requirements_markdown(ENTRIES).partition("## Sources")
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(areas)
    kinds = [token.type for token in tokens]
    assert kinds.count("table_open") == 2
    assert kinds.count("tr_open") == 4
    assert kinds.count("td_open") == 10, "a bar in a source opens no cell"


def test_the_summary_tells_how_many_are_untested() -> None:
    assert summary(ENTRIES) == "2 requirements: 1 MUST, 1 SHOULD"


def test_every_short_name_of_a_source_is_one_that_stands_for_something() -> None:
    """Two to four capitals are no word that says by itself what it is."""
    short = {
        name
        for entry in catalogue()
        for name in re.findall(r"\b[A-Z][A-Z0-9]{1,4}\b", entry.source)
    }
    assert short - SOURCES.keys() == set(), "these are explained nowhere"
    told = " ".join(entry.source for entry in catalogue())
    assert {name for name in SOURCES if name not in told} == set(), "no requirement names these"


def test_the_list_ends_with_what_its_sources_are() -> None:
    shown = StringIO()
    print_requirements(catalogue(), Console(file=shown, width=100))
    assert "AKKA  Akka's CircuitBreaker" in shown.getvalue()
    assert "| AKKA | Akka's CircuitBreaker" in requirements("--format", "markdown")
