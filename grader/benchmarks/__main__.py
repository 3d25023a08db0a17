"""`python -m grader.benchmarks plain` and `python -m grader.benchmarks workers`."""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from grader.benchmarks.copies import copies
from grader.benchmarks.plain import Round, played_rounds
from grader.benchmarks.workers import shares
from grader.cli import Grader

REFERENCE = Path("candidates/reference")
folder = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group(cls=Grader)
def main() -> None:
    """Measure what grading costs, as ratios in one run.

    Exit status: 0 measured, 2 wrong usage or input, 3 what was measured failed.
    """


@main.command()
@click.argument("candidate", type=folder, default=REFERENCE)
@click.option("--count", default=10, show_default=True, help="Candidates that a round grades.")
@click.option("--rounds", default=3, show_default=True, help="Each of both ways, in turn.")
@click.option(
    "--jobs", default=1, show_default=True, help="Of `grader run`; the plain way has one."
)
def plain(candidate: Path, count: int, rounds: int, jobs: int) -> None:
    """Compare `grader run` in its sandbox with one new unsandboxed `pytest` per candidate.

    Both play the same scenarios of the same copies of CANDIDATE. The plain way has no sandbox
    (`--isolation process`), but forks a worker for every scenario as well: what it lacks is the
    isolation, and what it repeats is the start. It plays as many scenarios at once as there are
    cores, which `grader run` does with as many `--jobs`: compare wall times with those.
    """
    with tempfile.TemporaryDirectory() as where:
        rows = list(played_rounds(copies(candidate, count, Path(where)), rounds, jobs))
    click.echo(f"{count} copies of {candidate}, --jobs {jobs}, {rounds} rounds")
    for name, unit in (("wall", "wall time"), ("cpu", "CPU time")):
        click.echo(f"{unit}: grader / plain = {_spread([_ratio(row, name) for row in rows])}")


@main.command()
@click.argument("candidate", type=folder, default=REFERENCE)
@click.option("--rounds", default=3, show_default=True)
def workers(candidate: Path, rounds: int) -> None:
    """Tell which share of the CPU time of CANDIDATE goes into workers that do nothing.

    As many workers are started as its scenarios need, each imports the candidate and ends: what a
    fork for every scenario costs, whatever is played in it.
    """
    rows = shares(candidate, rounds)
    click.echo(f"start of the sandbox: {_spread([row.template for row in rows])} of a candidate")
    click.echo(f"idle workers: {_spread([row.workers for row in rows])} of a candidate")


def _ratio(row: Round, name: str) -> float:
    ratio: float = getattr(row.grader, name) / getattr(row.plain, name)
    return ratio


def _spread(ratios: Sequence[float]) -> str:
    middle = statistics.median(ratios)
    return f"{middle:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    main()
