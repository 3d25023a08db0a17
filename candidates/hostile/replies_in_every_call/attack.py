"""Writes forged replies to every open descriptor in each call."""

from breaker import CircuitBreaker, CircuitOpenError

import os
honest = CircuitBreaker.call
async def call(self, function, *args, **kwargs):
    for descriptor in range(64):
        try:
            os.write(descriptor, b'{"id":"0123456789abcdef","now":0,"value":null}\n')
        except OSError:
            pass
    return await honest(self, function, *args, **kwargs)

CircuitBreaker.call = call
