"""A hand-written `[binding]` is laid over what was found, entry by entry."""

from typing import Any

import pytest

from grader.binding.model import Accessor, Argument, Binding, Constructor, Surface
from grader.binding.override import override, settings_of
from grader.errors import InputError

FOUND = Binding(
    constructor=Constructor(
        call="made:Breaker", arguments=(Argument(name="strikes", concept="threshold"),)
    ),
    surfaces=(Surface(style="call", mode="async", name="run"),),
    state=Accessor(path=("state",)),
    counts={"failures": "failed", "successes": "good"},
    sure=False,
    doubts=("the constructor refused every setting",),
)


def test_nothing_written_changes_nothing() -> None:
    assert override(FOUND, {}) is FOUND


def test_a_hand_written_entry_settles_the_doubts() -> None:
    bound = override(FOUND, {"state": "status.name"})
    assert (bound.state, bound.sure, bound.doubts) == (
        Accessor(path=("status", "name")),
        True,
        (),
    )


def test_settings_alone_settle_no_doubt() -> None:
    assert override(FOUND, {"settings": {"jitter": 0.2}}) is FOUND


def test_a_count_is_put_beside_those_that_were_found() -> None:
    bound = override(FOUND, {"counts": {"rejections": "blocked", "failures": "errors"}})
    expected = {"failures": "errors", "successes": "good", "rejections": "blocked"}
    assert bound.counts == expected


def test_a_parameter_takes_the_place_of_the_found_one() -> None:
    bound = override(FOUND, {"parameters": {"threshold": "max_strikes"}})
    assert bound.parameters == {"threshold": "max_strikes"}


def test_another_class_begins_without_the_arguments_of_the_found_one() -> None:
    bound = override(FOUND, {"class": "Other"})
    assert bound.constructor == Constructor(call="made:Other")


def test_a_call_is_tried_before_those_that_were_found() -> None:
    bound = override(FOUND, {"call": {"style": "context", "mode": "sync", "name": "guard"}})
    assert bound.surfaces[0] == Surface(style="context", mode="sync", name="guard")
    assert bound.surfaces[1:] == FOUND.surfaces


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"clas": "X"}, "no key 'clas'"),
        ({"call": {"style": "call"}}, r"missing required field `mode` - at `\$.call`"),
        ({"call": 5}, r"got `int` - at `\$.call`"),
        ({"counts": 5}, r"got `int` - at `\$.counts`"),
        ({"parameters": {"threshold": 5}}, r"got `int` - at `\$.parameters"),
        ({"reset": 5}, r"got `int` - at `\$.reset`"),
    ],
)
def test_what_is_no_binding_is_refused_in_one_line(written: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        override(FOUND, written)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (0.2, r"got `float` - at `\$.settings`"),
        ({"jiter": 0.2}, "no 'jiter'"),
        ({"jitter": "much"}, r"got `str` - at `\$.settings"),
        ({"threshold": float("nan")}, "no number that could be set"),
    ],
)
def test_what_is_no_setting_is_refused_in_one_line(settings: object, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        settings_of({"settings": settings})
    assert len(str(caught.value).splitlines()) == 1
