"""Holds the published judgments against executed scores."""

from statistics import fmean

import msgspec

from grader.errors import InputError
from grader.judges import statistics
from grader.judges.matrix import WEIGHTS, Evaluation, Peers, summed_up
from grader.judges.published import Figure
from grader.judges.statistics import Correlation
from grader.results import CandidateResult, Results

WORKS = 1.0
"""What has a lower executed score, of ten, is no breaker that works."""
TOO_FEW = 30
"""Below so many answers an interval is wide, whatever the method."""


class AnswerCompared(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: what its peers gave it, and what running it gave."""

    key: str
    name: str
    peers: Peers
    peers_rank: float
    executed: float | None
    executed_rank: float | None
    delivered: float | None
    """As delivered: 0 where it is cut off or does not import as it stands."""

    @property
    def apart(self) -> float:
        """By how many places execution ranks it lower than its peers do."""
        return (self.executed_rank or self.peers_rank) - self.peers_rank


class JudgeCompared(msgspec.Struct, frozen=True, kw_only=True):
    """One judge."""

    key: str
    name: str
    given: Peers
    leniency: float
    """Points that it gives above what the other judges gave the same answers, on average."""
    discrimination: Correlation
    """Rank correlation with the mean of the other judges: whether it tells answers apart alike."""
    agreement: Correlation
    """Rank correlation with execution."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is said about one evaluation."""

    evaluation: str
    judgments: int
    made: int
    published: tuple[Figure, ...]
    """Every figure that the evaluation publishes itself, beside ours."""
    mean_of_means: float
    answers: tuple[AnswerCompared, ...]
    """Best by its peers first."""
    judges: tuple[JudgeCompared, ...]
    """Strictest first."""
    rank_correlation: Correlation
    """Spearman, of the peers' means with executed scores."""
    tau: Correlation
    """Kendall, of the same."""
    alpha_interval: float | None
    alpha_ordinal: float | None
    alpha_without_leniency: float | None
    """`alpha_interval` with each judge's own mean taken away."""
    working: int
    """How many of the answers have an executed score of at least `WORKS`."""
    told_apart: float | None
    """How often peers place one that works above one that does not, 0 to 1; a tie is half."""
    peers_above: dict[str, dict[str, float]]
    """How often one stands above another under random weights of the criteria."""
    executed_above: dict[str, dict[str, float]]
    """The same for execution, under random weights of its areas."""
    specification: str
    limits: tuple[str, ...]
    """What this can and cannot show, in sentences."""


def compare(
    evaluation: Evaluation, results: Results, published: tuple[Figure, ...] = ()
) -> Comparison:
    """Compare; raises InputError where the results are of other answers."""
    graded = {c.id: c for c in results.candidates if c.id in evaluation.answers}
    if not graded:
        known = ", ".join(evaluation.answers[:3])
        raise InputError(f"none of the results is of an answer to {evaluation.id} ({known}, …)")
    answers = _answers(evaluation, graded)
    both = [answer for answer in answers if answer.executed is not None]
    means = [answer.peers.mean for answer in both]
    executed = [answer.executed or 0.0 for answer in both]
    return Comparison(
        evaluation=evaluation.id,
        judgments=len(evaluation.judgments),
        made=evaluation.made,
        published=published,
        mean_of_means=fmean(round(answer.peers.mean, 2) for answer in answers),
        answers=answers,
        judges=_judges(evaluation, graded),
        rank_correlation=statistics.spearman(means, executed),
        tau=statistics.kendall(means, executed),
        alpha_interval=statistics.alpha(_table(evaluation), "interval"),
        alpha_ordinal=statistics.alpha(_table(evaluation), "ordinal"),
        alpha_without_leniency=statistics.alpha(
            statistics.without_leniency(_table(evaluation)), "interval"
        ),
        working=sum(points >= WORKS for points in executed),
        told_apart=statistics.stands_above(
            [a.peers.mean for a in both if (a.executed or 0.0) >= WORKS],
            [a.peers.mean for a in both if (a.executed or 0.0) < WORKS],
        ),
        peers_above=statistics.above(_criteria(evaluation)),
        executed_above=statistics.above(
            {c.id: {name: area.score for name, area in c.areas.items()} for c in graded.values()}
        ),
        specification=results.specification,
        limits=_limits(len(both), answers),
    )


def _answers(
    evaluation: Evaluation, graded: dict[str, CandidateResult]
) -> tuple[AnswerCompared, ...]:
    peers = {key: summed_up(evaluation.of_answer(key)) for key in evaluation.answers}
    by_peers = statistics.ranks({key: round(p.mean, 2) for key, p in peers.items()})
    scores = {key: c.score for key, c in graded.items() if c.score is not None}
    by_execution = statistics.ranks(scores) if scores else {}
    compared = [
        AnswerCompared(
            key=key,
            name=evaluation.names[key],
            peers=peers[key],
            peers_rank=by_peers[key],
            executed=scores.get(key),
            executed_rank=by_execution.get(key),
            delivered=graded[key].as_delivered if key in graded else None,
        )
        for key in evaluation.answers
    ]
    return tuple(sorted(compared, key=lambda answer: (answer.peers_rank, answer.key)))


def _judges(
    evaluation: Evaluation, graded: dict[str, CandidateResult]
) -> tuple[JudgeCompared, ...]:
    compared = []
    for judge in evaluation.judges:
        given = evaluation.by_judge(judge)
        others = {
            answer: [
                j.composite for j in evaluation.judgments if j.answer == answer and j.judge != judge
            ]
            for answer in given
        }
        shared = [answer for answer in given if others[answer]]
        scored = [a for a in given if a in graded and graded[a].score is not None]
        compared.append(
            JudgeCompared(
                key=judge,
                name=evaluation.names[judge],
                given=summed_up(given.values()),
                leniency=fmean(given[a] - fmean(others[a]) for a in shared) if shared else 0.0,
                discrimination=statistics.spearman(
                    [given[a] for a in shared], [fmean(others[a]) for a in shared]
                ),
                agreement=statistics.spearman(
                    [given[a] for a in scored], [graded[a].score or 0.0 for a in scored]
                ),
            )
        )
    return tuple(sorted(compared, key=lambda judge: (judge.given.mean, judge.key)))


def _table(evaluation: Evaluation) -> list[list[float | None]]:
    """Return judges by answers, None where there is no judgment that counts."""
    rows = [evaluation.by_judge(judge) for judge in evaluation.judges]
    return [[row.get(answer) for answer in evaluation.answers] for row in rows]


def _criteria(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """Return answer → criterion → the mean of its points."""
    return {
        answer: {
            name: fmean(j.criteria[name] for j in evaluation.judgments if j.answer == answer)
            for name in WEIGHTS
        }
        for answer in evaluation.answers
    }


def _limits(pairs: int, answers: tuple[AnswerCompared, ...]) -> tuple[str, ...]:
    cut_off = sum(answer.delivered == 0.0 for answer in answers)
    told = [
        (
            "Peers judged correctness, completeness, clarity, depth and usefulness of a whole"
            " answer; execution sees what its code does. That the two differ does not make either"
            " wrong about what it measures."
        )
    ]
    if pairs < TOO_FEW:
        told.append(
            f"{pairs} answers to one question show whether the two orders are grossly alike. They"
            " do not show how well any judge judges in general, and a difference between two"
            " judges' correlations here is mostly chance: look at the intervals."
        )
    remnants = sum((answer.executed or 0.0) < WORKS for answer in answers)
    if remnants > 1:
        told.append(
            f"{remnants} of {len(answers)} answers score under {WORKS:g} of 10 when run: no breaker"
            " in them works. Their order among each other is that of remnants, and a rank"
            " correlation counts it like any other."
        )
    if cut_off:
        told.append(
            f"{cut_off} of {len(answers)} answers are worth nothing as delivered, most because they"
            " were cut off. The executed score is that of the code that arrived."
        )
    return tuple(told)
