"""Raises errors that raise when they are looked at."""

from breaker import CircuitBreaker, CircuitOpenError

class Unspeakable(Exception):
    def __str__(self): raise SystemExit
    __repr__ = __dir__ = __str__
    def __getattribute__(self, name): raise KeyboardInterrupt

async def call(self, function, *args, **kwargs):
    raise Unspeakable

CircuitBreaker.call = call
