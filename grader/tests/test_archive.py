"""Histories are stored and read without loss, and what is no such file is refused in one line."""

import gzip
import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import spec_tests.scenarios  # noqa: F401  declares them
from grader import answers, archive
from grader import bench as bench_module
from grader.archive import Archive, Histories, Stored
from grader.bench import Bench
from grader.candidate import Candidate
from grader.conversation.messages import ErrorSeen, Opaque
from grader.errors import InputError
from grader.history import CallSeen
from grader.played import Ending, Played, plain, typed, with_value
from grader.report.text import encodable
from grader.results import CandidateResult, Results, SourceText
from grader.sandbox import choose
from grader.specification import SCENARIOS, Scenario
from grader.tests.driver_helpers import CANDIDATES
from grader.tests.results_helpers import candidate, passing, results

NOW = "0123456789abcdef"
"""The specification of the made results."""


def made(result: Any) -> Scenario:
    """A scenario of that declared type, which nobody plays."""
    return Scenario(name="made", play=lambda: None, static=False, result=result)


def error_seen(message: str, **numbers: float) -> ErrorSeen:
    return ErrorSeen(
        type="Down",
        bases=("Down", "Exception"),
        dedicated=(),
        message=message,
        same=True,
        cause_changed=False,
        depth=3,
        numbers=numbers,
    )


def stored_and_read(result: CandidateResult, *played: Played) -> dict[str, Histories]:
    run = results(result)
    by_name = {each.scenario: each for each in played}
    line = archive.line_of(result, by_name, untouched=True, calls_are_cut_off=False)
    return read_bytes(archive.pack(run, [line]), run)


def read_bytes(data: bytes, run: Results) -> dict[str, Histories]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, archive.NAME)
        path.write_bytes(data)
        return archive.read(path, run, NOW)


# --- without loss -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.0,
        True,
        None,
        "text",
        "half a pair \ud800, a NUL \x00, a line\u2028end and a\nnew one",
        Opaque("Result"),
        math.inf,
        -(2**63),
    ],
)
def test_a_call_is_read_as_it_was_seen(value: Any) -> None:
    call = CallSeen(
        number=1,
        asked_at=0.1 + 0.2,
        arguments=(value, 1, 1.0),
        keywords={"as": value},
        how="raised",
        value=value,
        error=error_seen("\udc80 down", retry_after=math.inf, left=1e-300),
    )
    kept = Played(scenario="made", value=call, cut_off_ran=True)
    histories = stored_and_read(candidate("one", passing()), kept)
    again = Archive(histories["one"]).play(made(CallSeen))
    assert again == kept
    assert repr(again) == repr(kept), "down to the types of numbers"


@pytest.mark.parametrize("kind", ["error", "blocked", "not offered", "unknown"])
def test_why_a_scenario_ended_is_read_as_it_was(kind: Any) -> None:
    kept = Played(scenario="made", ending=Ending(kind=kind, text="so", because="th-exact"))
    histories = stored_and_read(candidate("one", passing()), kept)
    assert Archive(histories["one"]).play(made(CallSeen)) == kept


def test_equal_histories_are_equal_bytes() -> None:
    one = candidate("one", passing())
    plays = [Played(scenario=name, value=None) for name in ("a", "b")]
    files = [
        archive.pack(
            results(one),
            [
                archive.line_of(
                    one,
                    {each.scenario: each for each in order},
                    untouched=True,
                    calls_are_cut_off=False,
                )
            ],
        )
        for order in (plays, plays[::-1])
    ]
    assert files[0] == files[1]


def test_the_digest_of_sources_is_that_of_the_written_results() -> None:
    source = SourceText(path="a.py", text="x = '\udc80'\n", role="example", kept_lines=1)
    written = msgspec.convert(encodable(plain(source)), SourceText)
    assert written != source
    assert archive.digest([written]) == archive.digest([source])


# --- the declared types -------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_declares_what_it_returns_to_the_last_field(name: str) -> None:
    described = repr(msgspec.inspect.type_info(SCENARIOS[name].result))
    assert "AnyType" not in described, "what is Any cannot be read back as what it was"


@pytest.mark.parametrize("folder", ["reference", "grok_420"])
def test_what_a_scenario_returns_is_what_it_declares(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    returned: dict[str, Any] = {}

    def noted(scenario: Scenario, value: Any, *, cut_off_ran: bool = False) -> Played:
        returned[scenario.name] = value
        return with_value(scenario, value, cut_off_ran=cut_off_ran)

    monkeypatch.setattr(bench_module, "with_value", noted)
    (loaded,) = answers.load(CANDIDATES / folder)
    assert isinstance(loaded, Candidate)
    with Bench(loaded, choose()) as bench:
        for scenario in SCENARIOS.values():
            played = bench.play(scenario)
            if scenario.name in returned:
                assert played.ending is None, played.ending
                assert played.value == returned[scenario.name]
                read = json.loads(json.dumps(plain(played.value)))
                assert typed(read, scenario) == played.value
    assert len(returned) > 30, "most of them could be played"


def test_a_value_of_another_type_is_our_doubt_and_says_so() -> None:
    played = with_value(made(CallSeen), ("no", "call"))
    assert played.ending is not None
    assert played.ending.kind == "unknown"
    assert "made" in played.ending.text


def test_a_whole_number_that_is_declared_a_float_is_judged_as_the_float_it_will_be() -> None:
    assert repr(with_value(made(tuple[float, ...]), (1, 2)).value) == "(1.0, 2.0)"


# --- what has changed since -----------------------------------------------------------------


def archived(**scenarios: Stored) -> Archive:
    return Archive(
        Histories(
            id="one", sources="", untouched=True, calls_are_cut_off=False, scenarios=scenarios
        )
    )


def test_a_scenario_that_was_not_played_then_is_unknown() -> None:
    played = archived().play(made(CallSeen))
    assert played.ending is not None
    assert (played.ending.kind, played.value) == ("unknown", None)
    assert "no scenario made" in played.ending.text


def test_a_scenario_that_returns_something_else_now_is_unknown() -> None:
    played = archived(made=Stored(value={"number": 1})).play(made(CallSeen))
    assert played.ending is not None
    assert played.ending.kind == "unknown"
    assert "`asked_at`" in played.ending.text, "it says what is missing"


# --- refused --------------------------------------------------------------------------------


MADE = made(CallSeen)


def whole() -> list[dict[str, Any]]:
    """The lines of a good file."""
    one = candidate("one", passing())
    kept = with_value(MADE, CallSeen(number=1, asked_at=0.0))
    line = archive.line_of(one, {"made": kept}, untouched=True, calls_are_cut_off=False)
    packed = archive.pack(results(one), [line])
    return [json.loads(text) for text in gzip.decompress(packed).splitlines()]


def packed(lines: list[Any]) -> bytes:
    return gzip.compress("".join(f"{json.dumps(line)}\n" for line in lines).encode())


def with_change(change: Callable[[list[Any]], object]) -> bytes:
    lines = whole()
    change(lines)
    return packed(lines)


BAD: dict[str, tuple[bytes, str]] = {
    "no gzip": (b"{}\n", "not a file of histories"),
    "cut short": (packed(whole())[:-20], "damaged"),
    "bytes changed": (packed(whole())[:30] + b"\0\0\0\0" + packed(whole())[34:], "damaged"),
    "something behind it": (packed(whole()) + b"more", "not a file of histories"),
    "no JSON": (gzip.compress(b"histories\n"), "not a file of histories"),
    "no UTF-8": (gzip.compress(b"\xff\n"), "not a file of histories"),
    "empty": (gzip.compress(b""), "not a file of histories"),
    "nested without end": (gzip.compress(b"[" * 100_000), "not a file of histories"),
    "of a later format": (with_change(lambda f: f[0].update(format=2)), "format 2"),
    "another seed": (with_change(lambda f: f[0].update(seed=7)), "not of this run: seed"),
    "another run": (with_change(lambda f: f[0].update(specification="x")), "specification x"),
    "another tier": (with_change(lambda f: f[0].update(isolation="process")), "isolation"),
    "another Python": (with_change(lambda f: f[0].update(python="3.13")), "python 3.13"),
    "a candidate missing": (with_change(lambda f: f.pop()), "no candidate one"),
    "another candidate": (with_change(lambda f: f[1].update(sources="x")), "other source files"),
    "a field too many": (with_change(lambda f: f[1].update(more=1)), "unknown field `more`"),
    "another ending": (
        with_change(lambda f: f[1]["scenarios"]["made"].update(ending={"kind": "pass"})),
        "not a file of histories",
    ),
    "another value": (
        with_change(lambda f: f[1]["scenarios"]["made"]["value"].update(number="1")),
        "damaged: one, made",
    ),
}


def test_the_good_file_is_read() -> None:
    run = results(candidate("one", passing()))
    assert list(read_bytes(packed(whole()), run)) == ["one"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCENARIOS, "made", MADE)
    data, told = BAD[name]
    with pytest.raises(InputError) as caught:
        read_bytes(data, results(candidate("one", passing())))
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
