"""`python -m grader.benchmarks` and one of its commands, each a ratio."""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import click

from grader.benchmarks.copies import copies
from grader.benchmarks.many import calls as timed_calls
from grader.benchmarks.many import grow
from grader.benchmarks.plain import Round, played_rounds
from grader.benchmarks.spread import hanging_among, one_to_two
from grader.benchmarks.workers import shares
from grader.cli import Grader

REFERENCE = Path("candidates/reference")
SMALL = "```python\nimport time\n\n\ndef now():\n    return time.time()\n```\n"
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
    isolation, and what it repeats is the start. It plays one scenario after the other, as a plain
    run of tests does.
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
    """Tell where the CPU time of CANDIDATE goes, in shares.

    As many workers are started as its scenarios need, each imports the candidate and ends: what a
    fork for every scenario costs, whatever is played in it. With a worker for each scenario that
    is a floor, with what starts the sandbox and what judges.
    """
    rows = shares(candidate, rounds)
    seconds = statistics.median(row.seconds for row in rows)
    click.echo(f"{candidate}: {seconds:.1f} s of CPU, of which")
    for name, of in (
        ("start of the sandbox", [row.template for row in rows]),
        (f"{rows[0].count} workers that play nothing", [row.workers for row in rows]),
        ("playing the scenarios in them", [row.playing for row in rows]),
        ("telling them what to do, and judging", [row.judging for row in rows]),
    ):
        click.echo(f"  {name}: {_spread(of)}")


@main.command()
@click.argument("answer", type=click.File(), required=False)
@click.option("--count", default=100, show_default=True, help="Variants of the answer.")
def many(answer: IO[str] | None, count: int) -> None:
    """Grade variants of an ANSWER, one after the other, then all of them again from the cache.

    Default: an answer without a breaker, which is quick.
    """
    found = grow(answer.read() if answer else SMALL, count)
    click.echo(f"{count} answers: the last tenth / the first tenth = {found.last_to_first:.2f}")
    click.echo(f"fresh / cached = {found.fresh_to_cached:.0f}")
    click.echo(f"the process that asks had {found.memory:.0f} MB at most")


@main.command()
@click.argument("answer", type=click.File(), required=False)
@click.option("--count", default=20, show_default=True)
def calls(answer: IO[str] | None, count: int) -> None:
    """Tell what one call of `grader.grade` costs, and one whose answer hangs, as a multiple.

    Default: the answer without a breaker, which is quick.
    """
    seconds, hanging = timed_calls(answer.read() if answer else SMALL, count)
    middle, most = statistics.median(seconds), max(seconds)
    click.echo(f"{count} calls: {middle:.2f} s in the middle, {most:.2f} s at most")
    click.echo(f"one that hangs: {hanging:.2f} s, {hanging / middle:.1f} times as long")


@main.command()
@click.argument("answer", type=click.File(), required=False)
@click.option("--count", default=100, show_default=True)
@click.option("--jobs", default=2, show_default=True)
def hanging(answer: IO[str] | None, count: int, jobs: int) -> None:
    """Grade variants of an ANSWER with `grader run`, then again with one of them hanging.

    Default: the answer without a breaker, which is quick.
    """
    ratio = hanging_among(answer.read() if answer else SMALL, count, jobs)
    click.echo(f"{count} answers, --jobs {jobs}: one that hangs / none = {ratio:.2f}")


@main.command()
@click.argument("answer", type=click.File(), required=False)
@click.option("--count", default=40, show_default=True)
def dask(answer: IO[str] | None, count: int) -> None:
    """Grade variants of an ANSWER on a Dask cluster of one worker, then on one of two.

    Default: the answer without a breaker, which is quick.
    """
    ratio = one_to_two(answer.read() if answer else SMALL, count)
    click.echo(f"{count} answers on Dask: one worker / two = {ratio:.2f}")


def _ratio(row: Round, name: str) -> float:
    ratio: float = getattr(row.grader, name) / getattr(row.plain, name)
    return ratio


def _spread(ratios: Sequence[float]) -> str:
    middle = statistics.median(ratios)
    return f"{middle:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    main()
