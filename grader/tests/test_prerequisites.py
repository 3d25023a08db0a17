"""What fails for another's sake says so, and what fails by itself stays failed."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spec_tests.prerequisites  # noqa: F401  fills the table
from grader import defects
from grader.catalogue import catalogue
from grader.prerequisites import cycle, explained
from grader.results import Finding
from grader.specification import PREREQUISITES
from grader.survey import findings, requirement_tests
from grader.verdicts import Known, Level, Verdict

NEEDS = {"b": ("a",), "c": ("b",), "d": ("x", "a")}


def found(verdict: str, because: str = "", share: float = 0.0) -> Finding:
    return Finding(
        verdict=Verdict(verdict),
        level=Level.MUST,
        known=Known.OBSERVED,
        evidence="seen",
        because=because,
        share=share,
    )


def told(findings: Mapping[str, Finding]) -> dict[str, str]:
    """Return what became of each row, in short."""
    return {
        row: f"{f.verdict} by {f.because}" if f.because else str(f.verdict)
        for row, f in explained(findings, NEEDS).items()
    }


@pytest.mark.parametrize("verdict", ["fail", "error"])
def test_a_failure_is_blocked_by_what_it_needs_and_keeps_its_evidence(verdict: str) -> None:
    findings = {"a": found("fail"), "b": found(verdict)}
    assert told(findings) == {"a": "fail", "b": "blocked by a"}
    assert explained(findings, NEEDS)["b"].evidence == "seen"


def test_the_root_is_named_over_others_that_fail_or_hold() -> None:
    assert told({"a": found("fail"), "b": found("fail"), "c": found("fail")})["c"] == "blocked by a"
    assert told({"a": found("fail"), "b": found("pass"), "c": found("fail")})["c"] == "blocked by a"


def test_a_root_that_is_blocked_itself_hands_on_what_blocks_it() -> None:
    findings = {"a": found("blocked", "z"), "z": found("fail"), "b": found("fail")}
    assert told(findings)["b"] == "blocked by z"
    assert told({"a": found("blocked", "cut off"), "b": found("fail")})["b"] == "blocked by a"


@pytest.mark.parametrize("verdict", ["pass", "not offered", "unknown"])
def test_what_did_not_fail_stays_as_it_is(verdict: str) -> None:
    assert told({"a": found("fail"), "b": found(verdict)})["b"] == verdict


def test_a_failure_whose_prerequisites_hold_or_were_not_judged_stays_failed() -> None:
    assert told({"a": found("pass"), "b": found("fail")})["b"] == "fail"
    assert told({"a": found("unknown"), "b": found("fail")})["b"] == "fail"
    assert told({"b": found("fail")})["b"] == "fail"


def test_a_failure_in_some_cases_alone_stays_failed() -> None:
    assert told({"a": found("fail"), "b": found("fail", share=0.5)})["b"] == "fail"


def test_what_is_blocked_by_a_row_that_holds_is_put_down_to_what_does_not() -> None:
    findings = {"a": found("fail"), "x": found("pass"), "d": found("blocked", "x")}
    assert told(findings)["d"] == "blocked by a"
    findings["a"] = found("pass")
    assert told(findings)["d"] == "blocked by x", "nothing better is known"


ROWS = ("a", "b", "c", "d", "x")


@given(
    st.dictionaries(
        st.sampled_from(ROWS),
        st.builds(
            found,
            st.sampled_from([str(v) for v in Verdict]),
            st.sampled_from(["", *ROWS]),
            st.sampled_from([0.0, 0.5]),
        ),
    )
)
def test_a_row_that_is_put_down_to_another_is_put_down_to_one_that_does_not_hold(
    findings: dict[str, Finding],
) -> None:
    for row, after in explained(findings, NEEDS).items():
        if after != findings[row]:
            root = findings[after.because]
            assert root.verdict in {"fail", "error", "blocked"}, f"{row} by {after.because}: {root}"
            assert findings[row].verdict in {"fail", "error", "blocked"}


# --- two at once ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("state_on_the_class", "trips_one_late"),
        ("open_lets_through", "metrics_handed_out_live"),
        ("cancellation_is_success", "fixed_delay"),
        ("half_open_unlimited", "backoff_survives_recovery"),
    ],
)
def test_two_independent_defects_in_one_breaker_both_show(one: str, other: str) -> None:
    known = {defect.id: defect for defect in defects.load_all()}
    first, second = known[one], known[other]
    both = msgspec.structs.replace(first, replace=first.replace + second.replace)
    tests = requirement_tests()
    judged = {first.kills, second.kills, *PREREQUISITES.get(second.kills, ())}
    seen = findings(both, select=" or ".join(tests[row] for row in sorted(judged)))
    for row in (first.kills, second.kills):
        assert seen[row].verdict == Verdict.FAIL, f"{row} of {one} and {other}: {seen[row]}"


# --- the table ------------------------------------------------------------------------------


def test_the_table_names_requirements_that_exist_and_goes_in_no_circle() -> None:
    known = {entry.id for entry in catalogue()}
    named = {row for row, needed in PREREQUISITES.items() for row in (row, *needed)}
    assert named - known == set()
    assert cycle(PREREQUISITES) == []


def test_a_circle_is_found() -> None:
    assert cycle({"a": ("b",), "b": ("c",), "c": ("a",)}) == ["a", "b", "c", "a"]
    assert cycle(NEEDS) == []
