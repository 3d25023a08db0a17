"""What the breaker raises itself."""


class BreakerError(Exception):
    """Base class."""


class CircuitOpenError(BreakerError):
    """The call was not made. ``retry_after`` is in seconds."""

    def __init__(self, name: str, state: str, retry_after: float) -> None:
        super().__init__(f"circuit {name!r} is {state}; retry after {retry_after:.2f} s")
        self.name = name
        self.state = state
        self.retry_after = retry_after
