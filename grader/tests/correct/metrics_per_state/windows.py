"""A failure rate over the last calls of the present state; each state begins its own account."""

import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any


class BreakerState(Enum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class CallNotPermittedError(Exception):
    def __init__(self, state: BreakerState, retry_after: float) -> None:
        super().__init__(f"call not permitted while {state.value}, retry in {retry_after:.1f} s")
        self.state = state
        self.retry_after = retry_after


class _Account:
    """What happened since the present state began."""

    def __init__(self, size: int) -> None:
        self.outcomes: deque[bool] = deque(maxlen=size)
        self.not_permitted = 0
        self.in_flight = 0

    @property
    def failures(self) -> int:
        return self.outcomes.count(False)

    @property
    def failure_rate(self) -> float:
        return 100.0 * self.failures / len(self.outcomes) if self.outcomes else 0.0


def _check(name: str, value: float, least: float, most: float = math.inf) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} has to be a number")
    if not math.isfinite(value) or not least <= value <= most:
        raise ValueError(f"{name} is out of range: {value}")


class CircuitBreaker:
    def __init__(
        self,
        failure_rate_threshold: float = 50.0,
        minimum_number_of_calls: int = 10,
        sliding_window_size: int = 20,
        wait_duration_in_open_state: float = 60.0,
        wait_duration_backoff_multiplier: float = 2.0,
        wait_duration_in_open_max: float = 3_600.0,
        permitted_calls_in_half_open: int = 1,
    ) -> None:
        _check("failure_rate_threshold", failure_rate_threshold, 0.001, 100)
        for name, count in (
            ("minimum_number_of_calls", minimum_number_of_calls),
            ("sliding_window_size", sliding_window_size),
            ("permitted_calls_in_half_open", permitted_calls_in_half_open),
        ):
            _check(name, count, 1)
            if not isinstance(count, int):
                raise TypeError(f"{name} has to be an integer")
        _check("wait_duration_in_open_state", wait_duration_in_open_state, 0)
        _check("wait_duration_backoff_multiplier", wait_duration_backoff_multiplier, 1)
        _check("wait_duration_in_open_max", wait_duration_in_open_max, wait_duration_in_open_state)
        self._rate = failure_rate_threshold
        self._least = min(minimum_number_of_calls, sliding_window_size)
        self._size = sliding_window_size
        self._base = wait_duration_in_open_state
        self._multiplier = wait_duration_backoff_multiplier
        self._longest = wait_duration_in_open_max
        self._permitted = permitted_calls_in_half_open
        self._wait = self._base
        self._open_until = 0.0
        self._transitions = 0
        self._state = BreakerState.CLOSED
        self._account = _Account(self._size)

    @property
    def state(self) -> BreakerState:
        return self._state

    def get_metrics(self) -> dict[str, Any]:
        """Return the account of the present state; transitions are those of a lifetime."""
        account = self._account
        return {
            "state": self._state.value,
            "successful_calls": account.outcomes.count(True),
            "failed_calls": account.failures,
            "not_permitted_calls": account.not_permitted,
            "failure_rate": account.failure_rate,
            "state_transitions": self._transitions,
        }

    async def execute(
        self, func: Callable[..., Awaitable[Any]], /, *args: Any, **kwargs: Any
    ) -> Any:
        account = self._admit()
        try:
            result = await func(*args, **kwargs)
        except Exception:
            self._record(account, succeeded=False)
            raise
        except BaseException:
            account.in_flight -= 1
            raise
        self._record(account, succeeded=True)
        return result

    def _admit(self) -> _Account:
        now = time.monotonic()
        if self._state is BreakerState.OPEN and now >= self._open_until:
            self._enter(BreakerState.HALF_OPEN)
        account = self._account
        taken = account.in_flight + len(account.outcomes)
        if self._state is BreakerState.OPEN or (
            self._state is BreakerState.HALF_OPEN and taken >= self._permitted
        ):
            account.not_permitted += 1
            raise CallNotPermittedError(self._state, max(0.0, self._open_until - now))
        account.in_flight += 1
        return account

    def _record(self, account: _Account, *, succeeded: bool) -> None:
        account.in_flight -= 1
        if account is not self._account:
            return  # the state in which it was admitted is over
        account.outcomes.append(succeeded)
        if self._state is BreakerState.CLOSED:
            if len(account.outcomes) >= self._least and account.failure_rate >= self._rate:
                self._open(self._base)
        elif not succeeded:
            self._open(min(self._wait * self._multiplier, self._longest))
        elif len(account.outcomes) >= self._permitted:
            self._enter(BreakerState.CLOSED)

    def _open(self, wait: float) -> None:
        self._wait = wait
        self._open_until = time.monotonic() + wait
        self._enter(BreakerState.OPEN)

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._transitions += 1
        self._account = _Account(self._size)
