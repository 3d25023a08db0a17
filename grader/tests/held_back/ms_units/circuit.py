"""Everything in milliseconds."""
import asyncio
import inspect
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, Optional, Tuple, Type


class CircuitBreakerError(Exception):
    """Base of the module's errors."""


class CallNotPermittedError(CircuitBreakerError):
    def __init__(self, retry_after_ms: int):
        super().__init__(f"call not permitted, retry after {retry_after_ms} ms")
        self.retry_after_ms = retry_after_ms


@dataclass(frozen=True)
class CircuitBreakerConfig:
    failure_count_threshold: int = 5
    wait_duration_in_open_ms: int = 10_000
    wait_duration_backoff_multiplier: float = 2.0
    max_wait_duration_in_open_ms: int = 300_000
    permitted_calls_in_half_open: int = 3
    successes_to_close: int = 2
    record_exceptions: Tuple[Type[BaseException], ...] = (Exception,)
    ignore_exceptions: Tuple[Type[BaseException], ...] = ()

    def __post_init__(self):
        for name in ("failure_count_threshold", "permitted_calls_in_half_open", "successes_to_close"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be an integer >= 1, got {value!r}")
        if not isinstance(self.wait_duration_in_open_ms, (int, float)) or not 0 <= self.wait_duration_in_open_ms < float("inf"):
            raise ValueError("wait_duration_in_open_ms must be a finite number >= 0")
        if not 1 <= self.wait_duration_backoff_multiplier < float("inf"):
            raise ValueError("wait_duration_backoff_multiplier must be finite and >= 1")
        if not self.wait_duration_in_open_ms <= self.max_wait_duration_in_open_ms < float("inf"):
            raise ValueError("max_wait_duration_in_open_ms must not be below wait_duration_in_open_ms")
        if self.successes_to_close > self.permitted_calls_in_half_open:
            raise ValueError("successes_to_close cannot exceed permitted_calls_in_half_open")


@dataclass
class _Round:
    """One stay in one state: the outcomes of calls of an older round are of no consequence."""
    state: str
    admitted: int = 0
    ended: int = 0
    failures: int = 0
    successes: int = 0
    opened_ms: float = 0.0
    running: int = 0


class CircuitBreaker:
    def __init__(self, config: Optional[CircuitBreakerConfig] = None, name: str = "default"):
        self.config = config if config is not None else CircuitBreakerConfig()
        self.name = name
        self._round = _Round("CLOSED")
        self._reopenings = 0
        self._counts = {"calls": 0, "success": 0, "failure": 0, "not_permitted": 0, "ignored": 0}
        self._log: deque = deque(maxlen=100)
        self._transitions = 0
        self._latency = deque(maxlen=256)

    def _now(self) -> float:
        return time.perf_counter() * 1000.0

    @property
    def state(self) -> str:
        return self._round.state

    def _go(self, state: str) -> None:
        self._log.append((self._round.state, state))
        self._transitions += 1
        self._round = _Round(state, opened_ms=self._now())
        if state == "CLOSED":
            self._reopenings = 0

    def _open_for_ms(self) -> float:
        c = self.config
        wait = float(c.wait_duration_in_open_ms)
        for _ in range(self._reopenings):
            wait *= c.wait_duration_backoff_multiplier
            if wait >= c.max_wait_duration_in_open_ms or c.wait_duration_backoff_multiplier == 1:
                break
        return min(wait, c.max_wait_duration_in_open_ms)

    def _acquire(self) -> _Round:
        self._counts["calls"] += 1
        if self._round.state == "OPEN":
            left = self._round.opened_ms + self._open_for_ms() - self._now()
            if left > 0:
                self._counts["not_permitted"] += 1
                raise CallNotPermittedError(int(left) + 1)
            self._go("HALF_OPEN")
        r = self._round
        if r.state == "HALF_OPEN" and r.admitted >= self.config.permitted_calls_in_half_open:
            self._counts["not_permitted"] += 1
            raise CallNotPermittedError(0)
        r.admitted += 1
        return r

    def _release(self, r: _Round) -> None:
        """The call ended without a verdict: its permit goes back."""
        self._counts["ignored"] += 1
        r.admitted -= 1

    def _success(self, r: _Round) -> None:
        self._counts["success"] += 1
        if r is not self._round:
            return
        if r.state == "HALF_OPEN":
            r.successes += 1
            if r.successes >= self.config.successes_to_close:
                self._go("CLOSED")
        else:
            r.failures = 0

    def _failure(self, r: _Round) -> None:
        self._counts["failure"] += 1
        if r is not self._round:
            return
        if r.state == "HALF_OPEN":
            self._reopenings += 1
            self._go("OPEN")
        else:
            r.failures += 1
            if r.failures >= self.config.failure_count_threshold:
                self._go("OPEN")

    async def execute(self, fn: Callable[..., Awaitable[Any]], /, *args: Any, **kwargs: Any) -> Any:
        permit = self._acquire()
        settled = False
        began = self._now()
        try:
            outcome = fn(*args, **kwargs)
            if inspect.isawaitable(outcome):
                outcome = await outcome
            settled = True
            self._success(permit)
            return outcome
        except Exception as exc:
            if isinstance(exc, self.config.record_exceptions) and not isinstance(exc, self.config.ignore_exceptions):
                settled = True
                self._failure(permit)
            raise
        finally:
            self._latency.append(self._now() - began)
            if not settled:
                self._release(permit)

    def get_metrics(self) -> dict:
        n = len(self._latency)
        return {
            "name": self.name,
            "state": self.state,
            "total_calls": self._counts["calls"],
            "successful_calls": self._counts["success"],
            "failed_calls": self._counts["failure"],
            "rejected_calls": self._counts["not_permitted"],
            "ignored_calls": self._counts["ignored"],
            "state_transitions": self._transitions,
            "avg_latency_ms": sum(self._latency) / n if n else 0.0,
            "recent_transitions": [f"{a}->{b}" for a, b in self._log],
        }
