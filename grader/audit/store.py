"""What came of each item, kept so that an interrupted audit goes on where it was."""

import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

import grader
from grader.errors import GraderError, InputError
from grader.grading import SPECIFICATION, python_version

STORE = "audit-kept.sqlite"
"""Name of the file, beside the reports."""
_GRADER = Path(grader.__file__).resolve().parent
_NO_PART = (
    "tests/",
    "report/",
    "cli.py",
    "audit/sections/",
    "audit/conducting.py",
    "audit/explained.py",
    "audit/model.py",
    "audit/pages.py",
    "audit/progress.py",
    "audit/store.py",
    "audit/truth.py",
)
"""What of the grader does not change what comes of an item; sections only read it."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome."""

    data: bytes
    """JSON."""
    cpu: float
    """Seconds of processor time that it took."""


class Store:
    """A file of outcomes by key; a context manager."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Open or make the file; `fresh` forgets what is in it."""
        self._path = path
        try:
            self._database = sqlite3.connect(path)
            if fresh:
                self._database.execute("DROP TABLE IF EXISTS kept")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, data BLOB, cpu REAL)"
            )
            self._database.commit()
        except sqlite3.Error as error:
            raise InputError(f"{path}: cannot be used: {error}; remove it or --out DIR") from error

    def get(self, key: str) -> Kept | None:
        """Return an outcome; None where there is none."""
        row = self._database.execute("SELECT data, cpu FROM kept WHERE key = ?", (key,)).fetchone()
        return None if row is None else Kept(data=row[0], cpu=row[1])

    def put(self, key: str, kept: Kept) -> None:
        """Keep an outcome, safe against whatever happens next.

        Raises GraderError where the file cannot be written to any more.
        """
        try:
            with self._database:
                self._database.execute(
                    "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (key, kept.data, kept.cpu)
                )
        except sqlite3.Error as error:
            raise GraderError(f"{self._path}: nothing can be kept any more: {error}") from error

    def keep_only(self, keys: Iterable[str]) -> None:
        """Forget what a whole audit did not ask for: it is of another specification or grader."""
        with self._database:
            known = {key for (key,) in self._database.execute("SELECT key FROM kept")}
            gone = [(key,) for key in known - set(keys)]
            self._database.executemany("DELETE FROM kept WHERE key = ?", gone)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()


def everything_else() -> str:
    """Return a hash of what every outcome depends on: specification, grader, Python."""
    digest = hashlib.sha256(python_version().encode())
    for root in (SPECIFICATION, _GRADER):
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and path.suffix in {".py", ".toml"} and not name.startswith(_NO_PART):
                digest.update(f"{name}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def key_of(*parts: str) -> str:
    """Return the key of what depends on these texts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part.encode("utf-8", "backslashreplace")).digest())
    return digest.hexdigest()[:32]
