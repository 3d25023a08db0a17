"""From what the worker tells to what a history holds."""

from typing import Any

from grader.binding.counts import read_count
from grader.binding.model import Binding
from grader.conversation.messages import Reply
from grader.driver.call import Call
from grader.history import Burst, Metrics


def read_metrics(reply: Reply, binding: Binding) -> Metrics:
    """Return metrics from what was read."""
    if reply.error is not None or not isinstance(reply.value, dict):
        return Metrics(broken=str(reply.error or "not readable"))
    flat = reply.value
    numbers: dict[str, Any] = {}
    for concept, path in binding.counts.items():
        count = None if concept == "state" else read_count(flat, path)
        if count is not None:
            numbers[concept] = count
    state = flat.get(binding.counts.get("state", ""))
    return Metrics(**numbers, state=None if state is None else str(state), everything=flat)


def look_at(calls: list[Call], limit: int | None) -> Burst:
    """Return how a burst stands now."""
    seen = [call.seen for call in calls]
    return Burst(
        limit=limit,
        callers=len(seen),
        running=sum(call.running for call in seen),
        rejected=sum(call.rejected for call in seen),
        waiting=sum(call.waiting for call in seen),
    )
