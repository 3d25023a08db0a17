"""A published evaluation's matrix of judgments: who gave which answer how many points."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import msgspec

from grader.answers import text
from grader.answers.evaluation import LIMIT
from grader.errors import InputError

WEIGHTS = {
    "correctness": 0.25,
    "completeness": 0.20,
    "clarity": 0.20,
    "depth": 0.20,
    "usefulness": 0.15,
}
"""What each criterion weighs in a judgment's composite, as the evaluation's authors publish it."""


class Judgment(msgspec.Struct, frozen=True, kw_only=True):
    """What one model said of another's answer, out of ten."""

    judge: str
    answer: str
    criteria: dict[str, float]
    composite: float
    """0..10, as published."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The judgments that count, and the names of the models by their key."""

    id: str
    names: dict[str, str]
    judgments: tuple[Judgment, ...]
    made: int
    """How many judgments there are in all, with those that do not count."""

    def of_answer(self, key: str) -> list[float]:
        """Return the composites that an answer was given."""
        return [j.composite for j in self.judgments if j.answer == key]

    def by_judge(self, key: str) -> dict[str, float]:
        """Return answer → composite for what one judge gave."""
        return {j.answer: j.composite for j in self.judgments if j.judge == key}

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers that were judged, in the order of the evaluation."""
        judged = {judgment.answer for judgment in self.judgments}
        return tuple(key for key in self.names if key in judged)

    @property
    def judges(self) -> tuple[str, ...]:
        """The models that judged, in the order of the evaluation."""
        judging = {judgment.judge for judgment in self.judgments}
        return tuple(key for key in self.names if key in judging)


def load(path: Path) -> Evaluation:
    """Return the judgments of the evaluation at *path*.

    A judgment of oneself, with an error, or with no point in any criterion does not count.
    Raises InputError, in one line, where there are no judgments.
    """
    try:
        data = json.loads(text.read(path, limit=LIMIT))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}") from error
    made = data.get("judgments") if isinstance(data, dict) else None
    responses = data.get("responses") if isinstance(data, dict) else None
    if not isinstance(made, list) or not isinstance(responses, list):
        raise InputError(f"{path}: no evaluation with judgments: no lists `responses`, `judgments`")
    judgments = tuple(filter(None, (_judgment(path, n, entry) for n, entry in enumerate(made))))
    if not judgments:
        raise InputError(f"{path}: none of its {len(made)} judgments counts")
    names = {
        str(r["model_key"]): str(r.get("model_name") or r["model_key"])
        for r in responses
        if isinstance(r, dict) and r.get("model_key")
    }
    strangers = {j.judge for j in judgments} | {j.answer for j in judgments}
    names |= {key: key for key in sorted(strangers - names.keys())}
    told = data.get("evaluation_id")
    return Evaluation(
        id=told if isinstance(told, str) else path.stem,
        names=names,
        judgments=judgments,
        made=len(made),
    )


def _judgment(path: Path, place: int, entry: Any) -> Judgment | None:
    if not isinstance(entry, dict) or entry.get("error"):
        return None
    judge, answer = entry.get("judge_key"), entry.get("respondent_key")
    if not isinstance(judge, str) or not isinstance(answer, str) or judge == answer:
        return None
    criteria = {name: _points(path, place, entry.get(name)) for name in WEIGHTS}
    if not any(criteria.values()):
        return None
    composite = entry.get("weighted_score")
    if composite is None:
        composite = math.fsum(WEIGHTS[name] * points for name, points in criteria.items())
    return Judgment(
        judge=judge, answer=answer, criteria=criteria, composite=_points(path, place, composite)
    )


def _points(path: Path, place: int, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10:  # noqa: PLR2004
        raise InputError(f"{path}: judgments[{place}]: {value!r} is no number of points, 0 to 10")
    return float(value)


class Peers(msgspec.Struct, frozen=True, kw_only=True):
    """Several judgments, summed up as the evaluation's authors do."""

    mean: float
    deviation: float
    """The standard deviation of the sample; 0 where there is one judgment."""
    count: int
    least: float
    most: float


def summed_up(composites: Iterable[float]) -> Peers:
    """Return mean, deviation, count and range of judgments."""
    given = list(composites)
    return Peers(
        mean=fmean(given),
        deviation=stdev(given) if len(given) > 1 else 0.0,
        count=len(given),
        least=min(given),
        most=max(given),
    )
