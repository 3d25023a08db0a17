"""Histories are values: what they say of themselves follows from their fields alone."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.conversation.messages import ErrorSeen, Opaque
from grader.history import Burst, CallSeen, Metrics, OpenPeriod, show, tell_all

BROKEN = ErrorSeen(
    type="ServiceFailure",
    bases=("ServiceFailure", "Exception", "BaseException"),
    dedicated=(),
    message="down",
    same=True,
    cause_changed=False,
    depth=3,
    numbers={},
)


def seen(**fields: object) -> CallSeen:
    return CallSeen(**{"number": 1, "asked_at": 0.0, **fields})  # type: ignore[arg-type]


OUTCOMES: list[tuple[CallSeen, str, str]] = [
    (seen(), "waiting", "waits inside the breaker"),
    (seen(entries=1, entered_at=0.0), "running", "is running"),
    (seen(how="raised", error=BROKEN), "rejected", "was rejected with ServiceFailure"),
    (seen(how="refused", value=False), "rejected", "was refused by the permit"),
    (seen(entries=1, how="raised", error=BROKEN), "failed", "ran and raised ServiceFailure"),
    (
        seen(entries=1, how="returned", value="t", own_result=True),
        "succeeded",
        "ran and returned its result",
    ),
    (seen(entries=1, how="returned", value=None), "", "ran and returned None"),
    (seen(how="returned", value=Opaque("Text")), "", "did not run and returned a Text object"),
]
KINDS = ("waiting", "running", "rejected", "failed", "succeeded")


@pytest.mark.parametrize(("call", "kind", "words"), OUTCOMES)
def test_a_call_is_one_thing_at_a_time_and_says_which(
    call: CallSeen, kind: str, words: str
) -> None:
    found = [name for name in KINDS if getattr(call, name)]
    assert found == ([kind] if kind else [])
    assert call.tell() == words


def test_a_result_that_is_not_its_own_is_no_success_even_if_it_ran() -> None:
    call = seen(entries=1, how="returned", value="forged")
    assert call.admitted
    assert not call.succeeded


def test_calls_with_the_same_outcome_are_told_once() -> None:
    running, waiting = OUTCOMES[1][0], OUTCOMES[0][0]
    told = tell_all([running, running, waiting, running])
    assert told == "2 × is running; waits inside the breaker; is running"


@pytest.mark.parametrize(
    ("low", "high", "figure"),
    [
        (9.9, 10.1, 10.0),
        (9.999, 10.0, 10.0),
        (39.2, 40.1, 40.0),
        (59.0, 60.3, 60.0),
        (0.0, 0.2, 0.2),
        (0.049, 0.0512, 0.05),
        (22.49, 22.52, 22.5),
        (999.0, 1001.0, 1000.0),
    ],
)
def test_an_open_period_between_two_polls_is_told_as_its_roundest_number(
    low: float, high: float, figure: float
) -> None:
    assert OpenPeriod(low=low, high=high).figure == figure


@given(st.floats(0, 1e12), st.floats(1e-6, 1e12))
@example(low=0.0, width=1e-6)
@example(low=99_999.0, width=1.0)
def test_the_figure_of_an_open_period_lies_between_its_polls(low: float, width: float) -> None:
    period = OpenPeriod(low=low, high=low + width)
    assert period.figure is not None
    inside = low - 1e-9 <= period.figure <= low + width + 1e-9
    assert inside, f"{period.figure} is not between {low} and {low + width}"


@given(st.floats(0, 1e6), st.floats(1e-3, 1e3), st.floats(0, 1e6), st.floats(0, 1e3))
def test_an_open_period_is_within_bounds_where_the_intervals_meet(
    low: float, width: float, least: float, more: float
) -> None:
    period, most = OpenPeriod(low=low, high=low + width), least + more
    meet = max(low, least) <= min(low + width, most)
    assert period.within(least, most) == meet


def test_a_breaker_that_never_let_a_call_in_has_no_figure() -> None:
    period = OpenPeriod(low=2_000.0, high=None)
    assert period.tell() == "more than 2000 s"
    assert not period.within(0, 1e9)


def test_metrics_tell_what_is_absent() -> None:
    told = Metrics(total=3, failures=0.0).tell()
    assert told == ("total 3, successes absent, failures 0, rejections absent, transitions absent")


def test_a_burst_tells_how_its_callers_stand() -> None:
    told = Burst(limit=1, callers=3, running=1, rejected=1, waiting=1).tell()
    assert told == (
        "of 3 callers 1 ran together, 1 were rejected at once and 1 waited inside the breaker"
    )


def test_values_are_shown_as_python_writes_them_and_objects_by_their_type() -> None:
    assert [show("a"), show(None), show(Opaque("Result"))] == ["'a'", "None", "a Result object"]
