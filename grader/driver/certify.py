"""The clock certificate: how a candidate tells the time, and that each way stands still.

Made before anything that depends on time is judged. A candidate that still sees real time is not
judged wrong for it: what depends on time is `unknown`, with the certificate's reason.
"""

from grader.certificate import Certificate, Keeps, Reads
from grader.conversation.failures import CandidateFailure, Interrupted
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab, Refused

_MOVE = 5.0
_SHORT = 0.02
"""Seconds: an open period that is over in real time before anyone would notice."""
_REALLY = 0.06


def certify(lab: Lab) -> Certificate:
    """Watch a breaker trip, reject and recover, look for its clocks, and move time in between.

    The candidate must not have run in this worker before.
    """
    lab.request("watch_time", begin=True)
    try:
        breaker = lab.breaker()
    except Refused:
        return Certificate(frozen=True)
    recovered = _live(breaker)
    watched = lab.request("watch_time", begin=False)
    found = lab.request("find_clocks", breaker=breaker.handle, seconds=_MOVE)
    reads = watched.value_as(tuple[Reads, ...]) if watched.error is None else ()
    keeps = found.value_as(tuple[Keeps, ...]) if found.error is None else ()
    # What moves with the worker's clock is frozen, whatever else it looks at.
    reason = "" if recovered else _why_real(lab, reads)
    return Certificate(frozen=not reason, reason=reason, keeps=keeps, reads=reads)


def _live(breaker: Breaker) -> bool:
    """Let it trip, reject, recover and close; return whether moving the clock let a call in."""
    try:
        breaker.trip()
        if breaker.succeed().admitted:
            return True
        period, _ = breaker.open_period(planned="return")
    except CandidateFailure:
        raise
    except Interrupted:
        return True  # it does not open, so there is nothing that time could end
    return period.high is not None


def _why_real(lab: Lab, reads: tuple[Reads, ...]) -> str:
    """Return why its time is taken to be real; empty where it is not."""
    for read in reads:
        if read.reads.startswith("the real"):
            return f"{read.where} reads {read.reads}, which does not stand still"
    if _recovers_really(lab):
        return "its open period ends in real time, whatever the worker's clock says"
    return ""


def _recovers_really(lab: Lab) -> bool:
    """See whether a short open period ends while only real time passes."""
    try:
        breaker = lab.breaker(base=_SHORT)
        breaker.trip()
        if breaker.succeed().admitted:
            return False
        lab.request("really_wait", seconds=_REALLY)
        return breaker.succeed().admitted
    except (Interrupted, Refused):
        return False
