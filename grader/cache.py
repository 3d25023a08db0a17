"""Gradings by content: what was asked before is read, not computed again.

A grading depends on the candidate's files and manifest, the specification, the grader, the
interpreter, the installed packages, the isolation tier, the rubric and the seed. All of them make
the key, so nothing here is ever stale; what no key asks for any more only takes room. A grading is
kept as soon as it is made: a run that is killed goes on where it was.
"""

import contextlib
import json
import os
import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from grader import archive, ground
from grader.candidate import Candidate
from grader.errors import GraderError
from grader.grading import Graded
from grader.sandbox import Tier
from grader.scoring import Rubric
from grader.store import Kept, Store, key_of

PLACE = "BREAKER_GRADER_CACHE"
"""The environment variable that names another folder."""
_FILE = "gradings.sqlite"
_QUICK = 1
"""Level of compression."""


def folder() -> Path:
    """Return where gradings are kept: `$BREAKER_GRADER_CACHE`, else in the user's cache folder."""
    if named := os.environ.get(PLACE):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "breaker-grader"


class Cache:
    """The gradings of one tier, rubric and seed; a context manager.

    Raises GraderError where the folder or the file in it cannot be used.
    """

    def __init__(self, tier: Tier, rubric: Rubric, seed: int) -> None:
        place = folder()
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GraderError(
                f"{place}: gradings cannot be kept there: {error.strerror}; name another folder in"
                f" {PLACE}, or say --no-cache"
            ) from error
        self.path = place / _FILE
        self._store = Store(self.path)
        settings = json.dumps([str(tier), rubric.as_data(), seed])
        self._basis = key_of(ground.code("audit/"), ground.surroundings(), settings)

    def get(self, candidate: Candidate) -> Graded | None:
        """Return an earlier grading of the same content, under this name; None where there is none.

        Whoever gave it, and what it is called, changes nothing.
        """
        kept = self._store.get(self._key(candidate)) if _is_whole(candidate) else None
        if kept is None:
            return None
        graded = msgspec.convert(json.loads(zlib.decompress(kept.data)), Graded, str_keys=True)
        result = msgspec.structs.replace(
            graded.result,
            id=candidate.id,
            name=candidate.name,
            model=candidate.model,
            provenance=candidate.provenance,
        )
        histories = archive.renamed(graded.histories, candidate.id)
        return msgspec.structs.replace(graded, result=result, histories=histories)

    def put(self, candidate: Candidate, graded: Graded) -> None:
        """Keep a grading, unless the infrastructure failed: that is no property of a candidate."""
        if _is_whole(candidate) and not graded.result.problem:
            data = zlib.compress(_text(graded).encode(), _QUICK)
            # What was graded is in hand: that it cannot be kept is no reason to lose it.
            with contextlib.suppress(GraderError):
                self._store.put(self._key(candidate), Kept(data=data, cpu=0.0))

    def count(self) -> int:
        """Return how many gradings are kept, of whatever settings."""
        return self._store.count()

    def clear(self) -> None:
        """Forget all gradings, of whatever settings."""
        self._store.keep_only(())

    def _key(self, candidate: Candidate) -> str:
        content = msgspec.structs.replace(candidate, id="", name="", model="", provenance="")
        return key_of(self._basis, _text(content))

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _text(value: msgspec.Struct) -> str:
    # Not msgspec's own JSON, which has no lone surrogates: a candidate may well utter one.
    return json.dumps(msgspec.to_builtins(value, str_keys=True))


def _is_whole(candidate: Candidate) -> bool:
    """Whether a candidate's files are all there is of it: an installed package's are elsewhere."""
    return candidate.package is None
