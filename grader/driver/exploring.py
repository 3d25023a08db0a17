"""Asks the worker to play two calls in every order of steps with one switch."""

from typing import Any

from grader.binding.model import Surface
from grader.conversation.failures import CandidateFailure, Misspoke
from grader.driver.lab import Lab
from grader.history import Explored

MOST_SCHEDULES = 300
_SEEN = ("rejects", "inside")
"""What is looked at without the breaker's metrics."""


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
    counts = dict(lab.binding.counts) if readable else {}
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
            counts=counts,
            most=MOST_SCHEDULES,
        )
    except CandidateFailure as failure:
        return Explored(sequence={}, schedules=0, unplayed=str(failure))
    if reply.error is not None:
        return Explored(sequence={}, schedules=0, unplayed=str(reply.error))
    found = reply.value_as(Explored)
    if any(name not in found.sequence for name in outcome if name in {*_SEEN, *counts}):
        raise Misspoke("left out what was to be looked at in the end")
    return found
