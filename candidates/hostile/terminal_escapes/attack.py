"""Has terminal escape sequences in its name and messages: clears the screen, sets the title, goes up."""

from breaker import CircuitBreaker, CircuitOpenError

async def call(self, function, *args, **kwargs):
    raise CircuitOpenError("\x1b[2J\x1b]0;owned\x07\x1b[1A\x9b2J\r score 10.00")

CircuitBreaker.call = call
