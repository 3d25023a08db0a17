"""Ends the process with status 0 in the middle of a call."""

from breaker import CircuitBreaker, CircuitOpenError

import os
async def call(self, function, *args, **kwargs):
    os._exit(0)

CircuitBreaker.call = call
