"""Commands that look at the grading itself: `audit`, `judges`, `doctor`."""

import os
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console

from grader import archive, audit, costing, scoring
from grader.commands.shared import (
    GATE_NOT_MET,
    PATH,
    graded_now,
    isolation_option,
    results_file,
    writable,
)
from grader.errors import InputError
from grader.report import write_all
from grader.report.doctor import print_doctor
from grader.report.write import write_together
from grader.results import read
from grader.sandbox import choose, diagnose


@click.command("audit")
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


@click.command("judges")
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
        run, histories = read(results_file(results)), None
    else:
        run, histories = graded_now([source], isolation, scoring.load())
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


@click.command("doctor")
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


COMMANDS = (audit_command, judges_command, doctor_command)
