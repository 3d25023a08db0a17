"""Grades one candidate: runs the specification in this process, and scores what it found."""

import sys
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from grader import archive
from grader.bench import Bench
from grader.binding.model import Binding
from grader.candidate import Candidate, Unreadable
from grader.cases import Verdicts
from grader.judging import judge_all
from grader.played import Ending, Played
from grader.plugin import Given
from grader.pytest_session import run_specification
from grader.results import CandidateResult, Finding, Requirement, SourceText
from grader.sandbox import Tier
from grader.scoring import Rubric, score
from grader.timeline import Timeline
from grader.verdicts import Verdict


class Graded(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one candidate, the requirements it was judged by, and what was judged."""

    result: CandidateResult
    requirements: dict[str, Requirement]
    histories: str = ""
    """Its line of the file of histories (see `grader.archive`); empty where it was not played."""


def python_version() -> str:
    """Return the minor version that candidates run on."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def grade(  # noqa: PLR0913  keywords, each for a caller of its own
    candidate: Candidate,
    tier: Tier,
    rubric: Rubric,
    *,
    seed: int = 0,
    select: str = "",
    shuffle: int | None = None,
    at_once: int = 1,
    strict: bool = True,
) -> Graded:
    """Run the specification on one candidate and return what it found.

    `at_once` scenarios are played at a time, which changes nothing but how long it takes.
    `select` is an expression for pytest's `-k`; `shuffle` numbers another order of judging.
    Raises GraderError where the grader itself failed; unless `strict`, what the specification
    failed at is unknown.
    """
    started = time.monotonic()
    options = ["-k", select] if select else []
    options += [f"--shuffle={shuffle}"] if shuffle is not None else []
    with Bench(candidate, tier, seed=seed, at_once=at_once) as bench:
        if options:
            verdicts = run_specification(Given((candidate,), lambda _: bench), options)
        else:
            bench.prepare()  # while the specification is collected
            verdicts = judge_all(candidate, bench, strict=strict)
    requirements = requirements_of(verdicts, rubric)
    untouched = not candidate.cut_off and not candidate.modified
    result = CandidateResult(
        id=candidate.id,
        name=candidate.name,
        provenance=candidate.provenance,
        kind=candidate.kind,
        model=candidate.model,
        complete=not candidate.cut_off,
        waivers=candidate.waivers,
        binding=_binding(bench.learnt),
        clock=bench.certificate,
        sources=_sources(candidate),
    )
    result = judged(result, verdicts, bench.played, rubric, untouched=untouched)
    return Graded(
        result=msgspec.structs.replace(result, seconds=round(time.monotonic() - started, 3)),
        requirements=requirements,
        histories=archive.line_of(
            result,
            bench.played,
            untouched=untouched,
            calls_are_cut_off=bench.calls_are_cut_off,
        ),
    )


def requirements_of(verdicts: Verdicts, rubric: Rubric | None = None) -> dict[str, Requirement]:
    """Return the requirements of a session as results show them, with the levels of a rubric."""
    levels = rubric.rows if rubric else {}
    return {
        row.id: Requirement(
            area=row.area,
            level=levels.get(row.id, row.level),
            sentence=row.sentence,
            source=row.source,
            scenarios=verdicts.scenarios.get(row.id, ()),
        )
        for row in verdicts.rows.values()
    }


def judged(
    result: CandidateResult,
    verdicts: Verdicts,
    played: Mapping[str, Played],
    rubric: Rubric,
    *,
    untouched: bool,
) -> CandidateResult:
    """Return a candidate's result with what follows from its histories.

    Those are verdicts, scores and measurements. `untouched`: nothing was cut off, and it was run
    as it was delivered.
    """
    findings = waived(verdicts.findings(result.id), result.waivers)
    findings = {
        row: msgspec.structs.replace(finding, level=rubric.rows.get(row, finding.level))
        for row, finding in findings.items()
    }
    imports = findings.get("de-imports")
    whole = untouched and (imports is None or imports.verdict is Verdict.PASS)
    scored = score(findings, requirements_of(verdicts, rubric), rubric, delivered_whole=whole)
    return msgspec.structs.replace(
        result,
        score=scored.score,
        score_high=scored.score_high,
        as_delivered=scored.as_delivered,
        attested=scored.attested,
        areas=scored.areas,
        requirements=findings,
        measurements=_measurements(played),
        timelines=_timelines(findings, verdicts, played),
        disputes={},
        score_if_upheld=None,
    )


def _timelines(
    findings: Mapping[str, Finding], verdicts: Verdicts, played: Mapping[str, Played]
) -> dict[str, tuple[Timeline, ...]]:
    """Return the timelines that show what a failed requirement looked at."""
    failed = [row for row, finding in findings.items() if finding.verdict is Verdict.FAIL]
    names = {name for row in failed for name in verdicts.scenarios.get(row, ())}
    return {
        name: played[name].timelines
        for name in sorted(names & played.keys())
        if played[name].timelines
    }


def waived(findings: Mapping[str, Finding], waivers: Mapping[str, str]) -> dict[str, Finding]:
    """Return the findings with the reasons for which failed ones are left out of the score."""
    return {
        row: msgspec.structs.replace(finding, waived=waivers[row])
        if row in waivers and finding.verdict in {Verdict.FAIL, Verdict.ERROR, Verdict.BLOCKED}
        else finding
        for row, finding in findings.items()
    }


def ungraded(entry: Unreadable) -> CandidateResult:
    """Return the row of an input that could not be read."""
    return CandidateResult(
        id=entry.id,
        name=entry.id,
        provenance="answer",
        model=entry.model,
        problem=entry.problem,
        complete=False,
    )


def _binding(found: Binding | Ending | None) -> dict[str, Any]:
    """Return the binding as results.json shows it."""
    if found is None:
        return {}
    if isinstance(found, Ending):
        # That there is no breaker is no doubt of ours; that we could not look is one.
        return {"class": None, "sure": found.kind == "blocked", "why": found.text}
    module, _, name = found.constructor.told.partition(":")
    return {
        "class": name,
        "module": module,
        "call": str(found.surfaces[0]) if found.surfaces else None,
        "style": found.surfaces[0].style if found.surfaces else None,
        "surfaces": [f"{s.mode} {s.style}: {s}" for s in found.surfaces],
        "parameters": found.parameters,
        "state": str(found.state) if found.state else None,
        "metrics": str(found.metrics) if found.metrics else None,
        "counts": found.counts,
        "failure": found.failure,
        "trips_at": found.trips_at,
        "sure": found.sure,
        "doubts": list(found.doubts),
    }


def _measurements(played: Mapping[str, Played]) -> dict[str, Any]:
    """Return what was measured on the way, from the scenarios that were played."""
    measured: dict[str, Any] = {}
    curve = played["capped"].value if "capped" in played else None
    if curve is not None:
        count = len(curve.periods)
        limit = curve.cap if curve.cap_configured else float("inf")
        expected = [min(limit, curve.base * curve.multiplier**k) for k in range(count)]
        measured["backoff_curve"] = [period.figure for period in curve.periods]
        measured["backoff_configured"] = expected
    bursts = played["callers_in_a_row"].value if "callers_in_a_row" in played else None
    if bursts:
        measured["half_open_burst"] = msgspec.to_builtins(bursts[0])
    return measured


def _sources(candidate: Candidate) -> tuple[SourceText, ...]:
    return tuple(
        SourceText(
            path=file.path,
            text=file.delivered,
            role=file.role,
            kept_lines=file.cut.kept_lines if file.cut else len(file.delivered.splitlines()),
        )
        for file in candidate.files
    )
