"""Small results by name, so that a test says what it is about and nothing else."""

from typing import Any

import msgspec

from grader.certificate import Certificate, Keeps, Reads
from grader.results import (
    CandidateResult,
    Finding,
    Requirement,
    Results,
    SourceText,
    Untested,
)
from grader.scoring import Rubric, load, score
from grader.timeline import Mark, Timeline
from grader.verdicts import Known, Level, Verdict

RUBRIC: Rubric = load()

REQUIREMENTS: dict[str, Requirement] = {
    "st-open-rejects": Requirement(
        area="states", level=Level.MUST, sentence="In OPEN, the callable is not invoked."
    ),
    "bo-first": Requirement(
        area="backoff", level=Level.MUST, sentence="The first open period follows from `T` alone."
    ),
    "bo-cap-offered": Requirement(
        area="backoff", level=Level.SHOULD, sentence="There is a cap on the open period."
    ),
    "ho-limit": Requirement(
        area="half-open",
        level=Level.MUST,
        sentence="At most L calls are in flight in HALF_OPEN.",
        source="N",
        scenarios=("bursts",),
    ),
    "ho-hung-probe": Requirement(
        area="half-open", level=Level.INFORMATIVE, sentence="A probe that hangs is given up."
    ),
    "de-breaker": Requirement(
        area="delivery", level=Level.MUST, sentence="A breaker can be constructed and called."
    ),
}

UNTESTED = {
    "as-trio": Untested(
        area="async",
        level=Level.INFORMATIVE,
        sentence="It works on trio.",
        reason="Nobody can freeze its clock.",
    )
}

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></script><script>alert(2)</script>",
    "]]> &amp; <!-- -->",
    "nul \x00 escape \x1b[31mred\x1b[0m bell \x07",
    "surrogate \udc80 noncharacter \uffff",
    "bidi \u202e gnitirw \u2066 and \u200b zero width",
    "{{ 7 * 7 }} {% raw %} ${x}",
    "| pipe | `tick` ``` fence \n\n# heading\n- list\n[link](http://evil.example) www.evil.example",
    "![image](https://evil.example/x.png) <https://evil.example> @everyone",
    "long " + "x" * 5000,
)
"""What a candidate may be called, say, or print; none of it may act."""


def finding(
    verdict: Verdict, *, evidence: str = "", share: float = 0.0, because: str = ""
) -> Finding:
    return Finding(
        verdict=verdict,
        level=Level.MUST,
        known=Known.OBSERVED,
        evidence=evidence,
        share=share,
        because=because,
    )


def passing() -> dict[str, Finding]:
    return {name: finding(Verdict.PASS, share=1.0) for name in REQUIREMENTS}


def candidate(identifier: str, findings: dict[str, Finding], **fields: Any) -> CandidateResult:
    """A candidate with its findings scored; any field can be given instead."""
    scored = score(findings, REQUIREMENTS, RUBRIC, delivered_whole=fields.get("complete", True))
    defaults: dict[str, Any] = {
        "name": identifier,
        "provenance": "answer",
        "score": scored.score,
        "score_high": scored.score_high,
        "as_delivered": scored.as_delivered,
        "areas": scored.areas,
        "binding": {"class": "CircuitBreaker", "call": "call", "sure": True},
        "requirements": findings,
    }
    return CandidateResult(id=identifier, **(defaults | fields))


def reference() -> CandidateResult:
    """Passes everything."""
    return candidate(
        "reference",
        passing(),
        name="Reference",
        provenance="reference",
        measurements={
            "backoff_curve": {"configured": [10, 20, 40, 60], "measured": [10.0, 20.0, 40.0, 60.0]},
            "half_open_burst": {"callers": 12, "limit": 1, "running": 1, "rejected": 11},
        },
    )


def choosing(choice: str = "a hung probe is given up after 30 s") -> CandidateResult:
    """Passes everything, and its one design choice was recorded."""
    seen = finding(Verdict.PASS, evidence=choice, share=1.0)
    recorded = msgspec.structs.replace(seen, level=Level.INFORMATIVE)
    return candidate("choosing", passing() | {"ho-hung-probe": recorded})


def unsettled() -> CandidateResult:
    """Passes everything, but what it chooses could not be seen."""
    doubt = finding(Verdict.UNKNOWN, evidence="the probe could not be held")
    unseen = msgspec.structs.replace(doubt, level=Level.INFORMATIVE)
    return candidate("unsettled", passing() | {"ho-hung-probe": unseen})


def wrong_backoff() -> CandidateResult:
    """A re-enactment, cut off, whose first open period is four times too long."""
    findings = passing() | {
        "bo-first": finding(
            Verdict.FAIL, evidence="first open period 40 s, configured 10 s", share=0.5
        ),
        "bo-cap-offered": finding(Verdict.NOT_OFFERED),
    }
    return candidate(
        "wrong_backoff",
        findings,
        name="Wrong Backoff 4",
        provenance="re-enactment",
        complete=False,
        measurements={
            "backoff_curve": {"configured": [10, 20, 40], "measured": [40.0, 0.0]},
            "half_open_burst": {"callers": 12, "limit": 1, "running": 12, "rejected": 0},
        },
        sources=(
            SourceText(
                path="breaker.py",
                text="class CircuitBreaker:\n    pass\n    def call(self\n",
                role="implementation",
                kept_lines=2,
            ),
        ),
    )


def failing_with_timeline() -> CandidateResult:
    """Lets a call in while it should be open, and what led to it was kept."""
    return candidate(
        "late",
        passing() | {"ho-limit": finding(Verdict.FAIL, evidence="2 calls ran, 1 may")},
        name="Lets all in late",
        timelines={
            "bursts": (
                Timeline(
                    settings={"threshold": 1, "base": 10.0},
                    calls=(
                        Mark(at=0.0, ran=0.0, ended=0.0, how="raised", planned="ServiceFailure"),
                        Mark(at=5.0, ran=5.0, ended=5.0, how="returned", planned="return"),
                    ),
                    until=6.0,
                ),
            )
        },
    )


def no_breaker() -> CandidateResult:
    """Everything is blocked by the same row."""
    findings = {
        name: finding(Verdict.BLOCKED, because="de-breaker")
        for name in REQUIREMENTS
        if name != "de-breaker"
    }
    findings["de-breaker"] = finding(Verdict.FAIL, evidence="no class with a call was found")
    return candidate("no_breaker", findings, binding={})


def not_understood() -> CandidateResult:
    """The grader doubts its own binding, hence a range."""
    findings = passing() | {
        "ho-limit": finding(Verdict.UNKNOWN, evidence="the binding is unsure"),
        "st-open-rejects": finding(Verdict.ERROR, evidence="the worker died"),
    }
    return candidate("not_understood", findings, binding={"class": "Gate", "sure": False})


def not_gradable() -> CandidateResult:
    """Bad input in a batch: a row with its reason."""
    return CandidateResult(
        id="empty", name="Empty", provenance="answer", problem="empty.md: no Python in it"
    )


def hostile(text: str) -> CandidateResult:
    """Says the same hostile thing wherever a candidate has a say."""
    findings = passing() | {
        "bo-first": finding(Verdict.FAIL, evidence=text),
        "ho-limit": finding(Verdict.BLOCKED, because=text, evidence=text),
    }
    return candidate(
        "hostile",
        findings,
        name=text,
        problem=text,
        binding={"class": text, text: [text, {text: text}], "sure": False},
        clock=Certificate(
            frozen=False,
            reason=text,
            keeps=(Keeps(way=text, where=text, reads=text, frozen=False),),
            reads=(Reads(reads=text, where=text, thread=text),),
        ),
        sources=(SourceText(path=text, text=f"x = 1\n{text}", role=text, kept_lines=1),),
    )


def results(*candidates: CandidateResult, **fields: Any) -> Results:
    defaults: dict[str, Any] = {
        "specification": "0123456789abcdef",
        "seed": 0,
        "isolation": "bwrap",
        "python": "3.11",
        "rubric": RUBRIC.as_data(),
        "requirements": REQUIREMENTS,
    }
    return Results(candidates=candidates, **(defaults | fields))


def everyone() -> Results:
    """One candidate of each sort."""
    return results(not_gradable(), no_breaker(), wrong_backoff(), reference(), not_understood())
