"""A timer of an event loop fires when it is due, not before: a candidate may set it anew."""

import pytest

from grader.tests.driver_helpers import lab_of, session_of, told

SOURCE = """
import asyncio, time

class Probe:
    def __init__(self):
        self.rung, self.over, self.early = 0, False, False

    async def begin(self, *periods):
        self.until = time.monotonic() + periods[-1]
        for period in periods:
            asyncio.get_running_loop().call_later(period, self.ring)

    def ring(self):
        self.rung += 1
        left = self.until - time.monotonic()
        self.over = left <= 0
        if 0 < left < 1:  # as a timer does that was wound up too early
            asyncio.get_running_loop().call_later(left, self.ring)

    async def begin_for_ever(self):
        self.kept = asyncio.get_running_loop().create_task(asyncio.sleep(float("inf")))

    async def for_ever(self):
        await asyncio.get_running_loop().create_future()
"""


@pytest.mark.parametrize(
    "periods",
    [
        (10.0,),
        (7.3000000003,),  # between two nanoseconds
        (0.1 + 0.2,),
        (9.9999995, 10.0),  # one shortly before another
        (1e9 / 3,),
    ],
    ids=str,
)
def test_it_never_fires_early_and_is_not_wound_up_for_ever(periods: tuple[float, ...]) -> None:
    with session_of(SOURCE) as session, lab_of(session) as lab:
        probe = lab.breaker()
        lab.ask("invoke", breaker=probe.handle, name="begin", args=list(periods))
        lab.wait(periods[-1])
        seen = told(lab, probe)
        assert seen["over"] is True, f"after {periods[-1]} s: {seen}"
        assert seen["rung"] <= 2 * len(periods), f"it rang {seen['rung']} times"


def test_what_is_awaited_for_ever_is_told_at_once() -> None:
    with session_of(SOURCE) as session, lab_of(session) as lab:
        reply = lab.request("invoke", breaker=lab.breaker().handle, name="for_ever", args=[])
        assert reply.error is not None, f"it answered {reply.value}"
        assert reply.error.type == "TimeoutError", f"it raised {reply.error}"


def test_a_wait_without_an_end_holds_nothing_up() -> None:
    with session_of(SOURCE) as session, lab_of(session) as lab:
        probe = lab.breaker()
        lab.ask("invoke", breaker=probe.handle, name="begin_for_ever", args=[])
        reply = lab.request("advance", seconds=1e6)
        assert reply.error is None, f"to let time pass raised {reply.error}"
        assert reply.now == 1e6, f"{reply.now} s have passed"
