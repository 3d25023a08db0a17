"""Situations in which one breaker is called in several ways."""

import msgspec

from grader.binding.model import Surface
from grader.conversation.failures import Blocked, NotOffered
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab
from grader.driver.settings import LEFT_OUT
from grader.history import CallSeen
from grader.specification import scenario

STYLES = {"call": "a call", "decorate": "a decorated function", "context": "a context manager"}
MODES = {"async": "asynchronous", "sync": "plain"}


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What one script led to, by the way of calling."""

    threshold: int
    script: str
    """The outcomes of the calls, in words."""
    tripped_after: dict[str, int | None]
    """How many calls it took until one was rejected; None: none was, nor the one after them."""


class SameScripts(msgspec.Struct, frozen=True, kw_only=True):
    """The same scripts through every way of calling that can play them."""

    mode: str
    ways: tuple[str, ...]
    scripts: tuple[Script, ...]


def ways_to_call(lab: Lab) -> tuple[dict[str, Surface], dict[str, Surface]]:
    """Return the ways in which tasks make a call, then those in which threads do, by their names.

    Of each style there is one, the first; of threads, where tasks make calls, the first of all.
    Permits are none: who uses them decides what counts.
    """
    tasks, plain = _ways(lab, "async"), lab.binding.of_threads
    if plain is None or not tasks:
        return tasks, {} if plain is None else _ways(lab, "sync")
    named = plain.style in STYLES
    return tasks, {f"{STYLES[plain.style]} in a thread": plain} if named else {}


def _ways(lab: Lab, mode: str) -> dict[str, Surface]:
    found: dict[str, Surface] = {}
    for surface in lab.binding.surfaces:
        if surface.mode == mode and surface.style in STYLES:
            found.setdefault(STYLES[surface.style], surface)
    return found


@scenario
def same_scripts(lab: Lab) -> SameScripts:
    """Play failures, successes, cancellations and excluded errors through each way of calling.

    Where tasks make calls, threads play of these what is about failures and excluded errors.
    """
    tasks, threads = ways_to_call(lab)
    ways = {**tasks, **threads}
    if len(ways) < 2:
        raise NotOffered("there is one way of making a call")
    mode = "async" if tasks else "sync"
    scripts = []
    for steps, settings in _scripts(lab, mode):
        playing = tasks or threads
        if not {"cancel", "KeyboardInterrupt", "return"} & set(steps):
            playing = ways
        tripped = {}
        for way, surface in playing.items():
            breaker = lab.breaker(**settings)
            tripped[way] = _play(breaker, surface, steps)
        told = ", ".join(map(_tell, steps))
        scripts.append(Script(threshold=breaker.threshold, script=told, tripped_after=tripped))
    return SameScripts(mode=mode, ways=tuple(ways), scripts=tuple(scripts))


def _scripts(lab: Lab, mode: str) -> list[tuple[tuple[str, ...], dict[str, object]]]:
    """Return the scripts, for a threshold of two or the built-in one.

    A step is `fail`, `return`, `cancel` or an error.
    """
    two: dict[str, object] = {"threshold": 2}
    trips_at = lab.breaker(**two).threshold
    almost = ("fail",) * (trips_at - 1)
    scripts: list[tuple[tuple[str, ...], dict[str, object]]] = [
        ((*almost, "fail"), two),
        ((*almost, "return", "fail"), two),
        (("KeyboardInterrupt",) * trips_at, two),
    ]
    if mode == "async":
        scripts += [(("cancel",) * trips_at, two), ((*almost, "cancel", "fail"), two)]
    if lab.offers("ignored"):
        but: dict[str, object] = {**two, "ignored": ["ExcludedFailure"], "counted": LEFT_OUT}
        scripts += [
            (("ExcludedFailure",) * trips_at, but),
            ((*almost, "ExcludedFailure", "fail"), but),
        ]
    elif lab.offers("counted"):
        only: dict[str, object] = {**two, "counted": ["ServiceFailure"]}
        scripts.append((("UnrelatedFailure",) * trips_at, only))
    return scripts


def _tell(step: str) -> str:
    words = {"fail": "a failure", "return": "a success", "cancel": "a cancellation"}
    return words.get(step, step)


def _play(breaker: Breaker, surface: Surface, steps: tuple[str, ...]) -> int | None:
    planned = {"fail": breaker.lab.binding.failure}
    for number, step in enumerate((*steps, "return")):
        if step == "cancel":
            call = breaker.call(surface=surface)
            seen = call.cancel().seen if call.seen.running else call.seen
        else:
            seen = breaker.call(planned=planned.get(step, step), surface=surface).seen
        if seen.rejected:
            return number
    return None


class Mixed(msgspec.Struct, frozen=True, kw_only=True):
    """One breaker that was tripped by calls of one kind, and a call of the other kind."""

    tripped_by: str
    called: str
    after: CallSeen


@scenario
def mixed_calls(lab: Lab) -> tuple[Mixed, ...]:
    """Trip a breaker by plain calls, then call it asynchronously, and the other way round."""
    surfaces = {mode: lab.binding.surface(mode=mode) for mode in ("sync", "async")}
    seen = []
    for one, other in (("sync", "async"), ("async", "sync")):
        tripping, calling = surfaces[one], surfaces[other]
        if tripping is None or calling is None:
            raise NotOffered("calls of one kind alone can be made")
        breaker = lab.breaker()
        for _ in range(breaker.threshold):
            breaker.fail(surface=tripping)
        if not breaker.succeed(surface=tripping).rejected:
            raise Blocked("th-exact", f"{MODES[one]} calls did not trip it")
        after = breaker.succeed(surface=calling)
        seen.append(Mixed(tripped_by=MODES[one], called=MODES[other], after=after))
    return tuple(seen)
