"""Never ends in a call, on the event loop."""

from breaker import CircuitBreaker, CircuitOpenError

async def call(self, function, *args, **kwargs):
    while True:
        pass

CircuitBreaker.call = call
