"""Several answers of one model as samples of what it gives: a mean, with an interval."""

from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

import msgspec

from grader.results import CandidateResult, ModelResult

FEWEST = 5
"""With fewer samples there is no interval: where answers are either good or cut off, it would hold
the true mean far less often than 95 times of 100 (`test_samples.py` measures how often)."""
ENOUGH = 20
"""With fewer, a failure that is rare is likely not among the samples, nor in the interval."""
_LEAST, _MOST = 0.0, 10.0


class Interval(msgspec.Struct, frozen=True):
    """Where the mean of all answers that a model would give lies, 95 times of 100."""

    low: float | None = None
    high: float | None = None
    note: str = ""
    """Why there is no interval, or what it cannot tell."""


def models(candidates: Iterable[CandidateResult]) -> dict[str, ModelResult]:
    """Return every model that a candidate names, with its samples; the best mean first."""
    samples: dict[str, list[CandidateResult]] = {}
    for candidate in candidates:
        if candidate.model:
            samples.setdefault(candidate.model, []).append(candidate)
    found = {name: _model(given) for name, given in samples.items()}
    return dict(sorted(found.items(), key=lambda item: (-_points(item[1].mean), item[0])))


def _points(mean: float | None) -> float:
    return -1.0 if mean is None else mean


def _model(samples: Sequence[CandidateResult]) -> ModelResult:
    scores = [sample.score for sample in samples if sample.score is not None]
    highs = [s.score if s.score_high is None else s.score_high for s in samples]
    delivered = [s.as_delivered for s in samples if s.as_delivered is not None]
    found = interval(scores)
    return ModelResult(
        samples=tuple(sample.id for sample in samples if sample.score is not None),
        not_graded=tuple(sample.id for sample in samples if sample.score is None),
        mean=round(fmean(scores), 2) if scores else None,
        mean_high=round(fmean([high for high in highs if high is not None]), 2) if scores else None,
        as_delivered=round(fmean(delivered), 2) if delivered else None,
        low=found.low,
        high=found.high,
        note=found.note,
    )


def interval(scores: Sequence[float]) -> Interval:
    """Return the 95 % interval of the mean of *scores*, 0 to 10, by Student's t distribution.

    It was chosen over the bootstrap, which is too narrow for few samples. SciPy has the
    distribution; without it there is no interval, and the note says so.
    """
    count = len(scores)
    if count < FEWEST:
        return Interval(note=f"too few samples for an interval: {count} of at least {FEWEST}")
    if min(scores) == max(scores):
        return Interval(note="all samples score alike, which gives no interval")
    try:
        from scipy import stats  # noqa: PLC0415  an extra
    except ModuleNotFoundError:
        return Interval(note="an interval needs SciPy: pip install 'breaker-grader[judges]'")
    error = stdev(scores) / count**0.5
    low, high = stats.t.interval(0.95, count - 1, loc=fmean(scores), scale=error)
    note = "" if count >= ENOUGH else f"fewer than {ENOUGH} samples: a rare failure may be missing"
    return Interval(
        round(max(float(low), _LEAST), 2),
        round(min(float(high), _MOST), 2),
        note,
    )
