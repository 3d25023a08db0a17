"""Asks the worker to play two calls in every order of steps with one switch."""

from typing import Any

import msgspec

from grader.binding.model import Surface
from grader.conversation.failures import CandidateFailure
from grader.driver.lab import Lab
from grader.history import Explored

MOST_SCHEDULES = 300


def explore(  # noqa: PLR0913  a situation has that many sides
    lab: Lab,
    surface: Surface,
    outcome: tuple[str, ...],
    *,
    planned: str,
    before: int = 0,
    wait: float = 0.0,
    stay: bool = False,
    **settings: Any,
) -> Explored:
    """Let two threads make one call each on a new breaker, in every schedule with one switch.

    `outcome` names what is looked at in the end: `rejects`, `inside`, or counts of the metrics.
    `before` failures go before, and `wait` seconds of virtual time. With `stay` the second
    thread stays inside its function, if it gets there, until the first has ended.
    """
    metrics = lab.binding.metrics
    readable = metrics is not None and not metrics.target
    try:
        reply = lab.request(
            "explore",
            expression=lab.binding.constructor.expression(lab.settings(**settings)),
            surface=surface.data,
            order=planned,
            before=before,
            order_before=lab.binding.failure,
            wait=wait,
            stay=stay,
            outcome=list(outcome),
            metrics=list(metrics.path) if metrics is not None else [],
            counts=dict(lab.binding.counts) if readable else {},
            most=MOST_SCHEDULES,
        )
    except CandidateFailure as failure:
        return Explored(sequence={}, schedules=0, unplayed=str(failure))
    if reply.error is not None:
        return Explored(sequence={}, schedules=0, unplayed=str(reply.error))
    return msgspec.convert(reply.value, Explored)
