"""Mutants: what they are, how they are named, and what explains one."""

import ast
from pathlib import Path

import pytest

from grader import defects
from grader.answers import assembly
from grader.audit import explained, killing
from grader.audit.mutants import Mutant, build, mutants
from grader.audit.sections.generated_mutants import generated
from grader.candidate import Candidate
from grader.errors import InputError

SOURCE = '''\
from __future__ import annotations


def limit(value: int | None = 3) -> int | None:
    """Return 1 or less."""
    if value is not None and value > 1:
        return value - 1
    return value
'''


def a_candidate(source: str = SOURCE) -> Candidate:
    file = assembly.source_file("limits.py", source)
    return assembly.from_files([file], id="limits", name="Limits", main="limits")


def text_of(candidate: Candidate) -> str:
    return candidate.files[0].text


# --- what they are ------------------------------------------------------------------------


def test_a_mutant_is_changed_in_one_place_and_compiles() -> None:
    base = a_candidate()
    made = mutants(base)
    assert len(made) > 20
    for mutant in made:
        changed = text_of(build([mutant], base))
        ast.parse(changed)
        before, after = SOURCE.splitlines(), changed.splitlines()
        differing = [
            n for n, pair in enumerate(zip(before, after, strict=True)) if len({*pair}) > 1
        ]
        assert differing == [mutant.line - 1], mutant.id


def test_neither_annotations_nor_docstrings_make_a_mutant() -> None:
    base = a_candidate()
    for mutant in mutants(base):
        changed = text_of(build([mutant], base))
        assert "value: int | None" in changed, mutant.id
        assert "-> int | None:" in changed, mutant.id
        assert '"""Return 1 or less."""' in changed, mutant.id


def test_no_two_mutants_are_the_same_program() -> None:
    base = a_candidate()
    made = mutants(base)
    assert len({text_of(build([mutant], base)) for mutant in made}) == len(made)
    assert len({mutant.id for mutant in made}) == len(made)


def test_mutants_come_in_the_same_order_with_the_same_names_every_time() -> None:
    assert mutants(a_candidate()) == mutants(a_candidate())
    lines = [mutant.line for mutant in mutants(a_candidate())]
    assert lines == sorted(lines)


def test_what_a_mutant_is_explained_by_does_not_depend_on_the_lines_above() -> None:
    above = SOURCE.replace("\n\n\ndef", "\n\nimport math\n\n\ndef")
    assert {m.key for m in mutants(a_candidate())} == {m.key for m in mutants(a_candidate(above))}


def test_a_mutant_knows_the_function_that_holds_it() -> None:
    assert {mutant.function for mutant in mutants(a_candidate())} == {"limit"}


def test_the_reference_gives_more_than_three_hundred() -> None:
    made = generated()
    assert len(made) >= 300
    assert {mutant.file for mutant in made} == {"circuit_breaker.py", "example.py"}


# --- several at once ----------------------------------------------------------------------


def test_mutants_of_other_lines_can_stand_together() -> None:
    base = a_candidate()
    made = mutants(base)
    first = next(mutant for mutant in made if mutant.line == 6)
    second = next(mutant for mutant in made if mutant.line == 4)
    both = text_of(build([first, second], base)).splitlines()
    assert " ".join(both[5].split()) == first.after
    assert " ".join(both[3].split()) == second.after


def test_groups_hold_every_mutant_once_and_none_beside_another() -> None:
    made = list(generated())
    groups = killing.groups(made)
    assert sorted(m.id for group in groups for m in group) == sorted(m.id for m in made)
    for group in groups:
        for mutant in group:
            assert not any(mutant.touches(other) for other in group if other is not mutant)
    ast.parse(build(groups[0], defects.reference()).files[0].text)


# --- the order of requirements ------------------------------------------------------------


def test_requirements_that_notice_a_defect_near_by_are_asked_first() -> None:
    base = defects.reference()
    known = killing.places(defects.load_all(), base)
    assert {place.file for place in known} == {"circuit_breaker.py", "example.py"}
    jitter = next(m for m in generated() if "random.random()" in m.before)
    first = [test.row.id for test in killing.ordered([jitter], known)][:12]
    assert any(row.startswith("bo-jitter") for row in first), first


# --- explanations -------------------------------------------------------------------------

ENTRY = """
[[explained]]
file = "limits.py"
function = "limit"
before = "return value - 1"
after = ["return value + 1"]
kind = "permitted"
because = "Either is fine."
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "explained.toml"
    path.write_text(text)
    return path


def test_an_explanation_is_found_by_the_code_it_is_about(tmp_path: Path) -> None:
    entries = explained.load(written(tmp_path, ENTRY))
    found = {m.after: explained.of(m, entries) for m in mutants(a_candidate())}
    assert [after for after, reason in found.items() if reason] == ["return value + 1"]
    assert explained.stale(entries, mutants(a_candidate())) == []


def test_an_explanation_of_what_is_no_longer_there_is_stale(tmp_path: Path) -> None:
    entries = explained.load(written(tmp_path, ENTRY.replace("+ 1", "+ 2")))
    (line,) = explained.stale(entries, mutants(a_candidate()))
    assert "no such mutant any more: in limit, 'return value - 1' as 'return value + 2'" in line


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[[explained]", "Expected"),
        (ENTRY.replace("permitted", "harmless"), "Invalid enum value 'harmless'"),
        (ENTRY.replace("Either is fine.", " "), "`because` is empty"),
        (ENTRY + ENTRY, "explained 2 times: 'return value - 1' as 'return value + 1'"),
        (ENTRY + "loud = true\n", "unknown field `loud`"),
    ],
)
def test_a_bad_file_of_explanations_is_refused_in_one_line(
    tmp_path: Path, toml: str, problem: str
) -> None:
    path = written(tmp_path, toml)
    with pytest.raises(InputError) as caught:
        explained.load(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: ")
    assert problem in told
    assert len(told.splitlines()) == 1


def test_every_explanation_is_of_a_mutant_of_the_reference() -> None:
    assert explained.stale(explained.load(), generated()) == []


def test_what_is_explained_and_noticed_all_the_same_is_found_among_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = mutants(a_candidate())[:5]
    guilty = made[3]

    def kill(together: list[Mutant], *_: object) -> killing.Death:
        return killing.Death(row="th-exact" if guilty in together else "", judged=1)

    monkeypatch.setattr(killing, "kill", kill)
    found = killing.noticed(made, a_candidate(), (), None)  # type: ignore[arg-type]
    assert list(found) == [guilty.id]
