"""Raises an error with a message of ten million characters, in a class with a name as long."""

from breaker import CircuitBreaker, CircuitOpenError

kind = type("E" * 1_000_000, (Exception,), {})
async def call(self, function, *args, **kwargs):
    raise kind("x" * 10_000_000)

CircuitBreaker.call = call
