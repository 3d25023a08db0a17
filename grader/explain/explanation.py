"""Puts together what there is to say about one verdict."""

import contextlib
import itertools

import msgspec

from grader.bench import Bench
from grader.binding.model import Binding
from grader.candidate import Candidate
from grader.catalogue import catalogue
from grader.certificate import Certificate
from grader.conversation.failures import Interrupted
from grader.errors import InputError
from grader.explain.code import NoScriptError
from grader.explain.script import Script
from grader.explain.stories import STORIES, Measured
from grader.grading import requirements_of
from grader.plugin import LIBRARY_LEAVES_OUT, Given
from grader.pytest_session import run_specification
from grader.results import Finding, Requirement
from grader.sandbox import Tier
from grader.survey import requirement_tests
from grader.timeline import Timeline
from grader.verdicts import Verdict

_CURVE = "bo-cap"  # the requirement whose scenario measures the open periods


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement of one candidate, with what it takes to believe the verdict."""

    candidate: str
    row: str
    requirement: Requirement
    finding: Finding
    timelines: tuple[Timeline, ...] = ()
    """What was done with each breaker in the scenarios that the requirement looks at."""
    script: str = ""
    """A stand-alone script that shows it; empty where there is none."""
    no_script: str = ""
    """Why there is none."""


def explain(candidate: Candidate, row: str, tier: Tier, *, seed: int = 0) -> Explanation:
    """Judge one requirement of a candidate, and write the script that shows it.

    Raises InputError for a requirement that does not exist, or that is not one for a library.
    """
    tests = requirement_tests()
    if row not in tests:
        raise InputError(f"there is no requirement {row!r}; `grader requirements` lists them all")
    area = next(entry.area for entry in catalogue() if entry.id == row)
    if candidate.kind == "library" and area in LIBRARY_LEAVES_OUT:
        raise InputError(f"{row} is not judged: {candidate.id} is a library, which ships no {area}")
    bench = Bench(candidate, tier, seed=seed)
    select = (
        tests[row] if row == _CURVE or row not in STORIES else f"{tests[row]} or {tests[_CURVE]}"
    )
    verdicts = run_specification(Given((candidate,), lambda _: bench), ["-k", select])
    finding = verdicts.findings(candidate.id)[row]
    script, no_script = "", ""
    try:
        script = script_for(
            row,
            f"{row}: {requirements_of(verdicts)[row].sentence}",
            finding,
            bench.learnt if isinstance(bench.learnt, Binding) else None,
            bench.certificate,
            _measured(bench),
        )
        with Bench(candidate, tier, seed=seed) as stage:
            _tried(script, stage, fails=finding.verdict is not Verdict.PASS)
    except NoScriptError as reason:
        script, no_script = "", str(reason)
    return Explanation(
        candidate=candidate.id,
        row=row,
        requirement=requirements_of(verdicts)[row],
        finding=finding,
        timelines=tuple(
            timeline
            for name in verdicts.scenarios.get(row, ())
            if name in bench.played
            for timeline in bench.played[name].timelines
        ),
        script=script,
        no_script=no_script,
    )


def _tried(script: str, stage: Bench, *, fails: bool) -> None:
    """Run a script in the sandbox; raise NoScriptError where it does not show the verdict."""
    try:
        with stage.worker() as worker:
            reply = worker.request("show", source=script)
    except Interrupted as interrupted:
        raise NoScriptError(f"a script was tried, and came to no end: {interrupted}") from None
    ended = reply.value.get("ended") if isinstance(reply.value, dict) else str(reply.error)
    failed = isinstance(ended, str) and ended.startswith("AssertionError")
    if failed is not fails or (ended and not failed):
        raise NoScriptError(
            f"the short story of this requirement was tried, and {ended or 'passed'}: it takes"
            " more than that to show"
        )


def script_for(  # noqa: PLR0913, PLR0917  each is a part of what the script says
    row: str,
    title: str,
    finding: Finding,
    binding: Binding | None,
    clock: Certificate | None,
    seen: Measured,
) -> str:
    """Return the source of the script for a requirement; raises NoScriptError, with the reason."""
    if binding is None:
        raise NoScriptError("no breaker was found that a script could use")
    if row not in STORIES:
        raise NoScriptError("this requirement is not one that a short script can show")
    if finding.verdict in {Verdict.BLOCKED, Verdict.NOT_OFFERED, Verdict.UNKNOWN}:
        raise NoScriptError(f"the verdict is {finding.verdict}: nothing was seen to be wrong")
    script = Script(binding, clock)
    STORIES[row](script, seen)
    return script.text(title, finding.evidence or f"The verdict is {finding.verdict}.")


def _measured(bench: Bench) -> Measured:
    """Return what the stories go by, as far as it was measured."""
    binding, curve = bench.learnt, None
    trips_at = binding.trips_at if isinstance(binding, Binding) else None
    with contextlib.suppress(KeyError):
        curve = bench.played["capped"].value
    figures = [p.figure for p in curve.periods if p.figure] if curve is not None else []
    seen = Measured(trips_at=trips_at or Measured().trips_at)
    if not figures:
        return seen
    growth = max((b / a for a, b in itertools.pairwise(figures)), default=1.0)
    return msgspec.structs.replace(seen, first_period=figures[0], growth=growth)
