"""The figures that an evaluation publishes itself, beside those computed from its matrix."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from grader.answers import text
from grader.answers.evaluation import LIMIT
from grader.judges.matrix import Evaluation, Peers, summed_up

_OF_ANSWERS = {
    "average_score": "mean",
    "score_count": "count",
    "std_dev": "deviation",
    "min_score": "least",
    "max_score": "most",
}
_OF_JUDGES = {"average_score_given": "mean", "judgments_made": "count"}
_DECIMALS = 2
"""As many as the published figures have."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One published figure."""

    name: str
    """`rankings.grok_420.average_score`: where it stands in the file."""
    published: float
    computed: float | None
    """Rounded as the published one is; None where nothing is there to compute it from."""

    @property
    def reproduced(self) -> bool:
        """Tell whether both are the same."""
        return self.computed is not None and math.isclose(self.published, self.computed)


def figures(path: Path, evaluation: Evaluation) -> tuple[Figure, ...]:
    """Return every figure that the file at *path* publishes; none where it publishes none.

    Means, counts, deviations and ranges of the answers, and means, counts and ranks of the judges.
    """
    data = json.loads(text.read(path, limit=LIMIT))
    answers = {key: summed_up(evaluation.of_answer(key)) for key in evaluation.answers}
    judges = {key: summed_up(evaluation.by_judge(key).values()) for key in evaluation.judges}
    meta = _table(data.get("meta_analysis"))
    return (
        *_summaries("rankings", data.get("rankings"), answers, _OF_ANSWERS),
        *_ranks("rankings", "rank", data.get("rankings"), answers, best=max),
        *_summaries("judge_strictness", meta.get("judge_strictness"), judges, _OF_JUDGES),
        *_ranks(
            "judge_strictness", "strictness_rank", meta.get("judge_strictness"), judges, best=min
        ),
        *_figure("valid_judgments", meta.get("valid_judgments"), len(evaluation.judgments)),
    )


def _summaries(
    where: str, published: Any, ours: dict[str, Peers], fields: dict[str, str]
) -> Iterator[Figure]:
    for key, told in _table(published).items():
        for name, field in fields.items():
            computed = getattr(ours[key], field) if key in ours else None
            yield from _figure(f"{where}.{key}.{name}", _table(told).get(name), computed)


def _ranks(
    where: str, name: str, published: Any, ours: dict[str, Peers], *, best: Any
) -> Iterator[Figure]:
    """Yield the published ranks, 1 the best: the greatest mean for `max`, the least for `min`."""
    means = {key: round(peers.mean, _DECIMALS) for key, peers in ours.items()}
    for key, told in _table(published).items():
        ahead = [m for m in means.values() if key in means and best(m, means[key]) != means[key]]
        computed = len(ahead) + 1 if key in means else None
        yield from _figure(f"{where}.{key}.{name}", _table(told).get(name), computed)


def _figure(name: str, published: Any, computed: float | None) -> Iterator[Figure]:
    if isinstance(published, bool) or not isinstance(published, int | float):
        return
    rounded = None if computed is None else round(float(computed), _DECIMALS)
    yield Figure(name=name, published=float(published), computed=rounded)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
