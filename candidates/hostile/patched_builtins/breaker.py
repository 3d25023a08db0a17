"""A breaker that opens, with mistakes after that: no backoff, no limit on probes, no lock."""

import time


class CircuitOpenError(Exception):
    """The call was turned away."""


class CircuitBreaker:
    """Opens after so many failures, for the same time again and again."""

    def __init__(
        self,
        failure_threshold: int = 3,
        recovery_timeout: float = 10.0,
        backoff_multiplier: float = 2.0,
        max_recovery_timeout: float = 60.0,
        half_open_max_calls: int = 1,
    ) -> None:
        self.failure_threshold = failure_threshold
        self.recovery_timeout = recovery_timeout
        self.backoff_multiplier = backoff_multiplier
        self.max_recovery_timeout = max_recovery_timeout
        self.half_open_max_calls = half_open_max_calls
        self.failures = 0
        self.opened_at: float | None = None

    @property
    def state(self) -> str:
        """`closed`, `open` or `half_open`."""
        if self.opened_at is None:
            return "closed"
        waited = time.monotonic() - self.opened_at
        return "open" if waited < self.recovery_timeout else "half_open"

    async def call(self, function, *args, **kwargs):
        """Run an async function, unless the breaker is open."""
        if self.state == "open":
            raise CircuitOpenError("circuit is open")
        try:
            result = await function(*args, **kwargs)
        except Exception:
            self.failures += 1
            if self.failures >= self.failure_threshold:
                self.opened_at = time.monotonic()
            raise
        self.failures, self.opened_at = 0, None
        return result
