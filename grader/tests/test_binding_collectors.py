"""Metrics that are made beside a breaker are found by letting them count."""

import pytest

from grader.bench import Bench
from grader.binding.model import COLLECTED, Binding
from grader.sandbox import choose
from grader.tests.driver_helpers import candidate_of

BREAKER = """
import time

class Rejected(Exception):
    pass

class Subscriber:
    pass

class Circuit:
    def __init__(self, failure_threshold=3, recovery_timeout=10.0):
        self.failure_threshold, self.recovery_timeout = failure_threshold, recovery_timeout
        self.state, self._failures, self._since, self._told = "closed", 0, 0.0, []

    def subscribe(self, callback):
        self._told.append(callback)

    def _tell(self, kind):
        for callback in self._told:
            callback(kind)

    def _enter(self, state):
        self.state = state
        self._tell("transition")

    async def call(self, function, *args, **kwargs):
        if self.state == "open":
            if time.monotonic() - self._since < self.recovery_timeout:
                self._tell("rejection")
                raise Rejected
            self._enter("half_open")
        try:
            result = await function(*args, **kwargs)
        except Exception:
            self._tell("failure")
            self._failures += 1
            if self._failures >= self.failure_threshold:
                self._since = time.monotonic()
                self._enter("open")
            raise
        self._tell("success")
        self._failures = 0
        if self.state != "closed":
            self._enter("closed")
        return result
"""
COUNTS = """
    def _zero(self):
        self._counts = dict.fromkeys(("success", "failure", "rejection", "transition"), 0)

    def _on_event(self, kind):
        self._counts[kind] += 1

    def snapshot(self):
        return {
            "successful_calls": self._counts["success"],
            "failed_calls": self._counts["failure"],
            "rejected_calls": self._counts["rejection"],
            "state_transitions": self._counts["transition"],
        }
"""
GIVEN_THE_BREAKER = """
class CircuitMetrics:
    def __init__(self, circuit):
        self._zero()
        circuit.subscribe(self._on_event)
"""
ATTACHED_TO_IT = """
class MetricsCollector:
    def __init__(self):
        self._zero()

    def attach(self, circuit: Circuit) -> None:
        circuit.subscribe(self._on_event)
"""
GIVEN_TO_THE_BREAKER = """
class MetricsSubscriber(Subscriber):
    def __init__(self):
        self._zero()

    def __call__(self, kind):
        self._on_event(kind)
"""


def bound(source: str) -> Binding:
    with Bench(candidate_of(source), choose()) as bench:
        return bench.binding


@pytest.mark.parametrize("collector", [GIVEN_THE_BREAKER, ATTACHED_TO_IT, GIVEN_TO_THE_BREAKER])
def test_what_counts_beside_a_breaker_is_made_with_each(collector: str) -> None:
    binding = bound(BREAKER + collector + COUNTS)
    assert binding.metrics is not None, "the counts were not found"
    assert str(binding.metrics) == "what is made to count for it.snapshot"
    assert binding.counts == {
        "successes": "successful_calls",
        "failures": "failed_calls",
        "rejections": "rejected_calls",
        "transitions": "state_transitions",
    }


def test_what_counts_nothing_is_not_made() -> None:
    deaf = GIVEN_THE_BREAKER.replace("circuit.subscribe(self._on_event)", "pass")
    binding = bound(BREAKER + deaf + COUNTS.replace("snapshot", "_nothing"))
    assert binding.collector is None
    assert binding.metrics is None or binding.metrics.target != COLLECTED


def test_a_collector_that_is_never_told_anything_counts_wrongly_and_is_kept_to() -> None:
    deaf = GIVEN_THE_BREAKER.replace("circuit.subscribe(self._on_event)", "pass")
    binding = bound(BREAKER + deaf + COUNTS)
    assert binding.metrics is not None
    assert binding.metrics.target == COLLECTED, "what its users would read is judged"


DECORATOR = """
def circuit_breaker(failure_threshold=3, recovery_timeout=10.0):
    circuit = Circuit(failure_threshold, recovery_timeout)

    def decorate(function):
        async def guarded(*args, **kwargs):
            return await circuit.call(function, *args, **kwargs)

        return guarded

    return decorate
"""


def test_a_decorator_beside_the_breaker_is_given_to_no_collector() -> None:
    binding = bound(BREAKER + GIVEN_THE_BREAKER + COUNTS + DECORATOR)
    assert binding.collector is not None
    assert binding.decorator is not None, "the decorator was not found to work"
    assert binding.decorator_modes == ("async",)


FACADE = """
    def describe(self):
        return {"failures": self._failures, "successes": 0, "rejections": 0}

class AsyncCircuitBreaker:
    def __init__(self, core: Circuit):
        self.core = core

    async def call(self, function, *args, **kwargs):
        return await self.core.call(function, *args, **kwargs)
"""


def test_what_does_the_work_behind_a_facade_is_asked_for_state_and_metrics() -> None:
    binding = bound(BREAKER + FACADE)
    assert binding.constructor.told == "cand_made:AsyncCircuitBreaker"
    assert binding.parameters["threshold"] == "core.failure_threshold"
    assert (str(binding.state), str(binding.metrics)) == ("core.state", "core.describe")


def test_what_holds_the_settings_is_not() -> None:
    binding = bound(RULES)
    assert binding.parameters["threshold"] == "rules.failures"
    assert binding.metrics is None, f"{binding.metrics} holds the settings"


RULES = """
import time
from dataclasses import asdict, dataclass

class Rejected(Exception):
    pass

@dataclass
class Rules:
    failures: int = 5
    successes: int = 1
    recovery_timeout: float = 10.0

    def to_dict(self):
        return asdict(self)

class CircuitBreaker:
    def __init__(self, rules: Rules = Rules()):
        self.rules, self._failed, self._until = rules, 0, 0.0

    async def call(self, function, *args, **kwargs):
        if time.monotonic() < self._until:
            raise Rejected
        try:
            result = await function(*args, **kwargs)
        except Exception:
            self._failed += 1
            if self._failed >= self.rules.failures:
                self._until = time.monotonic() + self.rules.recovery_timeout
            raise
        self._failed = 0
        return result
"""
