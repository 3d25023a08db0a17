"""Commands about one thing: `bind`, `explain`, `requirements`, `verdicts`, `import`, `cache`."""

from pathlib import Path

import click
from rich.console import Console

from grader import answers, scoring
from grader.bench import Bench
from grader.binding.model import COLLECTED
from grader.cache import Cache
from grader.candidate import Candidate, Unreadable
from grader.catalogue import catalogue
from grader.commands.shared import PATH, isolation_option, one_or_named, package_option
from grader.conversation.failures import Interrupted
from grader.errors import InputError
from grader.explain import explain, write_kit
from grader.report.explained import print_explanation
from grader.report.requirements import (
    print_requirements,
    requirements_json,
    requirements_lines,
    requirements_markdown,
)
from grader.results import read
from grader.sandbox import choose
from grader.verdict_text import verdict_text


@click.command("bind")
@click.argument("candidate", type=PATH, required=False)
@package_option
@isolation_option
def bind_command(candidate: Path | None, packages: tuple[str, ...], isolation: str) -> None:
    """Show how a candidate's breaker was understood."""
    for entry in one_or_named(candidate, packages):
        if isinstance(entry, Candidate):
            with Bench(entry, choose(isolation)) as bench:
                _show_binding(bench)


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
            remark = "# " if accessor.target in {"~", COLLECTED} else ""
            click.echo(f'{remark}{key} = "{accessor}"')
    click.echo("[binding.parameters]")
    for concept, name in binding.parameters.items():
        click.echo(f'{concept} = "{name}"')


@click.command("explain")
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


@click.command("requirements")
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


@click.command("verdicts")
@click.argument("results", type=PATH)
def verdicts_command(results: Path) -> None:
    """Print the verdicts of RESULTS (a results.json) as text: ids and verdicts alone."""
    click.echo(verdict_text(read(results)), nl=False)


@click.command("import")
@click.argument("source", type=PATH, required=False)
@package_option
@click.option("--into", required=True, type=PATH, help="Folder that gets the candidate folders.")
def import_command(source: Path | None, packages: tuple[str, ...], into: Path) -> None:
    """Make candidate folders of an answer, a published evaluation or an installed package."""
    for entry in one_or_named(source, packages):
        if isinstance(entry, Unreadable):
            click.echo(f"grader: {entry.problem}", err=True)
            continue
        click.echo(answers.save(entry, into))


@click.command("cache")
@click.option("--clear", is_flag=True, help="Forget all gradings.")
@isolation_option
def cache_command(clear: bool, isolation: str) -> None:  # noqa: FBT001
    """Say where gradings are kept by content, how many, and how much room they take.

    Nothing in it is ever stale: specification, grader, interpreter, installed packages, tier,
    rubric and seed are part of the key. BREAKER_GRADER_CACHE names another folder.
    """
    with Cache(choose(isolation), scoring.load(), 0) as kept:
        if clear:
            kept.clear()
        count = kept.count()
    size = kept.path.stat().st_size
    click.echo(f"{kept.path}: {count:,} gradings, {size / 1e6:,.1f} MB")


COMMANDS = (
    cache_command,
    bind_command,
    explain_command,
    requirements_command,
    verdicts_command,
    import_command,
)
