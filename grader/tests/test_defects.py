import ast
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from grader import defects
from grader.candidate import Candidate
from grader.defects import Defect
from grader.errors import InputError
from grader.results import Finding
from grader.survey import (
    NOTICED,
    STANDS,
    Findings,
    findings,
    judge,
    pool,
    requirement_tests,
    scored_requirements,
)
from grader.verdicts import Known, Level, Verdict

FILES = defects.defect_files()
WHOLE = """
name = "A defect"
sentence = "Something is wrong."
kills = "th-exact"
"""
CHANGE = "[[replace]]\nold = '''\nimport threading\n'''\nnew = '''\nimport threading as t\n'''\n"

Noticed = Callable[[str], Findings]


@pytest.fixture(scope="session")
def own_findings(request: pytest.FixtureRequest) -> Iterator[Noticed]:
    """Grade the defects of the selected tests by their own requirements, on every core."""
    chosen = {
        path
        for item in request.session.items
        if isinstance(item, pytest.Function) and "own_findings" in item.fixturenames
        if isinstance(path := item.callspec.params["path"], Path)
    }
    tests = requirement_tests()
    with pool() as processes:
        futures: dict[str, Future[dict[str, Finding]]] = {}
        for defect in map(defects.load, sorted(chosen)):
            select = tests.get(defect.kills, defect.kills)
            futures[defect.id] = processes.submit(findings, defect, select)
        yield lambda name: futures[name].result()
        processes.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def reference() -> Candidate:
    return defects.reference()


# --- the defects --------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_defect_dies_by_its_own_requirement(path: Path, own_findings: Noticed) -> None:
    defect = defects.load(path)
    found = own_findings(defect.id).get(defect.kills)
    assert found is not None, f"there is no requirement {defect.kills}"
    assert found.verdict in NOTICED, f"{found.verdict}: {found.evidence}"
    assert found.evidence


def test_every_requirement_has_a_defect() -> None:
    killed = {defect.kills for defect in defects.load_all()}
    assert scored_requirements() - killed == set()


def test_every_row_a_defect_names_is_a_requirement() -> None:
    named = {row for defect in defects.load_all() for row in (defect.kills, *defect.also)}
    assert named - set(requirement_tests()) == set()


def test_defects_are_built_like_the_reference(reference: Candidate) -> None:
    for defect in defects.load_all():
        built = defects.build(defect, reference)
        assert (built.id, built.kind) == (defect.id, reference.kind)
        assert built.provenance == "defect"


def test_a_defect_is_python_unless_being_cut_off_is_the_defect(reference: Candidate) -> None:
    for defect in defects.load_all():
        if defect.kills != "de-complete":
            for file in defects.build(defect, reference).files:
                ast.parse(file.delivered)


# --- reading ------------------------------------------------------------------------------


def written(folder: Path, toml: str, name: str = "some_defect.toml") -> Path:
    path = folder / name
    path.write_text(toml)
    return path


def test_a_replacement_changes_the_main_module_alone(tmp_path: Path, reference: Candidate) -> None:
    defect = defects.load(written(tmp_path, WHOLE + CHANGE))
    main, *others = defects.build(defect, reference).files
    assert "import threading as t\n" in main.text
    assert [file.text for file in others] == [file.text for file in reference.files[1:]]


def test_another_file_can_be_replaced_as_a_whole(tmp_path: Path, reference: Candidate) -> None:
    toml = WHOLE + '[[replace]]\nfile = "example.py"\nnew = "print()\\n"\n'
    built = defects.build(defects.load(written(tmp_path, toml)), reference)
    assert {file.path: file.text for file in built.files}["example.py"] == "print()\n"
    assert {file.path: file.role for file in built.files}["example.py"] == "example"


def test_a_defect_can_be_a_whole_answer(tmp_path: Path, reference: Candidate) -> None:
    toml = WHOLE + "answer = '''\n# An answer\n\n```python\nx = 1\n```\n'''\n"
    built = defects.build(defects.load(written(tmp_path, toml)), reference)
    assert [file.text for file in built.files] == ["x = 1\n"]


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("name =", "not TOML"),
        ('name = "A defect"', "missing required field"),
        (WHOLE, "neither replace nor answer"),
        (WHOLE + 'answer = "x"\n' + CHANGE, "both replace and answer"),
        (WHOLE + "loud = true\n" + CHANGE, "unknown field `loud`"),
        (WHOLE + 'id = "x"\n' + CHANGE, "unknown key 'id'"),
        (WHOLE + CHANGE + "more = 1\n", "unknown field `more`"),
        (WHOLE + 'also = "th-exact"\n' + CHANGE, "Expected `array`"),
        (WHOLE + 'also = ["th-exact"]\n' + CHANGE, "need not stand in also"),
        (WHOLE.replace("A defect", " ") + CHANGE, "name is empty"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, toml: str, problem: str) -> None:
    path = written(tmp_path, toml)
    with pytest.raises(InputError) as caught:
        defects.load(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: ")
    assert problem in told
    assert len(told.splitlines()) == 1


def test_a_name_that_is_no_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="may have letters"):
        defects.load(written(tmp_path, WHOLE + CHANGE, "some defect.toml"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("old = 'never there'\nnew = ''", "replace 1: `old` occurs 0 times in circuit_breaker.py"),
        ("old = 'self'\nnew = ''", "times in circuit_breaker.py, not once"),
        ("old = 'import threading'\nnew = 'import threading'", "`old` and `new` are the same"),
        ("file = 'else.py'\nnew = ''", "'else.py' is none of circuit_breaker.py, example.py"),
    ],
)
def test_a_replacement_that_does_not_fit_is_refused(
    tmp_path: Path, reference: Candidate, change: str, problem: str
) -> None:
    defect = defects.load(written(tmp_path, WHOLE + "[[replace]]\n" + change + "\n"))
    with pytest.raises(InputError) as caught:
        defects.build(defect, reference)
    assert str(caught.value).startswith("some_defect: replace 1: ")
    assert problem in str(caught.value)


# --- judging ------------------------------------------------------------------------------


def found(verdict: Verdict, because: str = "") -> Finding:
    return Finding(verdict=verdict, level=Level.MUST, known=Known.OBSERVED, because=because)


def a_defect(*also: str) -> Defect:
    return Defect(id="d", name="D", sentence="S", kills="own", also=also, answer="A")


def kinds(defect: Defect, **rows: Finding) -> dict[str, str]:
    return {fall.row: fall.kind for fall in judge(defect, rows).falls}


def test_rows_fall_as_its_own_as_named_or_as_strays() -> None:
    rows = {name: found(Verdict.FAIL) for name in ("own", "named", "other")}
    assert kinds(a_defect("named"), **rows, fine=found(Verdict.PASS)) == {
        "own": "own",
        "named": "also",
        "other": "stray",
    }


def test_a_blocked_row_follows_what_blocks_it() -> None:
    blocked = kinds(
        a_defect(),
        own=found(Verdict.FAIL),
        near=found(Verdict.BLOCKED, "own"),
        far=found(Verdict.BLOCKED, "near"),
        lost=found(Verdict.BLOCKED, "elsewhere"),
        circle=found(Verdict.BLOCKED, "circle"),
    )
    assert blocked == {
        "own": "own",
        "near": "follows",
        "far": "follows",
        "lost": "stray",
        "circle": "stray",
    }


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_defect_survives_what_does_not_notice_it(verdict: Verdict) -> None:
    outcome = judge(a_defect(), {"own": found(verdict)})
    assert outcome.survived == (verdict not in {Verdict.FAIL, Verdict.ERROR})
    assert [fall.kind for fall in outcome.falls] == ([] if verdict in STANDS else ["own"])


def test_a_named_row_that_stands_is_told() -> None:
    outcome = judge(a_defect("named"), {"own": found(Verdict.FAIL), "named": found(Verdict.PASS)})
    assert outcome.idle == ("named",)
    assert not outcome.clean
