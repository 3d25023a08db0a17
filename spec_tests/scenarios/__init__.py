"""The situations that the requirements judge; importing this package declares them all."""

from spec_tests.scenarios import (
    asynchronous,
    backoff,
    delivery,
    exceptions,
    half_open,
    metrics,
    states,
    thresholds,
)

__all__ = [
    "asynchronous",
    "backoff",
    "delivery",
    "exceptions",
    "half_open",
    "metrics",
    "states",
    "thresholds",
]
