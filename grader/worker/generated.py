"""The methods that `dataclasses` generates, compiled once for all workers.

It writes half a dozen methods of each class as text and compiles it, which takes half of the
time that a typical candidate takes to import. The text is the same in every worker.
"""

import dataclasses
import types
from typing import Any

_MOST = 24 * 1024
"""Characters that are told: of ASCII, escaped in JSON they fit into one message."""


class Generated:
    """Compiled texts, and those that were not compiled before."""

    def __init__(self) -> None:
        self._code: dict[str, types.CodeType] = {}
        self._texts: list[str] = []
        self._room = 0

    def install(self) -> None:
        """Stand between `dataclasses` and `exec`, a builtin that it finds by its name."""
        dataclasses.exec = self._exec  # type: ignore[attr-defined]

    def note(self) -> None:
        """Begin to keep the texts that have to be compiled here, as far as they can be told."""
        self._texts, self._room = [], _MOST

    def texts(self) -> list[str]:
        """Return the texts that had to be compiled since."""
        return self._texts

    def compile(self, texts: list[str]) -> None:
        """Compile texts, in the process from which the workers are forked."""
        for text in texts:
            try:
                self._code[text] = compile(text, "<string>", "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue  # where it is run, it raises the same

    def _exec(self, text: str, names: dict[str, Any], found: dict[str, Any]) -> None:
        code = self._code.get(text)
        exec(code or text, names, found)  # noqa: S102  as `dataclasses` does
        if code is None and text.isascii() and len(text) <= self._room:
            self._texts.append(text)
            self._room -= len(text)
