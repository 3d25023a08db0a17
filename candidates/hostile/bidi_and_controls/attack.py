"""Turns its name around with bidirectional controls and puts NUL and surrogates into messages."""

from breaker import CircuitBreaker, CircuitOpenError

async def call(self, function, *args, **kwargs):
    raise CircuitOpenError("\u202e00.01\x00\ud800\ufffe")

CircuitBreaker.call = call
