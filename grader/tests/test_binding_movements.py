"""Counts with names of their own are told by what moves them."""

from grader.binding.movements import Moment, find_by_movement

START = {"wins": 0, "blown": 0, "in_a_row": 0, "uptime": 1.5, "label": "x"}
STORY = (
    Moment({"successes": 1}, {"wins": 1, "blown": 0, "in_a_row": 0, "uptime": 1.5, "label": "x"}),
    Moment({"failures": 1}, {"wins": 1, "blown": 1, "in_a_row": 1, "uptime": 1.5, "label": "y"}),
    Moment({"successes": 1}, {"wins": 2, "blown": 1, "in_a_row": 0, "uptime": 1.5, "label": "z"}),
    Moment(
        {"failures": 2, "transitions": 1},
        {"wins": 2, "blown": 3, "in_a_row": 2, "uptime": 1.5, "label": "z", "flips": 1},
    ),
    Moment(
        {"rejections": 1},
        {"wins": 2, "blown": 3, "in_a_row": 2, "uptime": 1.5, "label": "z", "flips": 1, "no": 1},
    ),
)


def test_a_number_counts_what_it_moves_with_and_a_streak_counts_nothing() -> None:
    assert find_by_movement(START, STORY, {}) == {
        "successes": "wins",
        "failures": "blown",
        "rejections": "no",
        "transitions": "flips",
    }


def test_what_a_name_has_told_is_not_told_again() -> None:
    assert "failures" not in find_by_movement(START, STORY, {"failures": "in_a_row"})
    assert "failures" not in find_by_movement(START, STORY, {"total": "blown"})


def test_what_did_not_happen_is_not_told() -> None:
    assert find_by_movement({"still": 0}, [Moment({"successes": 1}, {"still": 0})], {}) == {}


def test_of_numbers_that_move_alike_the_one_that_lies_least_deep_is_taken() -> None:
    moments = [Moment({"successes": 2}, {"a.b.good": 2, "c.good": 2})]
    assert find_by_movement({}, moments, {}) == {"successes": "c.good"}


def test_what_counts_openings_alone_counts_transitions_where_nothing_counts_them_all() -> None:
    start = {"raised": 0, "level": 0, "lowered": 0}
    tripped = Moment({"transitions": 1, "trips": 1}, {"raised": 1, "level": 1, "lowered": 0})
    recovered = Moment({"transitions": 2}, {"raised": 1, "level": 0, "lowered": 1})
    assert find_by_movement(start, [tripped, recovered], {}) == {"transitions": "raised"}
    assert find_by_movement(start, [tripped], {}) == {"transitions": "level"}, "all there were"
