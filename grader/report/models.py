"""Models with several answers: one table that every form of report shows."""

from grader.report.tables import Section, Table
from grader.report.view import number
from grader.results import ModelResult, Results

_METHOD = (
    "Mean of a model's answers, each a sample; 95 % interval of that mean by Student's t"
    " distribution, cut to 0 to 10. It takes the samples to be drawn independently, with the same"
    " question and settings."
)


def models_section(results: Results) -> Section | None:
    """Return the leaderboard of models; None where no model has several answers."""
    if not any(_count(model) > 1 for model in results.models.values()):
        return None
    return Section(
        anchor="models",
        title="Models",
        lede="Several answers of one model are samples of what it gives.",
        tables=(
            Table(
                title="Models, by the mean of their answers",
                head=("model", "samples", "mean", "95 % interval", "as delivered", "note"),
                rows=tuple(_row(name, model) for name, model in results.models.items()),
                notes=(_METHOD,),
            ),
        ),
    )


def _count(model: ModelResult) -> int:
    return len(model.samples) + len(model.not_graded)


def _row(name: str, model: ModelResult) -> tuple[str, ...]:
    between = "–" if model.low is None else f"{number(model.low)} to {number(model.high)}"
    mean = number(model.mean)
    if model.mean_high != model.mean:
        mean += f"–{number(model.mean_high)}"
    missing = len(model.not_graded)
    told = (f"{missing} not graded, and not in the mean" if missing else "", model.note)
    return (
        name,
        str(len(model.samples)),
        mean,
        between,
        number(model.as_delivered),
        "; ".join(filter(None, told)),
    )
