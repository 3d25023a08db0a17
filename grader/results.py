"""`results.json`: what a run found, as frozen values.

Everything that a report shows is computed from these values alone. Field
names are stable: others build on them. Fields may be added; none changes its
meaning within one `schema` number.
"""

from pathlib import Path
from typing import Any

import msgspec

from grader.certificate import Certificate
from grader.errors import InputError
from grader.timeline import Timeline
from grader.verdicts import Known, Level, Verdict

SCHEMA = 1


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the specification, as the run used it."""

    area: str
    level: Level
    sentence: str
    """The normative sentence: the first paragraph of the test's docstring."""
    source: str = ""
    """Where the rule comes from, in the abbreviations of `spec_tests/README.md`."""
    scenarios: tuple[str, ...] = ()
    """The scenarios whose histories it judges."""


class Untested(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the catalogue that no test can judge; it never counts in a score."""

    area: str
    level: Level
    sentence: str
    source: str = ""
    reason: str
    """Why it cannot be tested."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one requirement of one candidate, with its evidence."""

    verdict: Verdict
    level: Level
    known: Known
    evidence: str = ""
    """One or two sentences: what was expected and what was seen. Empty for a plain pass."""
    share: float = 0.0
    """The part of the requirement's cases that passed, 0..1; 1.0 for a pass."""
    because: str = ""
    """For `blocked`: the id of the prerequisite, or what else stood in the way."""
    died_of: str = ""
    """For `error`: `crash`, `hang`, `resource` or `protocol`."""
    waived: str = ""
    """Why it is left out of the score, though it failed: a library breaks the rule on purpose."""


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer holds against a verdict; it changes neither the verdict nor the score."""

    verdict: Verdict
    """The verdict that is disputed."""
    should_be: Verdict
    reason: str
    stale: bool = False
    """The verdict has become another one since."""


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """What one area of the rubric contributed."""

    score: float
    """Weighted share of the area's rows that passed, 0..1, unknown counted as failed."""
    high: float
    """The same with unknown counted as passed."""
    weight: float
    """The area's weight as the rubric file has it, before areas without rows are left out."""


class SourceText(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a candidate as it was delivered, for the report."""

    path: str
    text: str
    role: str
    """`implementation` or `example`."""
    kept_lines: int
    """How many leading lines were kept; fewer than there are where the file was cut."""


class CandidateResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found about one candidate."""

    id: str
    name: str
    provenance: str
    """`reference`, `re-enactment`, `answer`, `library`, …: shown wherever the name stands."""
    kind: str = "answer"
    model: str = ""
    """The model that gave the answer; several answers of one are samples."""
    score: float | None = None
    """0..10 for the code that arrived; `unknown` counts as failed. None: infrastructure failed."""
    score_high: float | None = None
    """The same with `unknown` counted as passed."""
    as_delivered: float | None = None
    """`score` where nothing was cut and everything parses and imports as it stands, else 0."""
    attested: float | None = None
    """Points of `score` from rows that only the worker vouches for: what runs beside the candidate
    could be made to say them. The rest was observed."""
    problem: str = ""
    """One line, where the candidate could not be graded at all (bad input, infrastructure)."""
    complete: bool = True
    """Nothing of it was cut off."""
    waivers: dict[str, str] = {}
    """Requirements that are said to be broken on purpose, each with its reason."""
    areas: dict[str, Area] = {}
    binding: dict[str, Any] = {}
    requirements: dict[str, Finding] = {}
    measurements: dict[str, Any] = {}
    """What was measured on the way, by name: `backoff_curve`, `half_open_burst`, …"""
    disputes: dict[str, Dispute] = {}
    """Verdicts that a reviewer disputes, by requirement."""
    score_if_upheld: float | None = None
    """What `score` would be if every dispute were upheld; None where there is none."""
    timelines: dict[str, tuple[Timeline, ...]] = {}
    """What was done with each breaker in a scenario that a failed requirement looks at."""
    clock: Certificate | None = None
    """How the candidate tells the time, and whether each way was frozen; None: no breaker works."""
    sources: tuple[SourceText, ...] = ()
    seconds: float = 0.0
    """Wall time that grading took. A duration: the one field that differs from run to run."""


class ModelResult(msgspec.Struct, frozen=True, kw_only=True):
    """A model, by those of its answers that were graded: samples of what it gives."""

    samples: tuple[str, ...]
    """The ids of the candidates that have a score."""
    not_graded: tuple[str, ...] = ()
    """The ids of those that have none, and are not in the mean."""
    mean: float | None
    """0..10, of the samples' scores."""
    mean_high: float | None
    """The same with `unknown` counted as passed."""
    as_delivered: float | None
    low: float | None = None
    """Ends of the 95 % interval of the mean (see `grader.samples`); None where there is none."""
    high: float | None = None
    note: str = ""
    """Why there is no interval, or what it cannot tell."""


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """One run over any number of candidates."""

    schema: int = SCHEMA
    specification: str
    """Hash of the specification's files, as they were when it was judged."""
    played_by: str = ""
    """Hash of the specification whose scenarios were played, where that was another one: after
    `grader regrade`."""
    seed: int
    isolation: str
    """The sandbox tier that was used."""
    python: str
    """Minor version the candidates ran on, such as `3.11`."""
    rubric: dict[str, Any]
    """The weights that were used: `areas`, `levels`, `rows` with a level of their own, and `name`,
    the file that they come from (`built-in` for the project's own)."""
    requirements: dict[str, Requirement]
    """Every requirement of the run, in the order of the specification."""
    sources: dict[str, str] = {}
    """What the short names of the requirements' sources stand for."""
    untested: dict[str, Untested] = {}
    """Rows that are listed as untested, with the reason."""
    candidates: tuple[CandidateResult, ...]
    models: dict[str, ModelResult] = {}
    """Models that candidates name, by name, the best mean first."""
    seconds: float = 0.0


def encode(results: Results) -> bytes:
    """Return the bytes of `results.json`: two-space indented, keys in the fixed order."""
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


def decode(data: bytes) -> Results:
    """Read `results.json`.

    Raises `msgspec.ValidationError` where a field is missing or has another type.
    """
    return msgspec.json.decode(data, type=Results)


def read(path: Path) -> Results:
    """Read a `results.json`; raises `InputError`, one line, where it is none."""
    try:
        results = decode(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not a results.json: {error}") from error
    if results.schema != SCHEMA:
        raise InputError(f"{path}: schema {results.schema}, and this grader reads {SCHEMA}")
    return results
