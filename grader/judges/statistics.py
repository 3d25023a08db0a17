"""The statistics of the comparison, all of them from SciPy, NumPy and krippendorff."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import krippendorff
import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES, DRAWS, SEED = 4_999, 10_000, 0
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
    with warnings.catch_warnings():
        # A sample drawn from one pair alone has no correlation; SciPy leaves it out, and says so.
        warnings.simplefilter("ignore")
        interval = stats.bootstrap(
            (one, other),
            _spearman,
            paired=True,
            vectorized=True,
            n_resamples=RESAMPLES,
            method="percentile",
            rng=np.random.default_rng(SEED),
        )
    drawn = interval.bootstrap_distribution
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
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
        low=float(low),
        high=float(high),
        p=float(test.pvalue),
        pairs=len(one),
    )


def _spearman(one: Floats, other: Floats, axis: int = -1) -> Any:
    """Return Pearson's correlation of the ranks, along an axis."""
    ranks = [stats.rankdata(side, axis=axis) for side in (one, other)]
    return stats.pearsonr(*ranks, axis=axis).statistic


def kendall(left: Sequence[float], right: Sequence[float]) -> Correlation:
    """Return Kendall's tau-b, with SciPy's own test."""
    one, other = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if _says_nothing(one, other):
        return Correlation(value=None, pairs=len(one))
    found = stats.kendalltau(one, other)
    return Correlation(value=float(found.statistic), p=float(found.pvalue), pairs=len(one))


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
