"""A Markdown summary, as a CI step shows it: leaderboard, then what went wrong where.

Written for GitHub's dialect. Everything that a candidate had a hand in is
escaped so that it can neither break a table nor become a link, an image or HTML.
"""

import re

from grader.report import view
from grader.report.models import models_section
from grader.report.tables import Table
from grader.report.text import one_line
from grader.results import CandidateResult, Finding, Results

_ACTIVE = re.compile(r"([\\`*_\[\]|~#!(){}+])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}
_ENTITY = re.compile("[&<>@]")
_LINK = re.compile(r"(?<=[a-z])://|(?<=www)\.", re.IGNORECASE)
_ROWS_NAMED = 12
"""So many blocked rows are named in a group; the rest is counted."""


def escape(text: str, limit: int = 300) -> str:
    """Return text on one line that Markdown shows as it is, also inside a table."""
    plain = _ACTIVE.sub(r"\\\1", one_line(text, limit))
    # Only now: the # of a numeric entity must not be escaped.
    plain = _ENTITY.sub(lambda match: _ENTITIES[match.group()], plain)
    return _LINK.sub(lambda match: match.group().replace(":", "&#58;").replace(".", "&#46;"), plain)


def table_lines(table: Table) -> list[str]:
    """Return a table of a section under its title, with its notes."""
    aligned = [":--", *["--:"] * (len(table.head) - 1)]
    return [
        f"## {table.title}",
        "",
        f"| {' | '.join(table.head)} |",
        f"| {' | '.join(aligned)} |",
        *(f"| {' | '.join(escape(cell) for cell in row)} |" for row in table.rows),
        "",
        *(line for note in table.notes for line in (escape(note, 600), "")),
    ]


def render_markdown(results: Results) -> str:
    """Return the summary of a run."""
    lines = ["# Circuit breakers, graded by execution", "", *_leaderboard(results), ""]
    if section := models_section(results):
        lines += [line for table in section.tables for line in table_lines(table)]
    for standing in view.standings(results):
        lines += _candidate(standing.candidate, results)
    lines += _choices(results) + _untested(results)
    origin = (
        f"Specification `{_code(results.specification)}`, seed {results.seed}, "
        f"isolation {escape(results.isolation)}, Python {escape(results.python)}."
    )
    if results.played_by:
        origin += f" Judged again: its scenarios were played by `{_code(results.played_by)}`."
    if told := view.weights_text(results):
        origin += f" {escape(told)}"
    lines += ["---", "", origin, ""]
    return "\n".join(lines)


def _leaderboard(results: Results) -> list[str]:
    lines = [
        "| # | candidate | provenance | score | as delivered | note |",
        "| --: | :-- | :-- | --: | --: | :-- |",
    ]
    for standing in view.standings(results):
        candidate = standing.candidate
        note = ", ".join(view.marks(candidate))
        if candidate.score is None:
            note = ", ".join(filter(None, (note, escape(candidate.problem))))
        cells = (
            str(standing.rank or view.number(None)),
            escape(candidate.name or candidate.id, 80),
            escape(candidate.provenance, 40),
            view.score_text(candidate),
            view.number(candidate.as_delivered),
            note,
        )
        lines.append(f"| {' | '.join(cells)} |")
    if any(candidate.provenance == view.RE_ENACTMENT for candidate in results.candidates):
        lines += ["", view.RE_ENACTMENT_NOTE]
    if any(view.upper(candidate) != (candidate.score or 0.0) for candidate in results.candidates):
        lines += [
            "",
            "A range counts unknown as failed at its lower and as passed at its upper end.",
        ]
    if told := view.attested_text(results):
        lines += ["", escape(told, 2000)]
    return lines


def _candidate(candidate: CandidateResult, results: Results) -> list[str]:
    """Return one candidate's section; a flawless one has nothing to tell."""
    wrong, groups = view.went_wrong(candidate), view.blocked(candidate)
    doubt = view.unsure(candidate)
    told = (candidate.problem, doubt, view.stale_waivers(candidate), candidate.disputes)
    if not (wrong or groups or any(told)):
        return []
    title = f"{escape(candidate.name or candidate.id, 80)} ({escape(candidate.provenance, 40)})"
    lines = [f"## {title}: {view.score_text(candidate)}", ""]
    if doubt:
        lines += ["**The binding is unsure:** the grader may have misunderstood the interface.", ""]
    if candidate.problem:
        lines += [escape(candidate.problem), ""]
    for row, problem in view.stale_waivers(candidate).items():
        lines += [f"**A waiver excuses nothing:** `{_code(row)}` {problem}", ""]
    for row, dispute in candidate.disputes.items():
        lines += [f"`{_code(row)}` is {escape(view.told_dispute(dispute))}", ""]
    if candidate.score_if_upheld is not None:
        lines += [f"Were all disputes upheld: {view.number(candidate.score_if_upheld)}.", ""]
    for group in groups:
        named = ", ".join(f"`{_code(row)}`" for row in group.rows[:_ROWS_NAMED])
        more = len(group.rows) - _ROWS_NAMED
        tail = f" and {more} more" if more > 0 else ""
        lines += [f"**{escape(group.title)}:** {named}{tail}", ""]
    if wrong:
        lines += ["| requirement | level | verdict | evidence |", "| :-- | :-- | :-- | :-- |"]
        lines += [_row(identifier, finding, results) for identifier, finding in wrong.items()]
        lines.append("")
    return lines


def _choices(results: Results) -> list[str]:
    """Return what the informative rows recorded, and of which candidates."""
    seen: dict[str, dict[str, list[str]]] = {}
    for candidate in results.candidates:
        for identifier, choice in view.choices(candidate).items():
            seen.setdefault(identifier, {}).setdefault(choice, []).append(candidate.id)
    if not seen:
        return []
    lines = ["## Choices, recorded and not scored", ""]
    lines += ["| requirement | choice | candidates |", "| :-- | :-- | :-- |"]
    for identifier in filter(seen.__contains__, results.requirements):
        for choice, candidates in seen[identifier].items():
            named = ", ".join(f"`{_code(name)}`" for name in candidates)
            lines.append(f"| `{_code(identifier)}` | {escape(choice)} | {named} |")
    return [*lines, ""]


def _untested(results: Results) -> list[str]:
    listed = [
        f"- `{_code(identifier)}`: {escape(row.sentence)} {escape(row.reason)}"
        for identifier, row in results.untested.items()
    ]
    return ["## Untested", "", *listed, ""] if listed else []


def _row(identifier: str, finding: Finding, results: Results) -> str:
    requirement = results.requirements.get(identifier)
    level = requirement.level if requirement else finding.level
    waived = escape(view.told_waived(finding))
    told = "; ".join(filter(None, (waived, escape(finding.evidence), view.partly(finding))))
    return f"| `{_code(identifier)}` | {level} | {finding.verdict} | {told} |"


def _code(text: str) -> str:
    """Return text for a code span, where no escape works: what could end it is left out."""
    return re.sub(r"[`|\\]", "", one_line(text, 80)) or " "
