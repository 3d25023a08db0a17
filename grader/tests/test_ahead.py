"""Scenarios that are played ahead are taken when they are asked for, and none is lost."""

import ast
import builtins
import threading
import traceback
from typing import Any

import pytest

from grader import answers, scoring
from grader.ahead import Ahead
from grader.answers import parsing
from grader.candidate import Candidate
from grader.conversation.failures import Died, Hung
from grader.grading import grade
from grader.played import Played, ending
from grader.sandbox import choose
from grader.specification import Scenario
from grader.tests.driver_helpers import CANDIDATES


def scenario(name: str) -> Scenario:
    return Scenario(name=name, play=lambda _lab: None, static=False, result=int)


def test_what_was_begun_is_taken_once_and_what_was_not_is_left_to_the_caller() -> None:
    ahead = Ahead(lambda s: Played(scenario=s.name, value=len(s.name)), 2)
    ahead.begin([scenario("trip"), scenario("recovery")])
    assert ahead.take(scenario("recovery")) == Played(scenario="recovery", value=8)
    assert ahead.take(scenario("recovery")) is None
    assert ahead.take(scenario("walk")) is None
    ahead.close()


def test_as_many_are_played_at_once_as_was_said() -> None:
    together = threading.Barrier(2)

    def play(asked: Scenario) -> Played:
        together.wait(timeout=30)  # breaks where one would wait for the other to be played
        return Played(scenario=asked.name)

    ahead = Ahead(play, 2)
    ahead.begin([scenario("one"), scenario("two")])
    assert ahead.take(scenario("one")) == Played(scenario="one")
    ahead.close()


def test_a_worker_that_died_is_played_again_by_itself_and_one_that_hung_is_not() -> None:
    def play(asked: Scenario) -> Played:
        kinds: dict[str, Any] = {"died": Died("the worker process ended"), "hung": Hung("no reply")}
        return Played(scenario=asked.name, ending=ending(kinds[asked.name]))

    ahead = Ahead(play, 2)
    ahead.begin([scenario("died"), scenario("hung")])
    assert ahead.take(scenario("died")) is None
    hung = ahead.take(scenario("hung"))
    assert hung is not None
    assert hung.ending is not None
    assert hung.ending.text == "hung: no reply"
    ahead.close()


def test_what_has_not_begun_is_given_up_at_the_end() -> None:
    begun: list[str] = []
    first, gate = threading.Event(), threading.Event()

    def play(asked: Scenario) -> Played:
        begun.append(asked.name)
        first.set()
        gate.wait(timeout=30)
        return Played(scenario=asked.name)

    ahead = Ahead(play, 1)
    ahead.begin([scenario("one"), scenario("two")])
    first.wait(timeout=30)
    given_up = threading.Event()
    ahead._under_way["two"].add_done_callback(lambda _future: given_up.set())
    closing = threading.Thread(target=ahead.close)
    closing.start()
    assert given_up.wait(timeout=30), "it is still waiting for its turn"
    gate.set()
    closing.join(timeout=30)
    assert begun == ["one"]


def test_no_thread_but_that_of_pytest_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at a time disturb each other, in some versions of CPython (its issue 106905)."""
    elsewhere: set[str] = set()
    real = builtins.compile

    def compile_(*arguments: Any, **options: Any) -> Any:
        flags = options.get("flags", arguments[3] if len(arguments) > 3 else 0)
        here = threading.current_thread()
        if flags & ast.PyCF_ONLY_AST and here is not threading.main_thread():
            elsewhere.add("".join(traceback.format_stack(limit=4)))
        return real(*arguments, **options)

    monkeypatch.setattr(builtins, "compile", compile_)
    parsing.read.cache_clear()
    for folder in (CANDIDATES / "reference", CANDIDATES / "grok_420"):
        (candidate,) = answers.load(folder)
        assert isinstance(candidate, Candidate)
        grade(candidate, choose(), scoring.load(), at_once=3)
    assert elsewhere == set(), "a thread beside pytest's own parsed"
