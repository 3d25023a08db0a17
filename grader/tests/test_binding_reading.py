"""What names say: units, concepts, states, counts, and which parameters a source really reads."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.binding import vocabulary as v
from grader.binding.counts import find_counts, read_count
from grader.binding.reading import unread_parameters
from grader.binding.state import CLOSED, HALF_OPEN, OPEN, as_state, raw_state, state_of
from grader.candidate import Candidate, SourceFile
from grader.tests.driver_helpers import candidate_of

# --- vocabulary -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "normal", "unit"),
    [
        ("recovery_timeout", "recoverytimeout", 1.0),
        ("recoveryTimeout", "recoverytimeout", 1.0),
        ("recovery_timeout_seconds", "recoverytimeout", 1.0),
        ("recovery_timeout_ms", "recoverytimeout", 0.001),
        ("open_duration_millis", "openduration", 0.001),
        ("open_ms_max", "openmsmax", 0.001),
        ("status", "status", 1.0),
        ("items", "items", 1.0),
    ],
)
def test_a_name_is_compared_without_case_underscores_and_unit(
    name: str, normal: str, unit: float
) -> None:
    assert (v.normal(name), v.unit(name)) == (normal, unit)


@given(st.text(string.ascii_letters + "_", max_size=40))
def test_a_normal_name_stays_as_it_is(name: str) -> None:
    normal = v.normal(name)
    assert "_" not in normal
    assert normal == v.normal(normal)


@pytest.mark.parametrize("concept", sorted(v.PARAMETERS))
def test_every_listed_name_is_found_however_it_is_spelled(concept: str) -> None:
    names = v.PARAMETERS[concept]
    for name in names:
        spellings = (name, name.upper(), f"{name[0]}_{name[1:]}", f"{name}_seconds")
        ranks = {v.match(spelling, names) for spelling in spellings}
        assert ranks == {names.index(name)}, f"{name} was found at {ranks}"


@pytest.mark.parametrize(
    ("name", "concept"),
    [
        ("max_open_seconds", "cap"),
        ("longest_wait", "cap"),
        ("maxConsecutiveFails", "threshold"),
        ("errors_allowed", "threshold"),
        ("first_cooldown", "base"),
        ("probes_allowed_while_half_open", "limit"),
        ("successes_needed", "successes"),
        ("backoff_growth_rate", "multiplier"),
        ("randomness_of_delay", "jitter"),
        ("failure_percent_limit", "rate"),
    ],
)
def test_an_unlisted_name_is_guessed_by_what_it_sounds_like(name: str, concept: str) -> None:
    assert v.resembles(name) == concept


@pytest.mark.parametrize(
    "name", ["request_timeout_window", "log_failures", "latency_threshold", "verbose", "retries"]
)
def test_a_name_that_misleads_or_says_nothing_is_not_guessed(name: str) -> None:
    assert v.resembles(name) is None


@given(st.text(max_size=60))
def test_any_name_can_be_asked_for(name: str) -> None:
    v.resembles(name)
    v.match(name, v.CALLS)


# --- states -----------------------------------------------------------------------------------

WORDS = {
    CLOSED: ("closed", "CLOSED", "CircuitState.CLOSED", "Closed", "healthy", "normal"),
    OPEN: ("open", "OPEN", "opened", "State.OPEN", "tripped", "broken"),
    HALF_OPEN: ("half_open", "HALF-OPEN", "Half Open", "halfOpen", "HalfOpenState", "recovering"),
}


@pytest.mark.parametrize(("word", "state"), [(w, s) for s, words in WORDS.items() for w in words])
def test_a_state_is_known_by_its_word(word: str, state: str) -> None:
    assert state_of(word) == state
    assert as_state({"": word}, {}) == state
    assert as_state({"state": word, "name": "inventory"}, {}) == state


def test_a_state_that_was_learnt_goes_before_its_word() -> None:
    assert as_state({"": 2}, {"2": HALF_OPEN}) == HALF_OPEN
    assert as_state({"": "open"}, {"open": CLOSED}) == CLOSED, "an open valve lets through"


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text())
def test_anything_can_be_asked_for_its_state(raw: object) -> None:
    assert as_state({"": raw}, {}) in {CLOSED, OPEN, HALF_OPEN, None}
    assert raw_state({"": raw}) == str(raw)


# --- counts -----------------------------------------------------------------------------------


def test_counts_are_found_by_their_names_wherever_they_stand() -> None:
    flat = {
        "stats.total_calls": 9,
        "stats.successes": 5,
        "stats.failed_calls": 3,
        "stats.rejected": 1,
        "stats.state_changes.#": 2,
        "state": "open",
    }
    assert find_counts(flat) == {
        "total": "stats.total_calls",
        "successes": "stats.successes",
        "failures": "stats.failed_calls",
        "rejections": "stats.rejected",
        "transitions": "stats.state_changes.#",
        "state": "state",
    }


def test_counts_beside_a_breakers_own_fields_may_be_streaks_and_are_left_out() -> None:
    flat = {"failure_count": 2, "success_count": 0, "total_failures": 7}
    assert find_counts(flat, of_breaker=True) == {"failures": "total_failures"}
    assert find_counts({"failure_count": 2}, of_breaker=True) == {}


def test_a_count_of_opening_is_one_beside_a_count_of_closing() -> None:
    assert find_counts({"c.open": 1, "c.close": 0, "c.failed": 3})["transitions"] == "c.open"
    assert find_counts({"on_open": 1, "on_close": 0})["transitions"] == "on_open"
    for by_state in ({"c.open": 1, "c.closed": 0}, {"c.open": 1.0, "c.close": 0.5}, {"open": 1}):
        assert "transitions" not in find_counts(by_state), f"of {by_state}"


def test_the_place_with_most_of_the_counts_is_taken() -> None:
    flat = {"failures": 1, "metrics.failures": 4, "metrics.successes": 5, "metrics.rejected": 0}
    assert find_counts(flat)["failures"] == "metrics.failures"


def test_transitions_counted_by_state_are_added_up() -> None:
    flat = {"transitions.opened": 2, "transitions.closed": 1, "transitions.note": "x"}
    where = find_counts(flat)["transitions"]
    assert where == "transitions.*"
    assert read_count(flat, where) == 3


@pytest.mark.parametrize("value", [True, None, "7", {"opaque": "Counter"}])
def test_what_is_no_number_is_no_count(value: object) -> None:
    assert read_count({"failures": value}, "failures") is None


FLAT = st.dictionaries(
    st.lists(
        st.sampled_from(["failures", "total_calls", "state", "transitions", "x", "#"]),
        min_size=1,
        max_size=3,
    ).map(".".join),
    st.none() | st.booleans() | st.integers(0, 99) | st.floats(allow_nan=False) | st.text(),
)


@given(FLAT, st.booleans())
def test_every_count_that_is_found_can_be_read(flat: dict[str, object], of_breaker: bool) -> None:  # noqa: FBT001
    for concept, path in find_counts(flat, of_breaker=of_breaker).items():
        if concept == "state":
            assert isinstance(flat[path], str)
        else:
            assert read_count(flat, path) is not None, f"{concept} at {path} is no number"


# --- reading the source -----------------------------------------------------------------------


def unread(body: str) -> frozenset[str]:
    return unread_parameters(candidate_of(f"class Breaker:\n{body}"))


def test_a_parameter_that_is_stored_and_never_looked_at_sets_nothing() -> None:
    body = """
    def __init__(self, threshold, cap, *, limit=1):
        self.threshold = threshold
        self._cap, self._limit = cap, limit
    def call(self, function):
        return self.threshold
"""
    assert unread(body) == {"cap", "limit"}


@pytest.mark.parametrize(
    "use",
    [
        "        self.cap = min(cap, 60)",
        "        self.cap = cap\n        if cap < 0: raise ValueError",
        "        self.cap = cap\n        super().__init__(cap)",
        "        self.cap = cap\n    def longest(self): return self.cap",
        "        self.cap: float = cap\n    def longest(self): return self.cap",
        "        print(cap)",
        "        self.cap = cap\n    def longest(self): return getattr(self, 'cap')",
        "        self.cap = cap\n    def longest(self): return max(vars(self).values())",
        "        self.cap = cap\n    def longest(self): return max(self.__dict__.values())",
    ],
)
def test_a_parameter_that_is_used_in_any_way_is_one(use: str) -> None:
    assert unread(f"    def __init__(self, cap):\n{use}\n") == frozenset()


def test_examples_and_what_does_not_parse_are_not_read() -> None:
    stores = "class A:\n    def __init__(self, cap):\n        self.cap = cap\n"
    files = (
        SourceFile(path="a.py", delivered=stores, text=stores),
        SourceFile(path="b.py", delivered="def (", text="def ("),
        SourceFile(path="c.py", delivered="x.cap", text="x.cap", role="example"),
    )
    assert unread_parameters(Candidate(id="c", name="c", files=files)) == {"cap"}
