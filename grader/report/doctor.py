"""What `grader doctor` prints: the tiers of this machine."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.report.text import one_line
from grader.sandbox.layers import Diagnosis


def print_doctor(found: Sequence[Diagnosis], console: Console) -> None:
    """Print each tier, whether it works, what it stops and what would mend it."""
    table = Table(title="Isolation on this machine, the strongest first", show_lines=True)
    for column in ("tier", "works", "what each layer stops", "to mend it"):
        table.add_column(column)
    for tier in found:
        works = Text("yes", "green") if tier.works else Text(f"no: {one_line(tier.problem)}", "red")
        table.add_row(str(tier.tier), works, Text("\n".join(tier.stops)), Text(tier.fix or "–"))
    console.print(table)
    console.print(Text(advice(found)))


def advice(found: Sequence[Diagnosis]) -> str:
    """Return what `--isolation auto` does here, in a sentence."""
    chosen = next((d.tier for d in found if d.works and d.tier != "process"), None)
    if chosen is None:
        return (
            "--isolation auto refuses to run here: nothing contains a candidate. Mend one of the"
            " tiers, or accept none with --isolation process."
        )
    better = next((d for d in found if not d.works and d.tier != "process"), None)
    told = f"--isolation auto takes {chosen}."
    return told if better is None else f"{told} To get {better.tier}: {better.fix}."
