"""The command line: `grader run`, `regrade`, `requirements`, `import`, `bind`, `verdicts`."""

import os
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console

from grader import __version__, answers, archive, audit, costing, gates, regrading, scoring
from grader.annotations import annotation
from grader.bench import Bench
from grader.candidate import Candidate, Unreadable
from grader.catalogue import catalogue, check_rows
from grader.comparing import compare
from grader.conversation.failures import Interrupted
from grader.disputes import Disputed, disputes_of, read_disputes, with_disputes
from grader.errors import GraderError, InputError
from grader.explain import explain, write_kit
from grader.report import RunProgress, print_leaderboard, render_html, write_all
from grader.report.doctor import print_doctor
from grader.report.explained import print_explanation
from grader.report.feedback import feedback_pages
from grader.report.requirements import (
    print_requirements,
    requirements_json,
    requirements_lines,
    requirements_markdown,
)
from grader.report.text import one_line
from grader.report.write import encodable_results, write_together
from grader.results import Results, read
from grader.runner import prepare, run_and_keep
from grader.sandbox import choose, diagnose
from grader.verdict_text import verdict_text

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

disputes_option = click.option(
    "--disputes",
    type=PATH,
    help="Disputed verdicts, as the page exports them; shown, never applied.",
)


class Grader(click.Group):
    """Turns our named errors into one line and their exit status."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except GraderError as error:
            click.echo(f"grader: {error}", err=True)
            sys.exit(error.exit_status)


@click.group(cls=Grader, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade circuit breakers by execution.

    Exit status: 0 graded, 1 a gate was not met, 2 wrong usage or input, 3 the grader failed.
    """


@main.command("run")
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
    isolation: str,
) -> None:
    """Grade CANDIDATES and write the reports.

    A candidate is a folder with candidate.toml, a folder of such folders, a Markdown answer, a
    Python file, or a published evaluation (.json). Default: candidates/.
    """
    weights = _weights(rubric)
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
    )
    for note in notes:
        click.echo(f"grader: {note}", err=True)
    # Not sys.stderr as it is now: it is redirected while the specification runs.
    console = Console(file=sys.__stderr__)
    with RunProgress(len(job.entries), console) as progress:
        results, histories = run_and_keep(job, progress)
    results = _with_disputes(results, disputed)
    _report(results, histories, out)
    if feedback is not None:
        write_together(feedback_pages(encodable_results(results)), feedback)
    sys.exit(_status(results, fail_under, before, annotate=annotate))


def _weights(rubric: Path | None) -> scoring.Rubric:
    weights = scoring.load(rubric)
    check_rows(weights)
    return weights


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


def writable(out: Path) -> None:
    """Refuse an output folder that cannot be written, before any work is done."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be used for reports: {error.strerror}") from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise InputError(f"{out}: cannot be used for reports: not writable")


@main.command("import")
@click.argument("source", type=PATH, required=False)
@package_option
@click.option("--into", required=True, type=PATH, help="Folder that gets the candidate folders.")
def import_command(source: Path | None, packages: tuple[str, ...], into: Path) -> None:
    """Make candidate folders of an answer, a published evaluation or an installed package."""
    for entry in _one_or_named(source, packages):
        if isinstance(entry, Unreadable):
            click.echo(f"grader: {entry.problem}", err=True)
            continue
        click.echo(answers.save(entry, into))


@main.command("bind")
@click.argument("candidate", type=PATH, required=False)
@package_option
@isolation_option
def bind_command(candidate: Path | None, packages: tuple[str, ...], isolation: str) -> None:
    """Show how a candidate's breaker was understood."""
    for entry in _one_or_named(candidate, packages):
        if isinstance(entry, Candidate):
            with Bench(entry, choose(isolation)) as bench:
                _show_binding(bench)


def _one_or_named(path: Path | None, packages: tuple[str, ...]) -> list[Candidate | Unreadable]:
    if path is None and not packages:
        raise InputError("name a candidate, or an installed package with --package")
    return answers.load_all([path] if path else [], packages)


def _show_binding(bench: Bench) -> None:
    click.echo(f"# {bench.candidate.id}")
    try:
        binding = bench.binding
    except Interrupted as interrupted:
        click.echo(f"# no binding: {interrupted}")
        return
    for doubt in binding.doubts:
        click.echo(f"# unsure: {doubt}")
    for surface in binding.surfaces:
        click.echo(f"# {surface.mode} {surface.style}: {surface}")
    click.echo("[binding]")
    click.echo(f'class = "{binding.constructor.told}"')
    for key, accessor in (("state", binding.state), ("metrics", binding.metrics)):
        if accessor is not None:
            remark = "# " if accessor.target == "~" else ""
            click.echo(f'{remark}{key} = "{accessor}"')
    click.echo("[binding.parameters]")
    for concept, name in binding.parameters.items():
        click.echo(f'{concept} = "{name}"')


@main.command("explain")
@click.argument("candidate", type=PATH)
@click.argument("requirement")
@click.option("--script", is_flag=True, help="Print the script alone.")
@click.option("--into", type=PATH, help="Write the candidate's files and the script to a folder.")
@isolation_option
def explain_command(
    candidate: Path,
    requirement: str,
    script: bool,  # noqa: FBT001  click passes it by keyword
    into: Path | None,
    isolation: str,
) -> None:
    """Say why CANDIDATE has its verdict on REQUIREMENT, with a script that shows it.

    The script needs nothing of this package. It runs the candidate's code, outside any sandbox.
    """
    for entry in answers.load(candidate):
        if isinstance(entry, Unreadable):
            raise InputError(entry.problem)
        explanation = explain(entry, requirement, choose(isolation))
        if into is not None:
            click.echo(write_kit(explanation, entry, into))
        elif not script:
            print_explanation(explanation, Console())
        elif explanation.script:
            click.echo(explanation.script, nl=False)
        else:
            raise InputError(f"{requirement}: no script: {explanation.no_script}")


@main.command("feedback")
@click.argument("source", type=PATH)
@click.option("--out", type=PATH, help="A folder that gets a page for each; default: printed.")
@rubric_option
@isolation_option
def feedback_command(source: Path, out: Path | None, rubric: Path | None, isolation: str) -> None:
    """Tell the author of an answer what to mend, the most costly first, as Markdown.

    SOURCE is a candidate, which is graded first, or a results.json, or the folder that it lies in.
    """
    weights = _weights(rubric)
    if out is not None:
        writable(out)
    if source.name == regrading.RESULTS or (source / regrading.RESULTS).is_file():
        if rubric is not None:
            raise InputError(
                "a run has its weights already: `grader regrade --rubric` gives others"
            )
        run = read(_results_file(source))
    else:
        run, _ = _graded_now([source], isolation, weights)
    pages = feedback_pages(encodable_results(run))
    if out is None:
        click.echo("\n".join(page.decode() for page in pages.values()), nl=False)
        return
    write_together(pages, out)
    click.echo(f"Feedback: {len(pages)} in {out}")


def _graded_now(
    paths: list[Path], isolation: str, weights: scoring.Rubric
) -> tuple[Results, bytes]:
    job, _ = prepare(paths, isolation=isolation, rubric=weights, seed=0, jobs=os.cpu_count() or 1)
    with RunProgress(len(job.entries), Console(file=sys.__stderr__)) as progress:
        return run_and_keep(job, progress)


@main.command("judges")
@click.argument("source", type=PATH)
@click.option("--results", type=PATH, help="A run over the same answers; default: one is made.")
@click.option("--out", default="reports", show_default=True, type=PATH, help="Where reports go.")
@isolation_option
def judges_command(source: Path, results: Path | None, out: Path, isolation: str) -> None:
    """Hold the peers' judgments in SOURCE, a published evaluation, against executed scores.

    Writes judges.json, judges.md and a report.html with both. Needs the extra `judges`.
    """
    try:
        from grader import judges  # noqa: PLC0415  an extra
        from grader.report.judged import judges_section, print_section, section_markdown  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed: pip install 'breaker-grader[judges]'"
        ) from error
    evaluation = judges.load(source)
    writable(out)
    if results is not None:
        run, histories = read(results / "results.json" if results.is_dir() else results), None
    else:
        run, histories = _graded_now([source], isolation, scoring.load())
    found = judges.compare(evaluation, run, judges.figures(source, evaluation))
    section = judges_section(found)
    beside = {
        "judges.json": msgspec.json.format(msgspec.json.encode(found)) + b"\n",
        "judges.md": section_markdown(section).encode(),
    }
    if histories is not None:
        beside[archive.NAME] = histories
    write_all(run, out, beside, (section,))
    print_section(section, Console())
    click.echo(f"Reports: {out / 'report.html'}, judges.json, judges.md")


@main.command("verdicts")
@click.argument("results", type=PATH)
def verdicts_command(results: Path) -> None:
    """Print the verdicts of RESULTS (a results.json) as text: ids and verdicts alone."""
    click.echo(verdict_text(read(results)), nl=False)


@main.command("regrade")
@click.argument("results", type=PATH)
@click.option("--out", type=PATH, help="Where reports go; default: beside RESULTS.")
@rubric_option
def regrade_command(results: Path, out: Path | None, rubric: Path | None) -> None:
    """Judge a run again from its stored histories, without running any candidate.

    RESULTS is a results.json or the folder that it lies in; the histories lie beside it.
    """
    weights = _weights(rubric)
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


@main.command("audit")
@click.argument("names", nargs=-1)
@click.option("--out", default="reports", show_default=True, type=PATH, help="Where reports go.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; default: one for each core.")
@click.option("--fresh", is_flag=True, help="Keep nothing of an earlier audit.")
@click.option("--readme", type=PATH, help="A file that gets the table, between its two marks.")
@isolation_option
def audit_command(  # noqa: PLR0913, PLR0917  one parameter for each option
    names: tuple[str, ...],
    out: Path,
    jobs: int | None,
    fresh: bool,  # noqa: FBT001
    readme: Path | None,
    isolation: str,
) -> None:
    """Run the specification against breakers whose verdicts are known.

    NAMES are sections (defects, mutants, correct, reach, agreement, zoo) or single items of them;
    default: all. Writes audit.html, audit.json and audit.md. What was looked at is kept beside
    them, so an interrupted audit goes on where it was. Exit status: 1 where the audit fails, 130
    where it was interrupted.
    """
    writable(out)
    if readme is not None and names:
        raise InputError("--readme takes a whole audit: name nothing")
    setting = audit.Setting(tier=choose(isolation), chosen=frozenset(names))
    console = Console(file=sys.__stderr__)
    with (
        audit.Store(out / audit.STORE, fresh=fresh) as store,
        audit.AuditProgress(console) as progress,
    ):
        found = audit.conduct(setting, store, progress, jobs=jobs or os.cpu_count() or 1)
    write_together(audit.contents(found), out)
    if readme is not None:
        write_together({readme.name: audit.put_into(readme, found)}, readme.parent)
    audit.show(found, Console())
    click.echo(f"Reports: {out / 'audit.html'}, audit.json, audit.md")
    sys.exit(GATE_NOT_MET if found.problems else 0)


@main.command("report")
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
    file = _results_file(results)
    out = out or file.parent
    writable(out)
    run = read(file)
    given = read_disputes(disputes) if disputes else disputes_of(run)
    earlier = read(_results_file(against)) if against else None
    run = encodable_results(_with_disputes(run, given))
    comparison = compare(run, earlier) if earlier else None
    write_together({"report.html": render_html(run, comparison=comparison).encode()}, out)
    click.echo(f"Report: {out / 'report.html'}")


def _results_file(path: Path) -> Path:
    return path / regrading.RESULTS if path.is_dir() else path


@main.command("doctor")
@click.option("--cost", is_flag=True, help="Measure what each tier costs a candidate, too.")
def doctor_command(cost: bool) -> None:  # noqa: FBT001  click passes it by keyword
    """Print the isolation tiers: which work here, what each layer stops, how to get better.

    Exit status: 1 where none works but the bare process.
    """
    found = diagnose()
    print_doctor(found, Console())
    for measured in costing.measure() if cost else ():
        cpu, wall = f"{measured.cpu:.0f} ms", f"{measured.wall:.0f} ms"
        click.echo(f"{measured.tier}: {cpu} of processor time and {wall} for start and one worker")
    contained = any(tier.works for tier in found if tier.tier != "process")
    sys.exit(0 if contained else GATE_NOT_MET)


@main.command("requirements")
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "markdown"]),
    help="text is one line for each row, tabs between, where the output is no terminal.",
)
def requirements_command(form: str) -> None:
    """Print every requirement: id, level, area, how it is known, source and sentence."""
    entries = catalogue()
    if form == "json":
        click.echo(requirements_json(entries))
    elif form == "markdown":
        click.echo(requirements_markdown(entries), nl=False)
    elif (console := Console()).is_terminal:
        print_requirements(entries, console)
    else:
        click.echo("\n".join(requirements_lines(entries)))
