"""What a test's exception says of the candidate, and what several cases say of a requirement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.cases import _WORST_FIRST, CUT_OFF, Case, finding, judge
from grader.conversation.failures import (
    Blocked,
    CandidateFailure,
    Died,
    Hung,
    Misspoke,
    NotOffered,
    Recorded,
    Unknown,
)
from grader.driver.lab import Refused
from grader.specification import Row
from grader.verdicts import Known, Level, Verdict

ROW = Row(
    id="ho-limit",
    level=Level.MUST,
    area="half-open",
    sentence="At most the configured number of probes run.",
    source="",
    known=Known.OBSERVED,
)


def judged(error: BaseException | None, *, cut_off: bool = False) -> Case:
    case = judge(ROW, "made", error, cut_off=cut_off)
    assert case is not None, f"{error!r} was taken for an error of ours"
    return case


@pytest.mark.parametrize(
    ("error", "verdict", "because"),
    [
        (None, Verdict.PASS, ""),
        (AssertionError("6 ran"), Verdict.FAIL, ""),
        (Blocked("ho-limit", "6 ran"), Verdict.FAIL, ""),
        (Blocked("st-open-rejects", "never opened"), Verdict.BLOCKED, "st-open-rejects"),
        (NotOffered("no limit"), Verdict.NOT_OFFERED, ""),
        (Unknown("the budget was spent"), Verdict.UNKNOWN, ""),
        (Recorded("a cancellation is neutral"), Verdict.PASS, ""),
        (Died("the worker process ended"), Verdict.ERROR, ""),
        (Hung("no reply before the deadline"), Verdict.ERROR, ""),
        (Misspoke("replied to another request"), Verdict.ERROR, ""),
    ],
)
def test_an_exception_stands_for_a_verdict(
    error: BaseException | None, verdict: Verdict, because: str
) -> None:
    case = judged(error)
    assert (case.verdict, case.because) == (verdict, because)
    assert case.evidence == ("" if error is None else str(error))


@pytest.mark.parametrize(
    "error", [TypeError("None"), KeyError("patterns"), RuntimeError("ours"), KeyboardInterrupt()]
)
def test_any_other_exception_is_an_error_of_ours_and_no_verdict(error: BaseException) -> None:
    assert judge(ROW, "made", error, cut_off=False) is None
    assert judge(ROW, "made", error, cut_off=True) is None


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (AssertionError("6 ran"), Verdict.BLOCKED),
        (Blocked("th-exact", "never opened"), Verdict.BLOCKED),
        (None, Verdict.PASS),
        (NotOffered("no limit"), Verdict.NOT_OFFERED),
        (Unknown("the budget was spent"), Verdict.UNKNOWN),
        (Died("the worker process ended"), Verdict.ERROR),
    ],
)
def test_what_a_function_that_is_cut_off_did_is_not_held_against_it(
    error: BaseException | None, verdict: Verdict
) -> None:
    case = judged(error, cut_off=True)
    assert case.verdict is verdict
    assert case.because == (CUT_OFF if verdict is Verdict.BLOCKED else "")


def test_an_answer_without_code_is_blocked_for_that_and_not_for_being_cut_off() -> None:
    assert judged(Blocked("de-code", "there is no Python code"), cut_off=True).because == "de-code"


@pytest.mark.parametrize(
    ("message", "evidence"),
    [
        ("6 ran, 1 may\nassert 6 == 1", "6 ran, 1 may"),
        ("assert 6 == 1", "6 == 1"),
        ("", "AssertionError"),
        ("x" * 2_000, "x" * 500),
    ],
)
def test_the_evidence_is_the_first_line_of_what_the_assertion_says(
    message: str, evidence: str
) -> None:
    assert judged(AssertionError(message)).evidence == evidence


def test_a_constructor_that_refuses_in_the_middle_of_a_test_is_no_verdict_by_itself() -> None:
    """The bench turns it into `unknown` where a scenario is played; a test never builds."""
    assert not issubclass(Refused, (AssertionError, Blocked, Unknown))


def cases(*verdicts: Verdict) -> list[Case]:
    return [
        Case(candidate="made", row=ROW, verdict=verdict, evidence=f"case {place}")
        for place, verdict in enumerate(verdicts)
    ]


def test_the_worst_case_is_the_finding_and_the_share_counts_what_was_offered() -> None:
    found = finding(cases(Verdict.PASS, Verdict.NOT_OFFERED, Verdict.FAIL, Verdict.PASS))
    assert (found.verdict, found.evidence, found.share) == (Verdict.FAIL, "case 2", 0.6667)


def test_what_is_offered_in_no_case_is_not_offered() -> None:
    found = finding(cases(Verdict.NOT_OFFERED, Verdict.NOT_OFFERED))
    assert (found.verdict, found.share) == (Verdict.NOT_OFFERED, 0.0)


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_a_requirement_passes_only_if_every_case_that_is_offered_does(
    verdicts: list[Verdict],
) -> None:
    found = finding(cases(*verdicts))
    assert found.verdict in verdicts
    offered = set(verdicts) - {Verdict.NOT_OFFERED}
    assert (found.verdict is Verdict.PASS) == (offered == {Verdict.PASS})
    assert 0 <= found.share <= 1
    assert (found.share == 1) == (offered == {Verdict.PASS})


def test_every_verdict_has_its_place_among_the_worst() -> None:
    assert sorted(_WORST_FIRST) == sorted(Verdict)


@pytest.mark.parametrize(
    ("failure", "of"),
    [(Hung("it"), "hang"), (Died("it"), "crash"), (Misspoke("it"), "protocol")],
)
def test_a_finding_tells_what_a_candidate_died_of(failure: CandidateFailure, of: str) -> None:
    found = finding([judged(failure)])
    assert (found.died_of, found.because) == (of, "")
