"""One verdict explained, for a terminal."""

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from grader.explain import Explanation
from grader.report.text import visible
from grader.report.timeline_text import Story, most_telling
from grader.verdicts import Verdict

_WRONG = frozenset({Verdict.FAIL, Verdict.BLOCKED})
_STYLES = {"pass": "green", "fail": "bold red", "error": "bold red", "blocked": "red"}


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Print what was asked for, what was seen, and the script that shows it."""
    requirement, finding = explanation.requirement, explanation.finding
    console.print(
        Text.assemble(
            (explanation.row, "bold cyan"),
            f"  {requirement.level}  {requirement.area}  ",
            (f"source: {requirement.source}", "dim"),
        )
    )
    console.print(Padding(Text(requirement.sentence), (0, 0, 0, 4)))
    console.print(
        Text.assemble(
            f"\n{visible(explanation.candidate)}: ",
            (str(finding.verdict), _STYLES.get(finding.verdict, "yellow")),
            (f"  ({finding.known})", "dim"),
        )
    )
    if finding.because:
        console.print(Padding(Text(f"because of {finding.because}"), (0, 0, 0, 4)))
    if finding.evidence:
        console.print(Padding(Text(visible(finding.evidence)), (0, 0, 0, 4)))
    story = most_telling(explanation.timelines) if finding.verdict in _WRONG else None
    if story is not None:
        _print_story(story, console)
    if explanation.script:
        console.print(Text("\nA script that shows it, beside the candidate's files:\n"))
        syntax = Syntax("", "python", background_color="default")
        # Never cropped to the terminal: it is there to be copied.
        console.print(syntax.highlight(visible(explanation.script)), soft_wrap=True, end="")
    else:
        console.print(Text(f"\nNo script: {visible(explanation.no_script)}", style="dim"))


def _print_story(story: Story, console: Console) -> None:
    """Print what was done with a breaker, moment by moment."""
    told = f"with {story.settings}" if story.settings else "with its own settings"
    console.print(Text(f"\nWhat was done, on virtual time, {told}:\n"))
    table = Table(box=None, padding=(0, 2), show_header=True, header_style="dim")
    table.add_column("time", justify="right")
    known = any(line.state for line in story.lines)
    if known:
        table.add_column("expected")
    table.add_column("calls")
    for line in story.lines:
        words = Text(line.words, style="bold red" if line.surprise else "")
        table.add_row(line.at, *([line.state] if known else []), words)
    console.print(table)
    if story.hidden:
        console.print(Text(f"    and {story.hidden} more calls", style="dim"))
