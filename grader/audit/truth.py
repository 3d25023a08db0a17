"""What breakers from PyPI were observed to do by hand, and whether the grader agrees.

The observations stand in `candidates/libraries/ground-truth.toml`.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from grader.answers import text
from grader.audit.known import LIBRARIES, Looked
from grader.errors import InputError
from grader.history import Burst
from grader.results import Finding
from grader.specification import SCENARIOS

FILE = LIBRARIES / "ground-truth.toml"


class Observed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One library; the fields are told of in the file."""

    backoff: str
    tasks: str
    threads: str
    overlap: str
    cancelled_probe: str
    cancelled_call: str
    interrupt: str
    late_success: str
    late_failure: str
    late_half_open: str
    tripping_call: str
    threads_by: str = ""


class Deviation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A requirement that a library truly fails."""

    library: str
    row: str
    what: str


class Truth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that was observed."""

    observed: dict[str, Observed]
    deviations: tuple[Deviation, ...]

    def cells(self) -> list[tuple[str, str, str]]:
        """Return each library, column, and what it says there."""
        return [
            (library, column, getattr(row, column))
            for library, row in self.observed.items()
            for column in CHECKS
        ]


def load(path: Path = FILE) -> Truth:
    """Return what was observed; raises InputError, in one line, where the file is no good."""
    try:
        return msgspec.convert(tomllib.loads(text.read(path)), Truth)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(f"{path}: {error}") from error


class Seen:
    """What the grader says of one library, in the words that the checks use."""

    def __init__(self, looked: Looked, on_threads: Looked) -> None:
        self._looked = looked
        self._on_threads = on_threads

    def row(self, wanted: str) -> Finding:
        """Return a finding; one of no verdict at all where there is no such requirement."""
        found = self._looked.result.requirements.get(wanted)
        if found is None:
            raise InputError(f"{wanted} is not in the specification")
        return found

    def verdict(self, wanted: str) -> str:
        """Return a verdict."""
        return str(self.row(wanted).verdict)

    def evidence(self, wanted: str) -> str:
        """Return what was seen, in small letters."""
        return self.row(wanted).evidence.lower()

    @property
    def only_sync(self) -> bool:
        """Whether its first way of calling is a plain one."""
        return str(self._looked.result.binding["surfaces"][0]).startswith("sync")

    def on_threads(self, wanted: str) -> str:
        """Return a verdict on what stands for it where threads are concerned."""
        return str(self._on_threads.result.requirements[wanted].verdict)

    def burst_of_tasks(self) -> tuple[int, int, int]:
        """Return how many ran, were rejected and waited."""
        burst = self._looked.result.measurements["half_open_burst"]
        return burst["running"], burst["rejected"], burst["waiting"]

    def burst_of_threads(self) -> tuple[int, int, int]:
        """Return the same of plain calls on threads."""
        played = self._on_threads.archive().play(SCENARIOS["probes_among_threads"])
        (found, *_) = _bursts(played.value)
        return found.running, found.rejected, found.waiting


def _bursts(value: Any) -> list[Burst]:
    if isinstance(value, Burst):
        return [value]
    if isinstance(value, tuple | list):
        parts = list(value)
    else:
        parts = [getattr(value, name) for name in getattr(value, "__struct_fields__", ())]
    return [burst for part in parts for burst in _bursts(part)]


def disagreement(library: str, column: str, looked: Mapping[str, Looked]) -> str:
    """Return where verdicts and observation part, in one line; empty where they agree."""
    row = load().observed[library]
    seen = Seen(looked[library], looked[row.threads_by or library])
    return CHECKS[column](seen, getattr(row, column))


def undetected(deviation: Deviation, looked: Mapping[str, Looked]) -> str:
    """Return what the grader says instead of failing a known deviation; empty where it fails."""
    found = looked[deviation.library].result.requirements.get(deviation.row)
    if found is None:
        return f"{deviation.row} is not in the specification"
    return "" if found.verdict == "fail" else f"{deviation.row} {found.verdict}: {found.evidence}"


# --- the checks -----------------------------------------------------------------------------


def _expect(what: str, expected: str, found: str) -> str:
    return "" if expected == found else f"{what}: expected {expected}, got {found}"


def _burst(said: str, burst: tuple[int, int, int]) -> str:
    running, rejected, waiting = burst
    callers = sum(burst)
    if said in {"20", "8"}:
        expected = (callers, 0, 0)
    elif "blocked" in said:
        expected = (1, 0, callers - 1)
    else:
        expected = (1, callers - 1, 0)
    if burst == expected:
        return ""
    return f"observed {said}; {running} ran, {rejected} were rejected, {waiting} waited"


def _backoff(seen: Seen, said: str) -> str:
    expected = {"no": "fail", "yes": "pass"}[said]
    return _expect("bo-grows", expected, seen.verdict("bo-grows"))


def _tasks(seen: Seen, said: str) -> str:
    if said == "n/a":
        return "" if seen.only_sync else "observed no asynchronous call, and one was found"
    unlimited = said == "20"
    return (
        _expect("ho-limit", "fail" if unlimited else "pass", seen.verdict("ho-limit"))
        or _expect("ho-atomic", "blocked" if unlimited else "pass", seen.verdict("ho-atomic"))
        or _burst(said, seen.burst_of_tasks())
    )


def _threads(seen: Seen, said: str) -> str:
    return _burst(said, seen.burst_of_threads())


def _overlap(seen: Seen, said: str) -> str:
    expected = {"serialised": "fail", "ok": "pass"}[said]
    return _expect("ts-overlap", expected, seen.on_threads("ts-overlap"))


def _cancelled_probe(seen: Seen, said: str) -> str:
    row = "ho-cancel-not-close"
    expected = {"n/a": "not offered", "closed": "fail"}.get(said, "pass")
    if wrong := _expect(row, expected, seen.verdict(row)):
        return wrong
    words = {"half-open, free": r"half.?open|free|admitted", "opened": r"(?<!half.)\bopen|reject"}
    if said in words and not re.search(words[said], seen.evidence(row)):
        return f"{row}: observed {said}, and the evidence says {seen.evidence(row)!r}"
    return ""


def _cancelled_call(seen: Seen, said: str) -> str:
    expected = {"n/a": "not offered", "success": "fail"}.get(said, "pass")
    if wrong := _expect("ex-cancelled", expected, seen.verdict("ex-cancelled")):
        return wrong
    told = seen.evidence("ex-cancelled")
    if said in {"neutral", "failure"} and said not in told:
        return f"ex-cancelled: observed {said}, and the evidence says {told!r}"
    return ""


def _interrupt(seen: Seen, said: str) -> str:
    told = seen.evidence("ex-baseexception-neutral")
    # What is ignored as a failure may still be taken for a success.
    if ("counts as a failure" in told) is (said == "counts"):
        return ""
    return f"ex-baseexception-neutral: observed {said}, and the evidence says {told!r}"


def _late(row: str) -> Callable[[Seen, str], str]:
    def check(seen: Seen, said: str) -> str:
        found = seen.verdict(row)
        if said == "n/a":
            fine = found in {"not offered", "blocked"}
            return "" if fine else _expect(row, "not offered or blocked", found)
        return _expect(row, "fail" if "yes" in said else "pass", found)

    return check


def _tripping_call(seen: Seen, said: str) -> str:
    row = "ex-same-object"
    expected = "pass" if said == "same" else "fail"
    if wrong := _expect(row, expected, seen.verdict(row)):
        return wrong
    told = seen.evidence(row)
    if said != "same" and not ("tripping call" in told and said.lower() in told):
        return f"{row}: observed {said}, and the evidence says {told!r}"
    return ""


CHECKS: Mapping[str, Callable[[Seen, str], str]] = {
    "backoff": _backoff,
    "tasks": _tasks,
    "threads": _threads,
    "overlap": _overlap,
    "cancelled_probe": _cancelled_probe,
    "cancelled_call": _cancelled_call,
    "interrupt": _interrupt,
    "late_success": _late("ro-stale-success"),
    "late_failure": _late("ro-stale-failure"),
    "late_half_open": _late("ho-stale"),
    "tripping_call": _tripping_call,
}
