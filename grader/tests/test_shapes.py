"""Every shape of interface is understood as its author would explain it, or said to be unsure."""

import functools
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from grader import scoring
from grader.bench import Bench
from grader.binding.model import Argument, Binding, Constructor
from grader.candidate import Candidate, SourceFile
from grader.conversation.failures import Unknown
from grader.grading import Graded, grade
from grader.sandbox import choose
from grader.tests.shapes_expected import EXPECTED

SHAPES = Path(__file__).resolve().parent / "shapes"


METRICS = ("total", "successes", "failures", "rejections", "transitions")
PLAIN = {"number", "integer"}


def shape(name: str) -> Candidate:
    sources = {path: (SHAPES / path).read_text() for path in (f"{name}.py", "machine.py")}
    if name in UNSURE:  # nothing that takes a function
        begin, _, rest = sources["machine.py"].partition("    async def run(")
        sources["machine.py"] = f"{begin}\n\nclass {rest.partition('class ')[2]}"
    files = tuple(SourceFile(path=p, delivered=text, text=text) for p, text in sources.items())
    return Candidate(id=name, name=name, kind="library", main=name, files=files)


@functools.cache
def bound(name: str) -> Binding:
    with Bench(shape(name), choose()) as bench:
        return bench.binding


@functools.cache
def graded(name: str) -> Graded:
    return grade(shape(name), choose(), scoring.load())


def arguments(built: Constructor) -> list[Argument]:
    """Return everything that sets a concept, however deep."""
    found = [a for a in built.arguments if a.concept is not None]
    for argument in built.arguments:
        found += arguments(argument.nested) if argument.nested is not None else []
    return found + (arguments(built.on) if built.on is not None else [])


@pytest.mark.parametrize("name", EXPECTED)
def test_what_builds_it_is_found(name: str) -> None:
    binding, expected = bound(name), EXPECTED[name]
    told = dict(pair.split("=") for pair in expected.parameters.split())
    assert binding.constructor.told.partition(":")[2] == expected.built
    assert binding.parameters == {concept: n.partition(":")[0] for concept, n in told.items()}
    kinds = {a.concept: a.kind for a in arguments(binding.constructor) if a.kind not in PLAIN}
    said = {concept: n.partition(":")[2] for concept, n in told.items()}
    assert kinds == {concept: kind for concept, kind in said.items() if kind not in {"", *PLAIN}}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_way_of_calling_it_is_found(name: str) -> None:
    told = tuple(f"{s.mode} {s.style} {s}" for s in bound(name).surfaces)
    assert told == EXPECTED[name].surfaces
    assert bound(name).trips_at == 3, "a threshold of 3 was asked for"


@pytest.mark.parametrize("name", EXPECTED)
def test_what_it_says_of_itself_is_found(name: str) -> None:
    binding, expected = bound(name), EXPECTED[name]
    assert (str(binding.state), str(binding.metrics)) == (expected.state, expected.metrics)
    assert binding.state_words == expected.words
    counts: dict[str, Any] = {c: where for c, where in binding.counts.items() if c != "state"}
    wanted = dict(zip(METRICS, expected.counts.split(), strict=True))
    assert counts == {concept: where for concept, where in wanted.items() if where != "-"}


# Where outcomes are recorded without a ticket nobody can tell a late one from a probe's.
_WITHOUT_TICKETS = {"ho-stale", "ts-single-trip"}
TRULY_FAILED = {
    "asks_first": _WITHOUT_TICKETS,
    # Two threads that are the first to name an upstream make a circuit each.
    "keyed": {*_WITHOUT_TICKETS, "ts-no-lost-updates"},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_it_is_sure_and_every_row_passes(name: str) -> None:
    assert bound(name).sure, bound(name).doubts
    against = {
        row: f"{found.verdict}: {found.evidence}"
        for row, found in graded(name).result.requirements.items()
        if found.verdict not in {"pass", "not offered"}
    }
    true = TRULY_FAILED.get(name, set())
    assert set(against) == true, f"{name} fails {true or 'nothing'}, and was told: {against}"


def test_every_file_is_expected_to_be_something() -> None:
    found = {path.stem for path in SHAPES.glob("*.py")}
    assert found == {*EXPECTED, "machine", *UNSURE}


UNSURE = {
    "module_functions": "functions of a module",
    "generator_gate": "may be the circuit breaker",
}


@pytest.mark.parametrize("name", UNSURE)
def test_what_is_used_in_a_way_that_cannot_be_driven_is_said_to_be_unsure(name: str) -> None:
    with pytest.raises(Unknown, match=UNSURE[name]):
        bound(name)
    result = graded(name).result
    assert result.binding["sure"] is False
    assert {str(found.verdict) for found in result.requirements.values()} == {"unknown"}


def test_one_that_takes_nothing_but_its_defaults_is_graded_with_those() -> None:
    """What is left out because it was refused is no setting for anything that is judged."""
    text = (SHAPES / "builder.py").read_text()
    text = text[: text.index("class ")] + dedent("""
        class CircuitBreaker:
            def __init__(self, failure_threshold=3, recovery_timeout=10.5, multiplier=1.75):
                if (failure_threshold, recovery_timeout, multiplier) != (3, 10.5, 1.75):
                    raise ValueError("the settings are not to be touched")
                self._m = Machine(failure_threshold, recovery_timeout, multiplier)

            @property
            def state(self):
                return self._m.word

            async def call(self, fn, /, *args, **kwargs):
                return await self._m.run(fn, *args, **kwargs)
    """)
    files = tuple(
        SourceFile(path=f"{name}.py", delivered=source, text=source)
        for name, source in (("fixed", text), ("machine", (SHAPES / "machine.py").read_text()))
    )
    fixed = Candidate(id="fixed", name="fixed", files=files, main="fixed")
    result = grade(fixed, choose(), scoring.load()).result
    assert result.binding["trips_at"] == 3
    for row in ("st-open-rejects", "st-recovers-by-itself", "st-rejections-dont-extend"):
        found = result.requirements[row]
        assert found.verdict == "pass", f"{row}: {found.evidence}"
