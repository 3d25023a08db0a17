"""Has Markdown tables, links and images in its name and messages, for the summary."""

from breaker import CircuitBreaker, CircuitOpenError

async def call(self, function, *args, **kwargs):
    raise CircuitOpenError("| 10.00 | ![x](http://127.0.0.1/x.png) [a](javascript:alert(1)) ```\n# 10.00")

CircuitBreaker.call = call
