"""What every report says in the same words: ranks, marks, groups and labels.

Pure functions of `Results`. How it looks is for the terminal, Markdown, JUnit
and HTML modules; what is said, and in which order, is settled here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from io import StringIO

import msgspec

from grader.results import CandidateResult, Dispute, Finding, Results, SourceText
from grader.scoring.rubric import BUILT_IN
from grader.verdicts import Level, Verdict

GLYPHS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.ERROR: "!",
    Verdict.BLOCKED: "⊘",
    Verdict.UNKNOWN: "?",
    Verdict.NOT_OFFERED: "–",
}
MEANINGS = {
    Verdict.PASS: "the situation was reached and nothing contradicts the requirement",
    Verdict.FAIL: "an observation contradicts the requirement",
    Verdict.ERROR: "the candidate crashed or hung: counts as failed",
    Verdict.BLOCKED: "a prerequisite failed or the code is cut off: counts as failed",
    Verdict.UNKNOWN: "the grader could not observe: failed in the score, passed in its upper end",
    Verdict.NOT_OFFERED: "an optional feature that is not there: left out of the score",
}
CHOICE_GLYPH = "i"
CHOICE_MEANING = "an informative row: a choice of design, recorded and not scored"
RE_ENACTMENT = "re-enactment"
RE_ENACTMENT_NOTE = (
    "Re-enactments are written by this project from the observed behaviour; "
    "they are not the models' words."
)
NOT_GRADED = "not graded"
_WENT_WRONG = (Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN)


class Standing(msgspec.Struct, frozen=True):
    """A candidate with its place on the leaderboard."""

    rank: int | None
    """None where there is no score. Equals share a rank: 1, 2, 2, 4."""
    candidate: CandidateResult


class BlockedGroup(msgspec.Struct, frozen=True):
    """The rows that one and the same thing kept from being observed."""

    because: str
    rows: tuple[str, ...]

    @property
    def title(self) -> str:
        """Name the prerequisite once instead of repeating it forty times."""
        count = len(self.rows)
        return f"{count} {plural(count, 'row')} {blocked_by(self.because)}"


def blocked_by(because: str) -> str:
    """Say what stood in the way: a prerequisite by its id, anything else as it is told."""
    if not because:
        return "blocked"
    return f"blocked: {because}" if " " in because else f"blocked by {because}"


def plural(count: int, noun: str) -> str:
    """Return the noun as the count asks for it."""
    return noun if count == 1 else f"{noun}s"


def standings(results: Results) -> tuple[Standing, ...]:
    """Return the leaderboard, best first; candidates without a score stand last."""
    ordered = sorted(results.candidates, key=_place)
    ranked: list[Standing] = []
    for position, candidate in enumerate(ordered, start=1):
        rank: int | None = position
        if candidate.score is None:
            rank = None
        elif ranked and _points(ranked[-1].candidate) == _points(candidate):
            rank = ranked[-1].rank
        ranked.append(Standing(rank, candidate))
    return tuple(ranked)


def _points(candidate: CandidateResult) -> tuple[float, float]:
    if candidate.score is None:
        return (-1.0, -1.0)
    return candidate.score, upper(candidate)


def _place(candidate: CandidateResult) -> tuple[float, float, str]:
    score, high = _points(candidate)
    return -score, -high, candidate.id


def upper(candidate: CandidateResult) -> float:
    """Return the upper end of the score, which is the score where nothing is unknown."""
    if candidate.score_high is not None:
        return candidate.score_high
    return candidate.score if candidate.score is not None else 0.0


def score_text(candidate: CandidateResult) -> str:
    """Write the score as one number, or as a range where something is unknown."""
    if candidate.score is None:
        return NOT_GRADED
    low, high = number(candidate.score), number(upper(candidate))
    return low if low == high else f"{low}–{high}"


def number(value: float | None) -> str:
    """Write a score with its two decimals; a dash where there is none."""
    return "–" if value is None else f"{value:.2f}"


def attested_text(results: Results) -> str:
    """Say how many points of each score were not observed but vouched for by the worker."""
    found = [c.attested for c in results.candidates if c.attested is not None]
    if not found:
        return ""
    some = [number(points) for points in (min(found), max(found))]
    told = some[0] if some[0] == some[1] else f"{some[0]} to {some[1]}"
    return f"Of a score, {told} points rest on what the worker attests; the rest was observed."


def percent(share: float) -> str:
    """Write a share of 0..1 as a whole per cent, 100 only where nothing is missing.

    Likewise 0 is kept for nothing at all: between them 1 and 99 stand in.
    """
    whole = round(100 * share)
    if share < 1:
        whole = min(whole, 99)
    return str(max(whole, 1) if share > 0 else 0)


def unsure(candidate: CandidateResult) -> bool:
    """Tell whether the grader doubts that it understood the candidate's interface."""
    return candidate.binding.get("sure") is False


def marks(candidate: CandidateResult) -> tuple[str, ...]:
    """Return what a reader has to know before comparing the score."""
    found = []
    if unsure(candidate):
        found.append("binding unsure")
    if not candidate.complete:
        found.append("cut off")
    if waivers := sum(bool(finding.waived) for finding in candidate.requirements.values()):
        found.append(f"{waivers} {plural(waivers, 'row')} waived")
    if candidate.problem and candidate.score is not None:
        found.append("problem")
    return tuple(found)


def is_informative(finding: Finding) -> bool:
    """Tell whether a finding only records a choice, so that it counts neither for nor against."""
    return finding.level is Level.INFORMATIVE


def of_verdict(candidate: CandidateResult, *verdicts: Verdict) -> dict[str, Finding]:
    """Return the findings that count and have one of the verdicts, as the specification goes."""
    return {
        identifier: finding
        for identifier, finding in candidate.requirements.items()
        if finding.verdict in verdicts and not is_informative(finding)
    }


def choices(candidate: CandidateResult) -> dict[str, str]:
    """Return what was seen of each design choice that a row records, by the row."""
    return {
        identifier: finding.evidence
        for identifier, finding in candidate.requirements.items()
        if is_informative(finding) and finding.verdict is Verdict.PASS and finding.evidence
    }


def went_wrong(candidate: CandidateResult) -> dict[str, Finding]:
    """Return what each has an explanation of its own: failed, error, unknown."""
    return of_verdict(candidate, *_WENT_WRONG)


def stale_waivers(candidate: CandidateResult) -> dict[str, str]:
    """Return the waivers that excuse nothing, each with what is the matter with it."""
    return {
        row: f"has the verdict {candidate.requirements[row].verdict}"
        if row in candidate.requirements
        else "is no requirement of this run"
        for row in candidate.waivers
        if row not in candidate.requirements or not candidate.requirements[row].waived
    }


def waivers_told(candidate: CandidateResult) -> tuple[str, ...]:
    """Say of each waiver what it excuses and why, or that it excuses nothing."""
    excused = [
        f"{row} ({finding.verdict}) is waived: {finding.waived}"
        for row, finding in candidate.requirements.items()
        if finding.waived
    ]
    stale = stale_waivers(candidate).items()
    return (*excused, *(f"the waiver for {row} excuses nothing: it {why}" for row, why in stale))


def is_wrong(finding: Finding) -> bool:
    """Tell whether a finding needs an explanation of its own."""
    return finding.verdict in _WENT_WRONG and not is_informative(finding)


def blocked(candidate: CandidateResult) -> tuple[BlockedGroup, ...]:
    """Group the blocked rows by what stood in the way, the largest group first."""
    groups: dict[str, list[str]] = {}
    for identifier, finding in of_verdict(candidate, Verdict.BLOCKED).items():
        groups.setdefault(finding.because or "an unnamed prerequisite", []).append(identifier)
    return tuple(
        BlockedGroup(because, tuple(rows))
        for because, rows in sorted(groups.items(), key=lambda item: -len(item[1]))
    )


def counts(findings: Iterable[Finding]) -> str:
    """Sum up verdicts in words: `3 pass, 1 fail`."""
    tally = Counter(finding.verdict for finding in findings)
    return ", ".join(f"{tally[verdict]} {verdict}" for verdict in GLYPHS if tally[verdict])


def by_area(results: Results) -> dict[str, tuple[str, ...]]:
    """Return the requirements' ids by area, areas in the rubric's order."""
    weights = results.rubric.get("areas", {})
    grouped: dict[str, list[str]] = {area: [] for area in weights}
    for identifier, requirement in results.requirements.items():
        grouped.setdefault(requirement.area, []).append(identifier)
    return {area: tuple(rows) for area, rows in grouped.items() if rows}


def partly(finding: Finding) -> str:
    """Say how much of a failed row passed, where that is neither nothing nor all."""
    if finding.verdict is not Verdict.FAIL or not 0 < finding.share < 1:
        return ""
    return f"{percent(finding.share)} % of its cases passed"


def weights_text(results: Results) -> str:
    """Say whose weights were used; empty where they are the project's own."""
    name = results.rubric.get("name", BUILT_IN)
    return "" if name == BUILT_IN else f"Weights and levels of {name}, not the project's own."


def told_waived(finding: Finding) -> str:
    """Say that a row is waived, and why; empty where it is not."""
    return f"waived: {finding.waived}" if finding.waived else ""


def told_dispute(dispute: Dispute | None) -> str:
    """Say that a reviewer disputes a verdict, and why; empty where nobody does."""
    if dispute is None:
        return ""
    stale = f", as {dispute.verdict}, which it no longer is" if dispute.stale else ""
    return f"disputed{stale}: should be {dispute.should_be}: {dispute.reason}"


def split_source(source: SourceText) -> tuple[str, str]:
    """Return the lines that were kept and the lines that were cut off."""
    # Not splitlines: it also parts at form feeds, which are no line ends in Python.
    lines = StringIO(source.text, newline="\n").readlines()
    return "".join(lines[: source.kept_lines]), "".join(lines[source.kept_lines :])


def anchors(candidates: Sequence[CandidateResult]) -> dict[str, str]:
    """Return a fragment name for each candidate id: unique, and plain ASCII."""
    taken: dict[str, str] = {}
    for candidate in candidates:
        slug = re.sub(r"[^A-Za-z0-9_-]+", "-", candidate.id).strip("-") or "candidate"
        name, number_ = slug, 2
        while name in taken.values():
            name, number_ = f"{slug}-{number_}", number_ + 1
        taken[candidate.id] = name
    return taken
