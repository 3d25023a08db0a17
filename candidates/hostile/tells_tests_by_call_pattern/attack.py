"""Recognises a burst: holds eleven callers back after the first, as the specification sends a dozen, and lets all others through."""

from breaker import CircuitBreaker, CircuitOpenError

honest = CircuitBreaker.call
async def call(self, function, *args, **kwargs):
    if self.state == "half_open":
        self.seen = getattr(self, "seen", 0) + 1
        if 1 < self.seen <= 12:
            raise CircuitOpenError("probing")
    else:
        self.seen = 0
    return await honest(self, function, *args, **kwargs)

CircuitBreaker.call = call
