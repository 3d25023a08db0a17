"""Defines a state type with three members that nothing uses."""

import enum
import breaker
class CircuitState(enum.Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
breaker.CircuitState = CircuitState
