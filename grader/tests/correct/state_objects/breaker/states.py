"""The three states.

A state object lives from one change to the next. A call settles with the object that admitted
it, so what it does to an object that has been replaced has no effect on the breaker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import BreakerPolicy


class Outcome(Enum):
    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"


class State(ABC):
    name: str

    def __init__(self, policy: BreakerPolicy, failed_rounds: int = 0) -> None:
        self.policy = policy
        self.round = failed_rounds

    def at(self, now: float) -> State:
        """The state at this time, if nothing happens but time passing."""
        return self

    @abstractmethod
    def admit(self, now: float) -> float | None:
        """Take a call in and return None, or return how many seconds to wait."""

    @abstractmethod
    def settle(self, outcome: Outcome, now: float) -> State:
        """The state after the end of a call that this one admitted."""


class Closed(State):
    name = "closed"

    def __init__(self, policy: BreakerPolicy) -> None:
        super().__init__(policy)
        self.streak = 0

    def admit(self, now: float) -> None:
        return None

    def settle(self, outcome: Outcome, now: float) -> State:
        if outcome is Outcome.SUCCESS:
            self.streak = 0
        if outcome is Outcome.FAILURE:
            self.streak += 1
            if self.streak == self.policy.max_failures:
                return Open(self.policy, now, self.round)
        return self


class Open(State):
    name = "open"

    def __init__(self, policy: BreakerPolicy, now: float, failed_rounds: int) -> None:
        super().__init__(policy, failed_rounds)
        self.until = now + policy.open_period(failed_rounds)

    def at(self, now: float) -> State:
        return self if now < self.until else HalfOpen(self.policy, self.round)

    def admit(self, now: float) -> float:
        return self.until - now

    def settle(self, outcome: Outcome, now: float) -> State:
        raise AssertionError("an open circuit has admitted nothing")


class HalfOpen(State):
    name = "half_open"

    def __init__(self, policy: BreakerPolicy, failed_rounds: int) -> None:
        super().__init__(policy, failed_rounds)
        self.running = 0
        self.passed = 0

    def admit(self, now: float) -> float | None:
        if self.running == self.policy.max_probes:
            return 0.0
        self.running += 1
        return None

    def settle(self, outcome: Outcome, now: float) -> State:
        self.running -= 1
        if outcome is Outcome.FAILURE:
            return Open(self.policy, now, self.round + 1)
        if outcome is Outcome.SUCCESS:
            self.passed += 1
            if self.passed == self.policy.required_successes:
                return Closed(self.policy)
        return self
