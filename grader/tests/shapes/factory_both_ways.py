"""A decorator with and without parentheses; everything hangs on the decorated function."""

import functools

from machine import Machine, counted


def circuit_breaker(
    fn=None,
    *,
    failure_threshold: int = 5,
    recovery_timeout: float = 30.0,
    backoff_multiplier: float = 2.0,
    max_recovery_timeout: float = 300.0,
    half_open_max_calls: int = 1,
    success_threshold: int = 1,
):
    def decorate(function):
        m = Machine(
            failure_threshold,
            recovery_timeout,
            backoff_multiplier,
            max_recovery_timeout,
            half_open_max_calls,
            success_threshold,
        )

        @functools.wraps(function)
        async def guarded(*args, **kwargs):
            return await m.run(function, *args, **kwargs)

        def stats():
            return counted(m)

        guarded.state = lambda: m.word
        guarded.stats = stats
        return guarded

    return decorate if fn is None else decorate(fn)
