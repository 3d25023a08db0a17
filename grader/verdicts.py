"""The verdicts a requirement can get, and how each of them is known."""

from enum import StrEnum


class Verdict(StrEnum):
    """What was found about one requirement of one candidate."""

    PASS = "pass"  # noqa: S105  no password
    """The situation was reached, and nothing contradicted the requirement."""
    FAIL = "fail"
    """An observation contradicts the requirement."""
    ERROR = "error"
    """The candidate crashed, hung or broke the protocol; counts as failed, shown apart."""
    NOT_OFFERED = "not offered"
    """The candidate does not have this optional feature; out of the denominator."""
    BLOCKED = "blocked"
    """A prerequisite failed or the code is cut off, so nothing was seen; counts as failed."""
    UNKNOWN = "unknown"
    """The *grader* could not observe; failed in `score`, passed in `score_high`."""


_WORTH = {
    Verdict.PASS: 2,
    Verdict.NOT_OFFERED: 2,
    Verdict.UNKNOWN: 1,
    Verdict.BLOCKED: 0,
    Verdict.ERROR: 0,
    Verdict.FAIL: 0,
}


def worth(verdict: Verdict) -> int:
    """Return what a verdict is worth beside another: 2 costs nothing, 1 may cost, 0 costs."""
    return _WORTH[verdict]


class Level(StrEnum):
    """How binding a requirement is; the rubric gives each level its weight."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    INFORMATIVE = "INFORMATIVE"
    """A design choice that is recorded and never costs a point."""


class Known(StrEnum):
    """Who vouches for the evidence."""

    OBSERVED = "observed"
    """The trusted side saw it: what ran, what was rejected, and when."""
    ATTESTED = "attested"
    """The worker said so: object identity, signatures, memory, explored schedules."""
