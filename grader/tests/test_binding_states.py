"""Where a breaker's state and counts are read, whatever an author keeps them in."""

from textwrap import dedent, indent

import pytest

from grader import scoring
from grader.bench import Bench
from grader.binding.model import Binding
from grader.binding.state import CLOSED, HALF_OPEN, OPEN, as_state, raw_state, word_of
from grader.candidate import Candidate, SourceFile
from grader.grading import grade
from grader.sandbox import choose
from grader.tests.test_shapes import SHAPES

BREAKER = """
import enum
from machine import Machine, Rejected, counted

class Light(enum.Enum):
    GREEN = "green"
    RED = "red"
    AMBER = "amber"

class Phase:
    value = "none"

{classes}
LIGHTS = {{"closed": Light.GREEN, "open": Light.RED, "half_open": Light.AMBER}}

class CircuitBreaker:
    def __init__(self, failure_threshold=3, recovery_timeout=10.0):
        machine = Machine(failure_threshold, recovery_timeout)
        self._m = lambda: machine  # what it keeps is out of sight

    async def call(self, fn, /, *args, **kwargs):
        return await self._m().run(fn, *args, **kwargs)

{body}
"""


def made(body: str, kinds: str = "") -> Candidate:
    """Return a breaker that shows what `body` says, and nothing else."""
    text = BREAKER.format(body=indent(dedent(body), "    "), classes=dedent(kinds))
    sources = {"made": text, "machine": (SHAPES / "machine.py").read_text()}
    files = tuple(SourceFile(path=f"{n}.py", delivered=t, text=t) for n, t in sources.items())
    return Candidate(id="made", name="made", files=files, main="made")


def bound(body: str, kinds: str = "") -> Binding:
    with Bench(made(body, kinds), choose()) as bench:
        return bench.binding


# --- objects that are states ------------------------------------------------------------------

BY_NAME = "{'closed': Closed, 'open': Open, 'half_open': HalfOpen}[self._m().word]"
BY_LIGHT = "{'closed': Green, 'open': Red, 'half_open': Amber}[self._m().word]"
LEARNT = {"green": CLOSED, "red": OPEN}
THREE = {**LEARNT, "amber": HALF_OPEN}
SHOWN = """
class Shown:
    def __init__(self, word):
        self._word = word
    def __str__(self):
        return self._word
"""


def classes(*names: str, base: str = "", words: tuple[str, ...] = ("pass",) * 3) -> str:
    """Return a class for each state."""
    pairs = zip(names, words, strict=True)
    return "\n".join(f"class {name}{base}:\n    {word}\n" for name, word in pairs)


LIGHTS = ("Green", "Red", "Amber")
OWN = tuple(f"value = {word!r}" for word in ("green", "red", "amber"))
KNOWN = tuple(f"value = {word!r}" for word in (CLOSED, OPEN, HALF_OPEN))
NAMED = classes("Closed", "Open", "HalfOpen", base="(Phase)")
OBJECTS = {
    "the word is the class's": (f"{BY_LIGHT}()", classes(*LIGHTS, base="(Phase)", words=KNOWN), {}),
    "the class has the name": (f"{BY_NAME}()", NAMED, {}),
    "the class is the state": (BY_NAME, NAMED, {}),
    "a word of its own": (f"{BY_LIGHT}()", classes(*LIGHTS, base="(Phase)", words=OWN), LEARNT),
    "one that it shows": ("Shown(LIGHTS[self._m().word].value)", SHOWN, LEARNT),
    "nothing but its class": (
        f"{BY_LIGHT}()",
        classes(*LIGHTS),
        {"Green": CLOSED, "Red": OPEN},
    ),
}


@pytest.mark.parametrize("what", OBJECTS)
def test_an_object_is_a_state_by_what_it_says_or_by_its_class(what: str) -> None:
    state, kinds, words = OBJECTS[what]
    binding = bound(f"@property\ndef state(self):\n    return {state}", kinds)
    assert (str(binding.state), binding.state_words) == ("state", words)


@pytest.mark.parametrize(
    ("name", "state"),
    [("Closed", CLOSED), ("OpenState", OPEN), ("CircuitHalfOpen", HALF_OPEN)],
)
def test_a_class_names_a_state_whatever_else_its_objects_hold(name: str, state: str) -> None:
    flat = {"name": "inventory", "state_changes": 3, "@type": name}
    assert as_state(flat, {}) == word_of(flat) == raw_state(flat) == state


@pytest.mark.parametrize("name", ["WorkerState", "PassiveStatus", "HealthyEndpoint", "OpenAPI"])
def test_a_class_that_only_sounds_like_a_state_is_none(name: str) -> None:
    assert as_state({"@type": name}, {}) is word_of({"@type": name}) is None


def test_a_state_in_the_metrics_is_learnt_as_any_other() -> None:
    binding = bound("""
        def get_metrics(self):
            return {"state_changes": 0, "state": LIGHTS[self._m().word].value, **counted(self._m())}
    """)
    assert (str(binding.state), binding.state_words) == ("get_metrics.state", THREE)


# --- metrics that cannot be read ----------------------------------------------------------------

PRIVATE = """
    @property
    def _metrics(self):
        return counted(self._m())

"""


@pytest.mark.parametrize(
    ("name", "accessor"),
    [
        ("get_metrics", "async def get_metrics(self): return asdict(self._metrics)"),
        ("stats", "def stats(self): return dict(self._counts)"),
        ("metrics", "@property\n    def metrics(self): return self._kept"),
    ],
)
def test_what_is_handed_out_and_raises_is_not_read_behind_its_back(
    name: str, accessor: str
) -> None:
    assert str(bound(f"{PRIVATE}    {accessor}").metrics) == name


def test_metrics_that_always_raise_fail_with_what_they_raise() -> None:
    candidate = made(f"{PRIVATE}    def get_metrics(self): raise NotImplementedError('later')")
    rows = grade(candidate, choose(), scoring.load()).result.requirements
    told = {
        row: found.evidence for row, found in rows.items() if found.verdict in {"fail", "error"}
    }
    of_metrics = {row: evidence for row, evidence in told.items() if row.startswith("me-")}
    assert of_metrics == {"me-exists": "reading the metrics raised NotImplementedError('later')"}


@pytest.mark.parametrize(
    "accessor",
    [
        "",
        "def snapshot(self, clock): return self._metrics",
        "def stats(self):\n        if not self._m().counts['total']: raise ValueError\n",
    ],
)
def test_a_private_field_serves_where_nothing_public_is_broken(accessor: str) -> None:
    assert str(bound(f"{PRIVATE}    {accessor}").metrics) == "_metrics"


# --- orders that no name gives away -------------------------------------------------------------

ORDERS = """
    def blow(self):
        self._m()._to("open")
        return self._m().counts["changes"]

    def mend(self):
        self._m()._to("closed")
        return "closed"

"""


def test_an_order_is_given_to_no_breaker_that_is_looked_at_afterwards() -> None:
    binding = bound(f"""{ORDERS}
    def whereabouts(self): return self._m().word

    def yields(self):
        counts = self._m().counts
        names = {{"ok": "wins", "failed": "losses", "rejected": "spared", "changes": "turns"}}
        return {{name: counts[kept] for kept, name in names.items()}}
    """)
    assert str(binding.state) == "whereabouts"
    assert str(binding.metrics) == "yields"
    assert binding.counts == {
        "successes": "wins",
        "failures": "losses",
        "rejections": "spared",
        "transitions": "turns",
    }


# --- a state under a name and in words of its own -----------------------------------------------


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("@property\ndef light(self): return LIGHTS[self._m().word]", "light"),
        ("def shown(self): return LIGHTS[self._m().word].value", "shown"),
        ("def lamps(self): return {'at': 1, 'front': LIGHTS[self._m().word]}", "lamps.front"),
    ],
)
def test_what_says_three_things_in_turn_is_the_state(body: str, where: str) -> None:
    binding = bound(body)
    assert (str(binding.state), binding.state_words) == (where, THREE)


def test_flags_of_any_name_tell_the_state() -> None:
    binding = bound("""
        @property
        def green(self): return self._m().word == "closed"
        @property
        def red(self): return self._m().word == "open"
        @property
        def amber(self): return self._m().word == "half_open"
    """)
    assert binding.state is not None
    assert binding.state.flags == {CLOSED: "green", OPEN: "red", HALF_OPEN: "amber"}


@pytest.mark.parametrize(
    ("body", "unclear"),
    [
        ("", ""),
        ("@property\ndef lit(self): return self._m().word == 'closed'", ""),
        ("@property\ndef lit(self): return 'yes' if self._m().word == 'closed' else 'no'", ""),
        ("@property\ndef mood(self): return 'abcdefgh'[min(self._m().round, 7)]", "mood"),
    ],
)
def test_what_is_no_state_is_not_taken_for_one(body: str, unclear: str) -> None:
    binding = bound(body)
    assert binding.state is None
    assert binding.state_unclear == unclear
