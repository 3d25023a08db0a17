"""Reading text that someone else wrote: bounded, decoded, with one kind of line end."""

from pathlib import Path

from grader.errors import InputError

LIMIT = 2 * 1024 * 1024
"""The most bytes one answer or one source file may have (2 MiB)."""

LINES = 50_000
"""The most lines it may have."""


def read(path: Path, *, limit: int = LIMIT, empty: bool = False) -> str:
    r"""Return the text of *path* without a byte order mark and with `\n` line ends.

    A file larger than *limit* bytes is refused by its size, before it is read.
    Raises `InputError` for anything that is not a readable regular file of
    UTF-8 text, and for text that is blank unless *empty* allows it.
    """
    try:
        if not path.is_file():
            raise InputError(f"{path}: {'not a regular file' if path.exists() else 'not found'}")
        data = None
        if path.stat().st_size <= limit:
            with path.open("rb") as file:  # which may have grown since
                data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if data is None or len(data) > limit:
        raise InputError(f"{path}: larger than {limit / 1024 / 1024:g} MiB")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start})") from error
    problem = refusal(text, limit=limit, empty=empty)
    if problem:
        raise InputError(f"{path}: {problem}")
    return normal(text)


def refusal(text: str, *, limit: int = LIMIT, empty: bool = False) -> str | None:
    """Return why *text* cannot be a source or an answer, or None where it can."""
    if "\0" in text:
        return "has NUL characters, so it is not text"
    if not empty and not text.strip().strip("\ufeff"):
        return "is empty"
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "has unpaired surrogates, so it is not text"
    if size > limit:
        return f"larger than {limit / 1024 / 1024:g} MiB"
    return f"has more than {LINES:,} lines" if normal(text).count("\n") > LINES else None


def normal(text: str) -> str:
    """Return *text* without a byte order mark, each line ended as Unix does."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def lines(text: str) -> list[str]:
    r"""Return the lines of *text* with their ends, split at `\n` and nowhere else.

    `str.splitlines` also splits at form feeds and other characters that end no
    line of Python or Markdown.
    """
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
