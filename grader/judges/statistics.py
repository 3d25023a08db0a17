"""The statistics of the comparison, all of them from SciPy, NumPy and krippendorff."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import krippendorff
import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES, DRAWS, SEED = 4_999, 10_000, 0
FEWER_RESAMPLES = 999
"""Where each takes a call of its own."""
_FEWEST = 4
"""A correlation of fewer pairs than this says nothing."""

Floats = NDArray[np.float64]


class Correlation(msgspec.Struct, frozen=True, kw_only=True):
    """How alike two orders are."""

    value: float | None
    """-1 to 1; None where there are too few pairs, or one side is constant."""
    low: float | None = None
    """Ends of the 95 % interval, by resampling the pairs (percentile bootstrap)."""
    high: float | None = None
    p: float | None = None
    """How often a random pairing is as far from none as this: a permutation test, two-sided."""
    pairs: int = 0


def spearman(left: Sequence[float], right: Sequence[float]) -> Correlation:
    """Return Spearman's rank correlation, with its interval and a permutation test."""
    one, other = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if _says_nothing(one, other):
        return Correlation(value=None, pairs=len(one))
    low, high = _interval((one, other), _spearman)
    test = stats.permutation_test(
        (other,),
        lambda shuffled, axis=-1: _spearman(np.broadcast_to(one, shuffled.shape), shuffled, axis),
        permutation_type="pairings",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(SEED),
    )
    return Correlation(
        value=float(_spearman(one, other)),
        low=low,
        high=high,
        p=float(test.pvalue),
        pairs=len(one),
    )


def _interval(
    samples: Sequence[Floats], statistic: Callable[..., Any], resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the ends of the 95 % interval, by resampling the answers."""
    with warnings.catch_warnings():
        # A sample drawn from one answer alone has no correlation; it is left out.
        warnings.simplefilter("ignore")
        found = stats.bootstrap(
            tuple(samples),
            statistic,
            paired=True,
            vectorized=statistic is _spearman,
            n_resamples=resamples,
            method="percentile",
            rng=np.random.default_rng(SEED),
        )
        low, high = np.nanpercentile(found.bootstrap_distribution, [2.5, 97.5])
    return float(low), float(high)


def _spearman(one: Floats, other: Floats, axis: int = -1) -> Any:
    """Return Pearson's correlation of the ranks, along an axis."""
    ranks = [stats.rankdata(side, axis=axis) for side in (one, other)]
    return stats.pearsonr(*ranks, axis=axis).statistic


def kendall(left: Sequence[float], right: Sequence[float]) -> Correlation:
    """Return Kendall's tau-b, with its interval and SciPy's own test."""
    one, other = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if _says_nothing(one, other):
        return Correlation(value=None, pairs=len(one))
    found = stats.kendalltau(one, other)
    low, high = _interval(
        (one, other), lambda x, y: stats.kendalltau(x, y).statistic, FEWER_RESAMPLES
    )
    return Correlation(
        value=float(found.statistic), low=low, high=high, p=float(found.pvalue), pairs=len(one)
    )


def _says_nothing(one: Floats, other: Floats) -> bool:
    return len(one) < _FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0


def alpha(
    ratings: Sequence[Sequence[float | None]], level: Literal["interval", "ordinal"]
) -> float | None:
    """Return Krippendorff's alpha of raters by answers; None where it is not defined.

    `level` is `interval` (points count as points) or `ordinal` (only their order counts).
    """
    table = np.array([[np.nan if r is None else r for r in row] for row in ratings])
    if len(np.unique(table[~np.isnan(table)])) < 2:  # noqa: PLR2004  all agree on one value
        return None
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement=level))


def without_leniency(ratings: Sequence[Sequence[float | None]]) -> list[list[float | None]]:
    """Return the ratings with each rater's own mean taken away: who is better than whom, no more.

    Exact where everybody rates the same answers; otherwise a rater that saw better answers than
    others is taken for a little more lenient than it is.
    """
    means = [np.mean([r for r in row if r is not None]) for row in ratings]
    return [
        [None if r is None else float(r - mean) for r in row]
        for row, mean in zip(ratings, means, strict=True)
    ]


def stands_above(upper: Sequence[float], lower: Sequence[float]) -> float | None:
    """Return how often one of `upper` is greater than one of `lower`, 0 to 1; a tie is half.

    None where one of them is empty.
    """
    if not upper or not lower:
        return None
    statistic = stats.mannwhitneyu(upper, lower).statistic
    return float(statistic) / (len(upper) * len(lower))


def above(parts: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return how often each answer stands above each other one under random weights, 0 to 1.

    `parts` is answer → criterion → points. All mixtures of weights are equally likely (a flat
    Dirichlet distribution); equals stand above each other half of the time.
    """
    names = list(parts)
    criteria = sorted({name for given in parts.values() for name in given})
    table = np.array([[parts[a].get(c, 0.0) for c in criteria] for a in names])
    weights = np.random.default_rng(SEED).dirichlet(np.ones(len(criteria)), DRAWS)
    points = weights @ table.T
    return {
        one: {
            other: float(
                np.mean(
                    (points[:, i] > points[:, j]) + 0.5 * np.isclose(points[:, i], points[:, j])
                )
            )
            for j, other in enumerate(names)
            if other != one
        }
        for i, one in enumerate(names)
    }


def ranks(points: Mapping[str, float]) -> dict[str, float]:
    """Return the place of each, 1 the best; equals share the mean of their places."""
    placed = stats.rankdata([-value for value in points.values()])
    return {name: float(place) for name, place in zip(points, placed, strict=True)}
