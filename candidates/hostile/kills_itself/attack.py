"""Kills itself in a call."""

from breaker import CircuitBreaker, CircuitOpenError

import os, signal
async def call(self, function, *args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

CircuitBreaker.call = call
