"""asyncio only: `async with breaker:` and `await breaker.run(fn)`, on the running loop's own clock."""
import asyncio
import contextvars
import functools
import inspect
from typing import Any, Awaitable, Callable, List, Optional, Tuple, TypeVar

T = TypeVar("T")


class CircuitOpenError(Exception):
    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Circuit is open. Retry after {retry_after:.2f}s")
        self.retry_after = retry_after


class CircuitBreaker:
    def __init__(
        self,
        threshold: int = 5,
        base_timeout: float = 5.0,
        multiplier: float = 2.0,
        max_timeout: float = 120.0,
        half_open_max_attempts: int = 1,
        required_successes: int = 1,
        expected_errors: Tuple[type, ...] = (Exception,),
        on_open: Optional[Callable[[], Awaitable[None]]] = None,
        on_close: Optional[Callable[[], Awaitable[None]]] = None,
    ) -> None:
        if not isinstance(threshold, int) or threshold < 1:
            raise ValueError("threshold must be a positive integer")
        if not isinstance(half_open_max_attempts, int) or half_open_max_attempts < 1:
            raise ValueError("half_open_max_attempts must be a positive integer")
        if not isinstance(required_successes, int) or required_successes < 1:
            raise ValueError("required_successes must be a positive integer")
        if not (0 <= base_timeout < float("inf")) or not (base_timeout <= max_timeout < float("inf")):
            raise ValueError("need 0 <= base_timeout <= max_timeout, both finite")
        if not (1 <= multiplier < float("inf")):
            raise ValueError("multiplier must be finite and >= 1")
        self.threshold = threshold
        self.base_timeout = base_timeout
        self.multiplier = multiplier
        self.max_timeout = max_timeout
        self.half_open_max_attempts = half_open_max_attempts
        self.required_successes = required_successes
        self.expected_errors = expected_errors
        self._on_open, self._on_close = on_open, on_close
        self._entries: contextvars.ContextVar[Tuple[int, ...]] = contextvars.ContextVar("entries", default=())
        self.state = "closed"
        self.failures = 0
        self.successes = 0
        self.total_calls = 0
        self.total_successes = 0
        self.total_failures = 0
        self.total_rejections = 0
        self.total_state_changes = 0
        self._probes = 0
        self._version = 0
        self._timeout = base_timeout
        self._opened_at = 0.0

    def _to(self, state: str) -> None:
        self.state = state
        self._version += 1
        self.failures = self.successes = self._probes = 0
        self.total_state_changes += 1
        if state == "open":
            self._opened_at = asyncio.get_running_loop().time()

    async def _notify(self, hook) -> None:
        if hook is not None:
            try:
                await hook()
            except Exception:
                pass

    def _check(self) -> int:
        self.total_calls += 1
        retry_after = 0.0
        if self.state == "open":
            retry_after = self._opened_at + self._timeout - asyncio.get_running_loop().time()
            if retry_after <= 0:
                self._to("half_open")
        if self.state == "open" or (self.state == "half_open" and self._probes >= self.half_open_max_attempts):
            self.total_rejections += 1
            raise CircuitOpenError(max(0.0, retry_after))
        if self.state == "half_open":
            self._probes += 1
        return self._version

    async def _done(self, version: int, exc: Optional[BaseException]) -> None:
        hook = None
        failed = exc is not None and isinstance(exc, Exception) and isinstance(exc, self.expected_errors)
        if exc is None:
            self.total_successes += 1
        elif failed:
            self.total_failures += 1
        if version == self._version:
            if self.state == "half_open":
                self._probes -= 1
                if failed:
                    self._timeout = min(self._timeout * self.multiplier, self.max_timeout)
                    self._to("open")
                    hook = self._on_open
                elif exc is None:
                    self.successes += 1
                    if self.successes >= self.required_successes:
                        self._timeout = self.base_timeout
                        self._to("closed")
                        hook = self._on_close
            elif failed:
                self.failures += 1
                if self.failures >= self.threshold:
                    self._to("open")
                    hook = self._on_open
            elif exc is None:
                self.failures = 0
        await self._notify(hook)

    async def __aenter__(self) -> "CircuitBreaker":
        self._entries.set(self._entries.get() + (self._check(),))
        return self

    async def __aexit__(self, exc_type, exc, tb) -> bool:
        *rest, version = self._entries.get()
        self._entries.set(tuple(rest))
        await self._done(version, exc)
        return False

    async def run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        async with self:
            result = fn(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
            return result

    def wrap(self, fn: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
        @functools.wraps(fn)
        async def wrapper(*args: Any, **kwargs: Any) -> T:
            async with self:
                return await fn(*args, **kwargs)

        return wrapper
