"""Outcomes by key in a file of SQLite, safe under several writers and a kill at any moment."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from grader.errors import GraderError, InputError

_PATIENCE = 30.0
"""Seconds to wait for another writer."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome."""

    data: bytes
    cpu: float
    """Seconds of processor time that it took."""


class Store:
    """A file of outcomes by key; a context manager."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Open or make the file; `fresh` forgets what is in it."""
        self._path = path
        self._lock = threading.Lock()
        try:
            # Whichever thread asks; `_lock` lets one at a time.
            self._database = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
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
        question = "SELECT data, cpu FROM kept WHERE key = ?"
        with self._lock:
            row = self._database.execute(question, (key,)).fetchone()
        return None if row is None else Kept(data=row[0], cpu=row[1])

    def put(self, key: str, kept: Kept) -> None:
        """Keep an outcome, safe against whatever happens next.

        Raises GraderError where the file cannot be written to any more.
        """
        try:
            with self._lock, self._database:
                self._database.execute(
                    "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (key, kept.data, kept.cpu)
                )
        except sqlite3.Error as error:
            raise GraderError(f"{self._path}: nothing can be kept any more: {error}") from error
        if not self._path.exists():  # SQLite goes on writing into what nobody will find
            raise GraderError(f"{self._path}: nothing can be kept any more: it is gone")

    def count(self) -> int:
        """Return how many outcomes there are."""
        with self._lock:
            return int(self._database.execute("SELECT count(*) FROM kept").fetchone()[0])

    def keep_only(self, keys: Iterable[str]) -> None:
        """Forget all others."""
        with self._lock, self._database:
            known = {key for (key,) in self._database.execute("SELECT key FROM kept")}
            gone = [(key,) for key in known - set(keys)]
            self._database.executemany("DELETE FROM kept WHERE key = ?", gone)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def key_of(*parts: str) -> str:
    """Return the key of what depends on these texts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part.encode("utf-8", "backslashreplace")).digest())
    return digest.hexdigest()[:32]
