"""One verdict explained, for a terminal."""

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from grader.explain import Explanation
from grader.report.text import visible

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
    if explanation.script:
        console.print(Text("\nA script that shows it, beside the candidate's files:\n"))
        syntax = Syntax("", "python", background_color="default")
        # Never cropped to the terminal: it is there to be copied.
        console.print(syntax.highlight(visible(explanation.script)), soft_wrap=True, end="")
    else:
        console.print(Text(f"\nNo script: {visible(explanation.no_script)}", style="dim"))
