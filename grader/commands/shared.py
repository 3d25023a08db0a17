"""What several commands share: options, and what is checked before any work is done."""

import contextlib
import os
import sys
from pathlib import Path

import click
from rich.console import Console

from grader import answers, regrading, scoring
from grader.cache import Cache
from grader.candidate import Candidate, Unreadable
from grader.catalogue import check_rows
from grader.errors import GraderError, InputError
from grader.report import RunProgress
from grader.results import Results
from grader.runner import Job, prepare, run_and_keep

GATE_NOT_MET = 1
PATH = click.Path(path_type=Path)
rubric_option = click.option(
    "--rubric", type=PATH, help="A file of weights and levels; default: those of the project."
)
package_option = click.option(
    "--package",
    "packages",
    multiple=True,
    metavar="NAME",
    help="An installed package, by the name that pip or import knows it by.",
)
isolation_option = click.option(
    "--isolation",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "bwrap", "landlock", "process"]),
    help="Sandbox tier; auto takes the strongest that works here and never `process`.",
)
no_cache_option = click.option(
    "--no-cache", is_flag=True, help="Neither read nor keep gradings (see `grader cache`)."
)
disputes_option = click.option(
    "--disputes",
    type=PATH,
    help="Disputed verdicts, as the page exports them; shown, never applied.",
)


def writable(out: Path) -> None:
    """Refuse an output folder that cannot be written, before any work is done."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be used for reports: {error.strerror}") from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise InputError(f"{out}: cannot be used for reports: not writable")


def weights_of(rubric: Path | None) -> scoring.Rubric:
    """Return the weights of a file, or those of the project; refuse rows that do not exist."""
    weights = scoring.load(rubric)
    check_rows(weights)
    return weights


def results_file(path: Path) -> Path:
    """Return the results.json that is meant by it, or by the folder that it lies in."""
    return path / regrading.RESULTS if path.is_dir() else path


def one_or_named(path: Path | None, packages: tuple[str, ...]) -> list[Candidate | Unreadable]:
    """Return the candidates of a path, or installed packages by name; InputError for neither."""
    if path is None and not packages:
        raise InputError("name a candidate, or an installed package with --package")
    return answers.load_all([path] if path else [], packages)


def cache_of(job: Job) -> contextlib.AbstractContextManager[Cache | None]:
    """Open what was graded before; where that cannot be used, say so and do without."""
    try:
        return Cache(job.tier, job.rubric, job.seed)
    except GraderError as error:
        click.echo(f"grader: {error}", err=True)
        return contextlib.nullcontext()


def graded_now(paths: list[Path], isolation: str, weights: scoring.Rubric) -> tuple[Results, bytes]:
    """Grade on every core, with the default seed; return the histories as well."""
    job, _ = prepare(paths, isolation=isolation, rubric=weights, seed=0, jobs=os.cpu_count() or 1)
    console = Console(file=sys.__stderr__)
    with cache_of(job) as cache, RunProgress(len(job.entries), console) as progress:
        return run_and_keep(job, progress, cache)
