"""What the pictures show, read out of a candidate's `measurements`.

Measurements are loosely typed on purpose (`results.json` outlives a version of
the specification), so everything here checks what it finds and says None where
there is nothing to show.
"""

import math
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import msgspec

from grader.results import CandidateResult

_WORTH_COUNTING = 2


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Open periods in seconds, one per round; either list may be the shorter one."""

    configured: tuple[float, ...]
    measured: tuple[float, ...]

    @property
    def sentence(self) -> str:
        """Say the curve in words, for whoever cannot see it."""
        measured = f"measured {_listed(self.measured)}"
        if not self.configured:
            return f"Open periods {measured}."
        return f"Open periods configured {_listed(self.configured)}; {measured}."


class Burst(msgspec.Struct, frozen=True, kw_only=True):
    """Callers that arrived together while the breaker was half-open."""

    callers: int
    limit: int | None
    """How many probes were configured; None where that was not recorded."""
    running: int
    rejected: int

    @property
    def over(self) -> int:
        """How many more ran than the limit allows."""
        return max(0, self.running - self.limit) if self.limit is not None else 0

    @property
    def pending(self) -> int:
        """How many neither ran nor were rejected: they queued."""
        return max(0, self.callers - self.running - self.rejected)

    @property
    def sentence(self) -> str:
        """Say what happened to the callers."""
        limit = f", limit {self.limit}" if self.limit is not None else ""
        parts = [f"{self.running} ran", f"{self.rejected} rejected"]
        if self.pending:
            parts.append(f"{self.pending} left waiting")
        verdict = f": {self.over} more than allowed" if self.over else ""
        return f"{self.callers} callers at once{limit}: {', '.join(parts)}{verdict}."


def curve_of(candidate: CandidateResult) -> Curve | None:
    """Return the backoff curve, or None where no open period was observed."""
    raw = candidate.measurements.get("backoff_curve")
    if isinstance(raw, Mapping):
        configured, measured = _seconds(raw.get("configured")), _seconds(raw.get("measured"))
    else:  # a plain list is the measured half
        configured = _seconds(candidate.measurements.get("backoff_configured"))
        measured = _seconds(raw)
    return Curve(configured=configured, measured=measured) if measured else None


def burst_of(candidate: CandidateResult) -> Burst | None:
    """Return the half-open burst, or None where there was none."""
    raw = candidate.measurements.get("half_open_burst")
    if not isinstance(raw, Mapping):
        return None
    callers, running, rejected, limit = (
        _count(raw.get(key)) for key in ("callers", "running", "rejected", "limit")
    )
    if callers is None or running is None or rejected is None:
        return None
    return Burst(callers=callers, limit=limit, running=running, rejected=rejected)


def seconds_text(value: float) -> str:
    """Write a period as a reader says it: `10 s`, `0.5 s`, `1280 s`."""
    return f"{value:.6g} s"


def _listed(values: tuple[float, ...]) -> str:
    """List periods; one that repeats is named once, with how often."""
    told = []
    for value, run in groupby(values):
        times = len(list(run))
        if times > _WORTH_COUNTING:
            told.append(f"{value:.6g} ({times} times)")
        else:
            told += [f"{value:.6g}"] * times
    return ", ".join(told) + " s"


def _seconds(raw: Any) -> tuple[float, ...]:
    """Return the leading numbers: a round that was not observed ends the curve."""
    if not isinstance(raw, list | tuple):
        return ()
    leading: list[float] = []
    for value in raw:
        if isinstance(value, bool) or not isinstance(value, int | float):
            break
        if not math.isfinite(value) or value < 0:
            break
        leading.append(float(value))
    return tuple(leading)


def _count(raw: Any) -> int | None:
    return raw if type(raw) is int and raw >= 0 else None
