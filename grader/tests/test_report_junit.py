"""JUnit XML as GitLab and Jenkins read it."""

import xml.etree.ElementTree as ET

import pytest

from grader.report import render_junit
from grader.results import CandidateResult
from grader.tests.results_helpers import (
    HOSTILE,
    candidate,
    everyone,
    finding,
    hostile,
    not_gradable,
    passing,
    results,
)
from grader.verdicts import Verdict


def parsed(*candidates: CandidateResult) -> ET.Element:
    return ET.fromstring(render_junit(results(*candidates)))  # noqa: S314 - our own document


def outcome(verdict: Verdict, row: str = "bo-first") -> ET.Element | None:
    """What a row with that verdict gets besides its test case."""
    findings = passing() | {row: finding(verdict, evidence="seen", because="de-breaker")}
    case = parsed(candidate("one", findings)).find(f".//testcase[@name='{row}']")
    assert case is not None
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


def test_a_pass_has_none() -> None:
    assert outcome(Verdict.PASS) is None


def test_an_informative_row_turns_nothing_red() -> None:
    found = outcome(Verdict.FAIL, "ho-hung-probe")
    assert found is not None
    assert found.tag == "skipped"


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
