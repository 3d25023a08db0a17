"""Scores: the rules by example, and their properties over any set of verdicts."""

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.errors import GraderError
from grader.results import Finding, Requirement
from grader.scoring import Rubric, Score, score
from grader.tests.results_helpers import REQUIREMENTS, RUBRIC, finding, passing
from grader.verdicts import Known, Level, Verdict

COUNTED = (Level.MUST, Level.SHOULD)


def test_the_reference_gets_exactly_ten() -> None:
    result = score(passing(), REQUIREMENTS, RUBRIC)
    assert (result.score, result.score_high, result.as_delivered) == (10.0, 10.0, 10.0)


def test_a_must_row_weighs_three_times_a_should_row() -> None:
    findings = passing() | {"bo-cap-offered": finding(Verdict.FAIL)}
    assert score(findings, REQUIREMENTS, RUBRIC).areas["backoff"].score == 0.75


def test_a_row_with_several_cases_counts_the_share_that_passed() -> None:
    findings = passing() | {"bo-first": finding(Verdict.FAIL, share=0.5)}
    assert score(findings, REQUIREMENTS, RUBRIC).areas["backoff"].score == (1.5 + 1) / 4


@pytest.mark.parametrize("verdict", [Verdict.ERROR, Verdict.BLOCKED])
@pytest.mark.parametrize("row", ["bo-first", "bo-cap-offered"])
def test_error_and_blocked_count_as_failed_whatever_the_level(verdict: Verdict, row: str) -> None:
    as_failed = score(passing() | {row: finding(Verdict.FAIL)}, REQUIREMENTS, RUBRIC)
    as_given = score(passing() | {row: finding(verdict, share=0.9)}, REQUIREMENTS, RUBRIC)
    assert as_given == as_failed


def test_unknown_makes_a_range() -> None:
    result = score(passing() | {"ho-limit": finding(Verdict.UNKNOWN)}, REQUIREMENTS, RUBRIC)
    assert result.score is not None
    assert result.score < 10.0
    assert result.score_high == 10.0


def test_an_informative_row_never_counts() -> None:
    findings = passing() | {"ho-hung-probe": finding(Verdict.FAIL)}
    assert score(findings, REQUIREMENTS, RUBRIC).score == 10.0


def test_an_area_out_of_the_denominator_leaves_its_weight_to_the_others() -> None:
    findings = passing() | {
        "bo-first": finding(Verdict.NOT_OFFERED),
        "bo-cap-offered": finding(Verdict.NOT_OFFERED),
        "ho-limit": finding(Verdict.FAIL),
    }
    result = score(findings, REQUIREMENTS, RUBRIC)
    assert "backoff" not in result.areas
    assert result.areas["half-open"].weight == 15, "the weight stays as the rubric has it"
    assert result.score == pytest.approx(10 * (15 + 2) / (15 + 15 + 2), abs=0.005)


def test_nothing_is_rounded_up_to_ten() -> None:
    many = {f"st-{number}": REQUIREMENTS["st-open-rejects"] for number in range(5000)}
    findings = {name: finding(Verdict.PASS) for name in many} | {"st-7": finding(Verdict.FAIL)}
    assert score(findings, many, RUBRIC).score == 9.99


def test_a_failed_row_that_claims_all_its_cases_is_still_not_flawless() -> None:
    findings = passing() | {"bo-first": finding(Verdict.FAIL, share=1.0)}
    assert score(findings, REQUIREMENTS, RUBRIC).score == 9.99


def test_what_is_not_delivered_whole_is_worth_nothing_as_delivered() -> None:
    result = score(passing(), REQUIREMENTS, RUBRIC, delivered_whole=False)
    assert (result.score, result.as_delivered) == (10.0, 0.0)


def test_where_no_row_counts_there_is_no_score() -> None:
    findings = {name: finding(Verdict.NOT_OFFERED) for name in REQUIREMENTS}
    assert score(findings, REQUIREMENTS, RUBRIC) == Score(
        score=None, score_high=None, as_delivered=None, attested=None, areas={}
    )


def test_points_of_attested_rows_are_told_apart() -> None:
    every = {
        name: msgspec.structs.replace(found, known=Known.ATTESTED)
        for name, found in passing().items()
    }
    assert score(every, REQUIREMENTS, RUBRIC).attested == 10.0, "all rows are attested"
    assert score(passing(), REQUIREMENTS, RUBRIC).attested == 0.0, "all rows are observed"
    failed = {name: finding(Verdict.FAIL) for name in every}
    assert score(failed, REQUIREMENTS, RUBRIC).attested == 0.0, "no row has passed"


def test_an_area_that_weighs_nothing_is_shown_and_does_not_count() -> None:
    rubric = msgspec.structs.replace(RUBRIC, areas=RUBRIC.areas | {"backoff": 0.0})
    result = score(passing() | {"bo-first": finding(Verdict.FAIL)}, REQUIREMENTS, rubric)
    assert result.score == 10.0
    assert result.areas["backoff"].score == 0.25


def test_a_finding_that_the_specification_does_not_have_is_our_mistake() -> None:
    with pytest.raises(GraderError, match="bo-typo"):
        score({"bo-typo": finding(Verdict.PASS)}, REQUIREMENTS, RUBRIC)


def test_an_area_that_the_rubric_does_not_have_is_our_mistake() -> None:
    rows = {"xx-new": Requirement(area="novel", level=Level.MUST, sentence="New.")}
    with pytest.raises(GraderError, match="novel"):
        score({"xx-new": finding(Verdict.PASS)}, rows, RUBRIC)


@dataclass(frozen=True)
class Case:
    """Any verdicts on any rows, under any weights."""

    findings: dict[str, Finding]
    requirements: dict[str, Requirement]
    rubric: Rubric

    def score(self) -> Score:
        return score(self.findings, self.requirements, self.rubric)

    def with_row(self, name: str, changed: Finding) -> Score:
        return score(self.findings | {name: changed}, self.requirements, self.rubric)


WEIGHTS = st.sampled_from([0.0, 0.1, 1.0, 2.5, 3.0, 15.0, 20.0]) | st.floats(0.001, 1000)
AREAS = tuple(RUBRIC.areas)[:4]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    areas = {area: draw(WEIGHTS) for area in AREAS}
    assume(any(areas.values()))
    levels = {Level.MUST: draw(st.floats(0.5, 10)), Level.SHOULD: draw(WEIGHTS)}
    names = [f"row-{number}" for number in range(draw(st.integers(1, 12)))]
    requirements = {
        name: Requirement(
            area=draw(st.sampled_from(AREAS)),
            level=draw(st.sampled_from(list(Level))),
            sentence="It holds.",
        )
        for name in names
    }
    findings = {
        name: finding(draw(st.sampled_from(list(Verdict))), share=draw(st.floats(0, 1)))
        for name in names
    }
    rubric = Rubric(areas=areas, levels=levels | {Level.INFORMATIVE: 0.0})
    return Case(findings, requirements, rubric)


def points(result: Score) -> tuple[float, float]:
    """The ends of the range; a score that does not exist is below every other."""
    low = -1.0 if result.score is None else result.score
    return low, -1.0 if result.score_high is None else result.score_high


@given(cases())
def test_scores_stay_in_bounds_and_high_is_never_below(case: Case) -> None:
    result = case.score()
    low, high = points(result)
    assert (low == -1.0 and high == -1.0) or 0.0 <= low <= high <= 10.0
    for area in result.areas.values():
        assert 0.0 <= area.score <= area.high <= 1.0


@given(cases(), st.data())
def test_turning_a_row_into_a_pass_never_lowers_a_score(case: Case, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(case.findings)))
    assume(case.findings[name].verdict is not Verdict.NOT_OFFERED)
    before, after = points(case.score()), points(case.with_row(name, finding(Verdict.PASS)))
    assert after[0] >= before[0]
    assert after[1] >= before[1]


@given(cases(), st.data())
def test_a_larger_share_never_lowers_a_score(case: Case, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(case.findings)))
    lesser, greater = sorted([data.draw(st.floats(0, 1)), data.draw(st.floats(0, 1))])
    before = points(case.with_row(name, finding(Verdict.FAIL, share=lesser)))
    after = points(case.with_row(name, finding(Verdict.FAIL, share=greater)))
    assert after >= before


@given(cases())
def test_ten_is_for_whom_every_counted_row_passed(case: Case) -> None:
    counted = [
        found
        for name, found in case.findings.items()
        if case.rubric.levels[case.requirements[name].level] > 0
        and case.rubric.areas[case.requirements[name].area] > 0
        and found.verdict is not Verdict.NOT_OFFERED
    ]
    result = case.score()
    flawless = bool(counted) and all(found.verdict is Verdict.PASS for found in counted)
    assert (result.score == 10.0) == flawless
    assert (result.score is None) == (not counted)


@given(cases())
def test_all_passed_is_ten_exactly_under_any_weights(case: Case) -> None:
    everything = {name: finding(Verdict.PASS) for name in case.findings}
    result = score(everything, case.requirements, case.rubric)
    assert result.score in (10.0, None)
    assert result.score == result.score_high


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_findings_does_not_show(case: Case, shuffler: object) -> None:
    names = list(case.findings)
    shuffler.shuffle(names)  # type: ignore[attr-defined]
    reordered = {name: case.findings[name] for name in names}
    assert score(reordered, case.requirements, case.rubric) == case.score()


@given(cases(), st.sampled_from(AREAS), st.sampled_from(COUNTED))
def test_a_row_that_is_not_offered_changes_nothing(case: Case, area: str, level: Level) -> None:
    more = case.requirements | {
        "optional": Requirement(area=area, level=level, sentence="It may be there.")
    }
    findings = case.findings | {"optional": finding(Verdict.NOT_OFFERED)}
    assert score(findings, more, case.rubric) == case.score()


@given(cases())
def test_the_range_is_a_point_where_nothing_is_unknown(case: Case) -> None:
    assume(all(found.verdict is not Verdict.UNKNOWN for found in case.findings.values()))
    result = case.score()
    assert result.score == result.score_high


@given(cases())
def test_the_upper_end_is_what_passing_the_unknown_rows_would_give(case: Case) -> None:
    hopeful = {
        name: finding(Verdict.PASS) if found.verdict is Verdict.UNKNOWN else found
        for name, found in case.findings.items()
    }
    assert score(hopeful, case.requirements, case.rubric).score == case.score().score_high
