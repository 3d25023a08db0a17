"""JUnit XML as GitLab and Jenkins read it."""

import xml.etree.ElementTree as ET

import pytest

from grader.report import render_junit
from grader.results import CandidateResult
from grader.tests.results_helpers import (
    HOSTILE,
    candidate,
    choosing,
    everyone,
    finding,
    hostile,
    not_gradable,
    passing,
    results,
    unsettled,
)
from grader.verdicts import Verdict


def parsed(*candidates: CandidateResult) -> ET.Element:
    return ET.fromstring(render_junit(results(*candidates)))  # noqa: S314 - our own document


def case_of(shown: CandidateResult, row: str) -> ET.Element:
    case = parsed(shown).find(f".//testcase[@name='{row}']")
    assert case is not None
    return case


def outcome(verdict: Verdict, row: str = "bo-first") -> ET.Element | None:
    """What a row with that verdict gets besides its test case."""
    findings = passing() | {row: finding(verdict, evidence="seen", because="de-breaker")}
    case = case_of(candidate("one", findings), row)
    return case[0] if len(case) else None


@pytest.mark.parametrize(
    ("verdict", "element", "kind"),
    [
        (Verdict.FAIL, "failure", "fail"),
        (Verdict.BLOCKED, "failure", "blocked"),
        (Verdict.ERROR, "error", "error"),
        (Verdict.UNKNOWN, "error", "unknown"),
        (Verdict.NOT_OFFERED, "skipped", None),
    ],
)
def test_each_verdict_has_its_element(verdict: Verdict, element: str, kind: str | None) -> None:
    found = outcome(verdict)
    assert found is not None
    assert (found.tag, found.get("type")) == (element, kind)
    assert "seen" in found.get("message", "")


def test_a_pass_has_none_and_what_was_seen_beside_it_is_output() -> None:
    assert len(case_of(candidate("one", passing()), "bo-first")) == 0
    found = outcome(Verdict.PASS)
    assert found is not None
    assert (found.tag, found.text) == ("system-out", "seen")


def test_an_informative_row_turns_nothing_red() -> None:
    found = outcome(Verdict.FAIL, "ho-hung-probe")
    assert found is not None
    assert found.tag == "skipped"


@pytest.mark.parametrize("shown", [choosing(), unsettled()])
def test_a_recorded_choice_is_skipped_with_what_was_seen(shown: CandidateResult) -> None:
    (element,) = case_of(shown, "ho-hung-probe")
    assert element.tag == "skipped"
    assert "probe" in element.get("message", "")
    (suite,) = parsed(shown)
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "1")


def test_a_blocked_row_names_its_prerequisite() -> None:
    found = outcome(Verdict.BLOCKED)
    assert found is not None
    assert found.get("message", "").startswith("blocked by de-breaker")


def test_a_case_is_named_by_candidate_area_and_requirement() -> None:
    case = parsed(candidate("one", passing())).find(".//testcase[@name='bo-first']")
    assert case is not None
    assert case.get("classname") == "one.backoff"


def test_the_counts_agree_with_the_cases() -> None:
    root = ET.fromstring(render_junit(everyone()))  # noqa: S314 - our own document
    for element in (root, *root.findall("testsuite")):
        assert element.get("tests") == str(len(element.findall(".//testcase")))
        for tag, attribute in (("failure", "failures"), ("error", "errors"), ("skipped",) * 2):
            assert element.get(attribute) == str(len(element.findall(f".//{tag}")))


def test_a_candidate_that_could_not_be_graded_is_an_error_with_its_reason() -> None:
    error = parsed(not_gradable()).find(".//error")
    assert error is not None
    assert error.get("message") == "empty.md: no Python in it"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_leaves_the_document_well_formed(text: str) -> None:
    tame, wild = parsed(hostile("harmless")), parsed(hostile(text))
    assert [element.tag for element in wild.iter()] == [element.tag for element in tame.iter()]


def test_no_control_character_is_left() -> None:
    document = render_junit(results(hostile("a\x00b\x1bc\udc80d\ufffee"))).decode("utf-8")
    assert r"a\x00b\x1bc\udc80d\ufffee" in document
