"""An audit as it is shown: in a terminal, as files, and as the table in the README."""

import html
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

import grader
from grader import defects
from grader.audit import AuditProgress, attacks, pages, truth
from grader.audit.model import Audit, Chapter, Setting, Table
from grader.audit.sections import correct_breakers
from grader.audit.sections.generated_mutants import generated
from grader.cli import main
from grader.errors import InputError
from grader.sandbox import Tier
from grader.survey import requirement_tests

README = Path(grader.__file__).resolve().parent.parent / "README.md"
EVIL = "<script>alert(1)</script> | \x1b[31m"


def an_audit(*problems: str, partial: bool = False) -> Audit:
    table = Table(title="Rows", columns=("a", "b"), rows=(("1", EVIL),))
    chapter = Chapter(
        name="things",
        title="Things",
        looked_at=3,
        unit="things",
        found="3 were found",
        problems=problems,
        notes=("What a thing is.",),
        tables=(table,),
    )
    return Audit(
        specification="abc",
        isolation="process",
        python="3.11",
        partial=partial,
        chapters=(chapter,),
        cpu_seconds=12.0,
    )


def test_json_has_everything() -> None:
    read = json.loads(pages.contents(an_audit("one is wrong"))["audit.json"])
    (chapter,) = read["chapters"]
    assert chapter["problems"] == ["one is wrong"]
    assert chapter["tables"][0]["rows"] == [["1", EVIL]]


@pytest.mark.parametrize("name", ["audit.html", "audit.md"])
def test_nothing_in_a_cell_acts(name: str) -> None:
    page = pages.contents(an_audit(EVIL))[name].decode()
    assert "<script" not in page
    assert "\x1b" not in page
    assert "alert(1)" in page, "it is shown"


def test_the_page_asks_nothing_of_a_network() -> None:
    page = html.unescape(pages.contents(an_audit())["audit.html"].decode())
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=", page)


def test_a_part_says_that_it_is_one() -> None:
    for name in ("audit.html", "audit.md"):
        assert "Only a part" in pages.contents(an_audit(partial=True))[name].decode()
        assert "Only a part" not in pages.contents(an_audit())[name].decode()


def test_the_terminal_shows_every_problem() -> None:
    out = io.StringIO()
    pages.show(an_audit("one is wrong", EVIL), Console(file=out, width=100))
    assert "one is wrong" in out.getvalue()
    assert "3 things" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_a_log_gets_a_line_now_and_then_with_rate_and_time() -> None:
    out = io.StringIO()
    with AuditProgress(Console(file=out)) as progress:
        progress.begins("things", 100)
        progress.finished("things", kept=True)
        for _ in range(99):
            progress.finished("things", kept=False)
    lines = out.getvalue().splitlines()
    assert 10 <= len(lines) <= 30
    assert re.fullmatch(r"\[100/100\] [\d.]+/s, 0 min to go", lines[-2])
    assert lines[-1] == "1 of 100 were kept from before."


# --- the README ---------------------------------------------------------------------------


def test_the_table_is_put_between_its_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"# A\n\n{pages.BEGIN}\nold\n{pages.END}\n\nafter\n")
    text = pages.put_into(readme, an_audit()).decode()
    assert text.startswith("# A\n")
    assert text.endswith("\n\nafter\n")
    assert "old" not in text
    assert "| 3 things | 3 were found | 0 |" in text
    readme.write_text(text)
    assert pages.put_into(readme, an_audit()).decode() == text


@pytest.mark.parametrize("times", [0, 2])
def test_a_readme_without_the_marks_is_refused(tmp_path: Path, times: int) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{pages.BEGIN}\n{pages.END}\n" * times or "# A\n")
    with pytest.raises(InputError, match="has to have"):
        pages.put_into(readme, an_audit())


def test_the_table_in_the_readme_is_of_the_present_defects_mutants_and_breakers() -> None:
    text = README.read_text()
    table = text[text.index(pages.BEGIN) : text.index(pages.END)]
    told = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    known = truth.load()
    setting = Setting(tier=Tier.PROCESS)
    assert told[2:] == [
        f"{len(defects.load_all())} named defects",
        f"{len(generated())} mutants",
        f"{len(correct_breakers.items(setting))} correct breakers",
        f"{len(requirement_tests())} requirements",
        f"{len(known.cells()) + len(known.deviations)} observations",
        f"{2 * len(attacks.load())} attacks on a tier",
    ], "`grader audit --readme README.md` makes it anew"


# --- the command --------------------------------------------------------------------------


def test_an_unknown_name_is_wrong_usage(tmp_path: Path) -> None:
    ran = CliRunner().invoke(main, ["audit", "nonsense", "--out", str(tmp_path)])
    assert ran.exit_code == InputError.exit_status
    assert "'nonsense' is neither a section (defects, mutants," in ran.output
    assert len(ran.output.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit-kept.sqlite"]


def test_only_a_whole_audit_goes_into_the_readme(tmp_path: Path) -> None:
    arguments = ["audit", "reach", "--readme", "README.md", "--out", str(tmp_path)]
    ran = CliRunner().invoke(main, arguments)
    assert ran.exit_code == InputError.exit_status
    assert "name nothing" in ran.output
