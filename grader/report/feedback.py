"""Feedback on one candidate as Markdown, for the person who wrote it.

No abbreviation and no word of this project is left unexplained: a reader knows Python and was
asked for a circuit breaker, and has never seen the grader.
"""

import re
from collections import Counter
from collections.abc import Iterator

from grader.feedback import Feedback, Mistake, feedback
from grader.report.markdown import escape
from grader.report.reading import reading
from grader.report.view import anchors, number, plural
from grader.results import CandidateResult, Results
from grader.verdicts import Verdict

_NAMED = 6
"""So many consequences of one mistake are told one by one; more are counted by their part."""
_CUT_OFF = "cut off"  # as the plugin says it
_WHOLE = "de-complete"
"""The requirement whose evidence tells how what was handed in breaks off."""
_PARTS = {
    "states": "The three states",
    "thresholds": "When it opens",
    "backoff": "How long it stays open",
    "half-open": "Trying again",
    "async": "Asynchronous calls",
    "metrics": "Counting",
    "http": "The HTTP example",
    "exceptions": "Errors of the protected function",
    "robustness": "Long and rough use",
    "delivery": "What was handed in",
}
_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")
_WORDS = {
    "closed": "the normal state: calls go through.",
    "open": "the state after too many failures: calls are turned away at once.",
    "open period": "how long the breaker stays open before it tries again.",
    "half-open": "the state after that: a few calls are let through to see whether all is well.",
    "probe": "a call that is let through while half-open.",
    "trip": "to go from closed to open.",
    "rejected": "turned away by the breaker, without the function being called.",
    "admitted": "let through by the breaker, so that the function is called.",
    "backoff": "that the open period grows each time a probe fails.",
    "jitter": "a random change of the open period, so that not everybody tries at the same time.",
    "threshold": "how many failures make the breaker open.",
    "late": "of a call that ended after the state had changed in the meantime.",
    "lambda": "a function without a name, such as `lambda: fetch(url)`.",
    "coroutine": "what calling an `async def` function returns; it runs once it is awaited.",
    "thread": "a part of a program that runs beside the others.",
    "event loop": "what runs the coroutines of an asynchronous program.",
    "wall clock": "the time of day, which can be set back; `time.monotonic()` cannot.",
}


def feedback_pages(results: Results) -> dict[str, bytes]:
    """Return a page for each candidate of a run, by a file name that is safe to use."""
    names = anchors(results.candidates)
    return {
        f"{names[c.id]}.md": render_feedback(feedback(c, results), results).encode()
        for c in results.candidates
    }


def render_feedback(told: Feedback, results: Results) -> str:
    """Return the page."""
    candidate = told.candidate
    name = escape(candidate.name or candidate.id, 80)
    if candidate.score is None:
        why = escape(candidate.problem or "no reason is known")
        return f"# Feedback on {name}\n\nThis could not be graded: {why}\n"
    body = [
        *_summary(told),
        *_all_mistakes(told, results),
        *_holds(told),
        *_untested(told, results),
    ]
    text = "\n".join(body)
    return "\n".join([f"# Feedback on {name}", "", *body, *_words(text)])


def _summary(told: Feedback) -> Iterator[str]:
    candidate = told.candidate
    yield f"**{number(candidate.score)} of 10 points.** {told.holds} of {told.judged} rules hold."
    yield ""
    if candidate.as_delivered is not None and candidate.as_delivered != candidate.score:
        yield (
            "These points are for the code as far as it could be read. As it was handed in it is"
            f" worth {number(candidate.as_delivered)}: it is cut off, or cannot be imported as it"
            " stands."
        )
        yield ""
    if candidate.binding.get("sure") is False:
        yield (
            "The grader is not sure that it used this code as it is meant to be used. Where what"
            " happened below looks strange, say so to whoever sent you this."
        )
        yield ""
    if told.mistakes:
        yield (
            "What follows is sorted by what it costs: begin at the top. Your code was run, and what"
            " is told was seen to happen."
        )
        yield ""


def _all_mistakes(told: Feedback, results: Results) -> Iterator[str]:
    if not told.mistakes and not told.untested:
        yield from ("Nothing was found that is wrong.", "")
    for place, mistake in enumerate(told.mistakes, start=1):
        yield from _mistake(place, mistake, results, told.candidate)


def _mistake(
    place: int, mistake: Mistake, results: Results, candidate: CandidateResult
) -> Iterator[str]:
    points = f"{number(mistake.points)} {plural(1 if mistake.points == 1 else 2, 'point')}"
    if mistake.finding is None:
        cause = _in_words(mistake.cause, candidate)
        yield from (f"## {place}. {escape(cause)} ({points})", "")
    else:
        requirement = results.requirements[mistake.row]
        yield from (f"## {place}. {_part(requirement.area)} ({points})", "")
        yield f"- **What should be so:** {escape(requirement.sentence)}"
        yield f"- **What happened:** {_sentence(_happened(mistake, candidate))}"
    if mistake.also:
        yield from _consequences(mistake, results)
    if mistake.finding is not None:
        pages = reading(results.requirements[mistake.row])
        if pages:
            yield f"- **To read:** {'; '.join(f'[{p.title}]({p.url})' for p in pages)}"
        yield f"- **To see it:** `grader explain YOUR_FILE {mistake.row}`"
    yield ""


def _happened(mistake: Mistake, candidate: CandidateResult) -> str:
    finding = mistake.finding
    if finding is None:
        return mistake.cause
    if finding.verdict is Verdict.ERROR:
        how = {"hang": "it did not come to an end", "resource": "it used up too much"}
        told = how.get(finding.died_of, "it crashed")
        return f"{told}: {finding.evidence}" if finding.evidence else told
    if finding.evidence:
        return finding.evidence
    return _in_words(finding.because, candidate) if " " in finding.because else "it is not so"


def _in_words(cause: str, candidate: CandidateResult) -> str:
    """Tell what stood in the way."""
    if cause != _CUT_OFF:
        return _begun(cause)
    delivery = candidate.requirements.get(_WHOLE)
    told = delivery.evidence if delivery is not None else ""
    if "does not parse" not in told:
        return "The code is cut off"
    unclosed = "fence is never closed" in told
    return f"{'The code is cut off, and a' if unclosed else 'A'} part of the code does not parse"


def _part(area: str) -> str:
    return escape(_PARTS.get(area, area))


def _begun(text: str) -> str:
    """Return text with a capital where it begins with a word, and not with a name of the code."""
    plain = re.match(r"[a-z]+ ", text)
    return text[:1].upper() + text[1:] if plain else text


def _sentence(text: str) -> str:
    told = escape(_begun(text), 600)
    return told if told.endswith((".", "…")) else f"{told}."


def _consequences(mistake: Mistake, results: Results) -> Iterator[str]:
    count = len(mistake.also)
    yield f"- **Because of that** {count} more {plural(count, 'rule')} could not be seen to hold:"
    if count <= _NAMED:
        yield from (f"  - {escape(results.requirements[row].sentence)}" for row in mistake.also)
        return
    for area, rows in Counter(results.requirements[row].area for row in mistake.also).items():
        yield f"  - {_part(area)}: {rows} {plural(rows, 'rule')}"


def _holds(told: Feedback) -> Iterator[str]:
    yield from ("## What holds", "", "| part | rules that hold |", "| :-- | --: |")
    for area, (held, count) in told.areas.items():
        yield f"| {_part(area)} | {held} of {count} |"
    yield ""


def _untested(told: Feedback, results: Results) -> Iterator[str]:
    if not told.untested:
        return
    yield from ("## What could not be tested", "")
    yield (
        "That is a limit of the grader, not a mistake of yours. With all of it the score would be"
        f" {number(told.candidate.score_high)}."
    )
    yield ""
    for row in told.untested:
        why = told.candidate.requirements[row].evidence
        yield f"- {escape(results.requirements[row].sentence)} {escape(why)}"
    yield ""


def _words(text: str) -> Iterator[str]:
    """Yield the words that occur and may be new to a reader."""
    plain = _LINK.sub("", text)
    used = [
        word for word in _WORDS if re.search(rf"\b{word}(?:s|ped|ping)?\b", plain, re.IGNORECASE)
    ]
    if used:
        yield from ("## Words", "")
        yield from (f"- **{word}**: {_WORDS[word]}" for word in used)
        yield ""
