"""Commands that grade: `run`, `regrade`, `report`, `feedback`, `stream`."""

import contextlib
import os
import sys
from pathlib import Path
from typing import IO

import click
from rich.console import Console

from grader import archive, gates, regrading
from grader.annotations import annotation
from grader.commands.shared import (
    GATE_NOT_MET,
    PATH,
    cache_of,
    disputes_option,
    graded_now,
    isolation_option,
    no_cache_option,
    package_option,
    results_file,
    rubric_option,
    weights_of,
    writable,
)
from grader.comparing import compare
from grader.disputes import Disputed, disputes_of, read_disputes, with_disputes
from grader.errors import GraderError, InputError, StoppedError
from grader.report import RunProgress, print_leaderboard, render_html, write_all
from grader.report.feedback import feedback_pages
from grader.report.text import one_line
from grader.report.write import encodable_results, write_together
from grader.results import Results, read
from grader.runner import prepare, run_and_keep


@click.command("run")
@click.argument("candidates", nargs=-1, type=PATH)
@package_option
@click.option("--out", default="reports", show_default=True, type=PATH, help="Where reports go.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; default: one for each core.")
@click.option("--fail-under", type=click.FloatRange(0, 10), help="Exit 1 where a score is lower.")
@click.option("--baseline", type=PATH, help="Verdicts as text; exit 1 where one got worse.")
@disputes_option
@click.option("--annotate", is_flag=True, help="Print the reasons as annotations of GitHub, too.")
@rubric_option
@click.option("--feedback", type=PATH, help="A folder that gets a page of advice for each author.")
@click.option("--seed", default=0, show_default=True, help="Varies the numbers of the scenarios.")
@no_cache_option
@click.option("--engine", default="", metavar="dask://HOST:PORT", help="Grade on a Dask cluster.")
@isolation_option
def run_command(  # noqa: PLR0913, PLR0917  one parameter for each option
    candidates: tuple[Path, ...],
    packages: tuple[str, ...],
    out: Path,
    jobs: int | None,
    fail_under: float | None,
    baseline: Path | None,
    disputes: Path | None,
    annotate: bool,  # noqa: FBT001  click passes it by keyword
    rubric: Path | None,
    feedback: Path | None,
    seed: int,
    no_cache: bool,  # noqa: FBT001
    engine: str,
    isolation: str,
) -> None:
    """Grade CANDIDATES and write the reports.

    A candidate is a folder with candidate.toml, a folder of such folders, a Markdown answer, a
    Python file, or a published evaluation (.json). Default: candidates/. What was graded before
    with the same settings is read from the cache, so a run that was interrupted goes on.
    """
    weights = weights_of(rubric)
    writable(out)
    if feedback is not None:
        writable(feedback)
    before = gates.read_baseline(baseline) if baseline else None
    disputed = read_disputes(disputes) if disputes else ()
    job, notes = prepare(
        candidates,
        packages,
        isolation=isolation,
        rubric=weights,
        seed=seed,
        jobs=jobs or os.cpu_count() or 1,
        engine=engine,
    )
    for note in notes:
        click.echo(f"grader: {note}", err=True)
    # Not sys.stderr as it is now: it is redirected while the specification runs.
    console = Console(file=sys.__stderr__)
    opened = contextlib.nullcontext() if no_cache else cache_of(job)
    with opened as cache, RunProgress(len(job.entries), console) as progress:
        results, histories = run_and_keep(job, progress, cache)
    results = _with_disputes(results, disputed)
    _report(results, histories, out)
    if feedback is not None:
        write_together(feedback_pages(encodable_results(results)), feedback)
    sys.exit(_status(results, fail_under, before, annotate=annotate))


@click.command("regrade")
@click.argument("results", type=PATH)
@click.option("--out", type=PATH, help="Where reports go; default: beside RESULTS.")
@rubric_option
def regrade_command(results: Path, out: Path | None, rubric: Path | None) -> None:
    """Judge a run again from its stored histories, without running any candidate.

    RESULTS is a results.json or the folder that it lies in; the histories lie beside it.
    """
    weights = weights_of(rubric)
    stored = regrading.load(results)
    out = out or stored.folder
    writable(out)
    again = regrading.regrade(stored, weights)
    if again.played_by:
        click.echo(
            f"grader: the specification has changed: these histories were played by"
            f" {again.played_by} and are judged by {again.specification}",
            err=True,
        )
    again = _with_disputes(again, disputes_of(stored.results))
    _report(again, stored.file, out)


@click.command("report")
@click.argument("results", type=PATH)
@click.option("--against", type=PATH, help="Earlier results: what improved, what regressed.")
@disputes_option
@click.option("--out", type=PATH, help="Where report.html goes; default: beside RESULTS.")
def report_command(
    results: Path, against: Path | None, disputes: Path | None, out: Path | None
) -> None:
    """Write the page of a run once more, without running anything.

    RESULTS is a results.json or the folder that it lies in. Verdicts are shown as they are.
    """
    file = results_file(results)
    out = out or file.parent
    writable(out)
    run = read(file)
    given = read_disputes(disputes) if disputes else disputes_of(run)
    earlier = read(results_file(against)) if against else None
    run = encodable_results(_with_disputes(run, given))
    comparison = compare(run, earlier) if earlier else None
    write_together({"report.html": render_html(run, comparison=comparison).encode()}, out)
    click.echo(f"Report: {out / 'report.html'}")


@click.command("feedback")
@click.argument("source", type=PATH)
@click.option("--out", type=PATH, help="A folder that gets a page for each; default: printed.")
@rubric_option
@isolation_option
def feedback_command(source: Path, out: Path | None, rubric: Path | None, isolation: str) -> None:
    """Tell the author of an answer what to mend, the most costly first, as Markdown.

    SOURCE is a candidate, which is graded first, or a results.json, or the folder that it lies in.
    """
    weights = weights_of(rubric)
    if out is not None:
        writable(out)
    if source.name == regrading.RESULTS or (source / regrading.RESULTS).is_file():
        if rubric is not None:
            raise InputError(
                "a run has its weights already: `grader regrade --rubric` gives others"
            )
        run = read(results_file(source))
    else:
        run, _ = graded_now([source], isolation, weights)
    pages = feedback_pages(encodable_results(run))
    if out is None:
        click.echo("\n".join(page.decode() for page in pages.values()), nl=False)
        return
    write_together(pages, out)
    click.echo(f"Feedback: {len(pages)} in {out}")


@click.command("stream")
@click.argument("answers", type=click.File(encoding="utf-8"))
@click.option("--out", required=True, type=PATH, help="A file that gets a line for each answer.")
@click.option("--parquet", type=PATH, help="A file that gets the same as Parquet.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; default: one for each core.")
@rubric_option
@click.option("--seed", default=0, show_default=True, help="Varies the numbers of the scenarios.")
@no_cache_option
@isolation_option
def stream_command(  # noqa: PLR0913, PLR0917  one parameter for each option
    answers: IO[str],
    out: Path,
    parquet: Path | None,
    jobs: int | None,
    rubric: Path | None,
    seed: int,
    no_cache: bool,  # noqa: FBT001
    isolation: str,
) -> None:
    """Grade ANSWERS, any number of them, as JSON Lines; `-` reads them from the standard input.

    Each line is an object with `answer`, Markdown text, and perhaps `id`; what else is in it is
    passed through. Each line of the output is that object with `grade` in place of its answer, in
    the same order. After an interrupt the same command goes on where it was.
    """
    # What no other command needs is loaded here: they start sooner.
    from grader import stream  # noqa: PLC0415
    from grader.service import Grader  # noqa: PLC0415

    for file in (out, parquet):
        if file is not None:
            writable(file.parent)
    weights_of(rubric)
    many = jobs or os.cpu_count() or 1
    done = 0
    try:
        with contextlib.ExitStack() as opened:
            grader = opened.enter_context(
                Grader(isolation=isolation, rubric=rubric, seed=seed, jobs=many, cache=not no_cache)
            )
            sinks = stream.sinks(opened, out, parquet)
            for line in stream.graded(answers, grader, many):
                for sink in sinks:
                    sink.write(line)
                done += 1
    except KeyboardInterrupt:
        raise StoppedError(f"stopped after {done} answers; the same command goes on") from None
    click.echo(f"{done:,} answers: {out}{f', {parquet}' if parquet else ''}")


def _with_disputes(results: Results, disputes: tuple[Disputed, ...]) -> Results:
    shown, notes = with_disputes(results, disputes)
    for note in notes:
        click.echo(f"grader: {one_line(note)}", err=True)
    for candidate in shown.candidates:
        if candidate.score_if_upheld is not None and candidate.score is not None:
            told = f"{candidate.score:.2f}, {candidate.score_if_upheld:.2f} if all are upheld"
            click.echo(
                f"grader: {candidate.id}: {len(candidate.disputes)} disputed: {told}", err=True
            )
    return shown


def _report(results: Results, histories: bytes, out: Path) -> None:
    write_all(results, out, {archive.NAME: histories})
    print_leaderboard(results)
    click.echo(f"Reports: {out / 'report.html'}, results.json, junit.xml, summary.md")


def _status(
    results: Results,
    fail_under: float | None,
    baseline: gates.Baseline | None,
    *,
    annotate: bool,
) -> int:
    failed = [c for c in results.candidates if c.problem and c.problem.startswith("not graded")]
    for candidate in failed:
        click.echo(f"grader: {candidate.id}: {candidate.problem}", err=True)
    if failed:
        return GraderError.exit_status
    reasons: list[gates.Reason] = []
    if fail_under is not None:
        reasons += gates.under(results, fail_under)
    if baseline is not None:
        reasons += gates.worse(results, baseline)
        if differing := gates.out_of_date(results, baseline):
            click.echo(f"grader: {differing} verdicts are not those of the baseline", err=True)
    for reason in reasons:
        click.echo(f"grader: {one_line(str(reason))}", err=True)
        if annotate:
            click.echo(annotation(f"grader: {reason.candidate}", reason.text))
    return GATE_NOT_MET if reasons else 0


COMMANDS = (run_command, regrade_command, report_command, feedback_command, stream_command)
