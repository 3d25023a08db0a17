"""Which names a candidate's files and a candidate itself may have."""

import keyword
import re
import sys
from pathlib import PurePosixPath

RESERVED = {
    "conftest": "pytest would load it as its own configuration",
    "sitecustomize": "the interpreter would run it at start-up",
    "usercustomize": "the interpreter would run it at start-up",
    "__main__": "the running program already has that module name",
    "grader": "it would hide the grader's own package",
    "spec_tests": "it would hide the specification",
}
"""Module names no candidate file may have, with the reason."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_DEEPEST = 12
_LONGEST = 200


def refusal(path: str) -> str | None:
    """Return why *path* cannot name a candidate's Python file, or None where it can.

    A good one is relative, uses forward slashes, stays below its folder, and
    each part of it can be written in an import statement.
    """
    problem = _unsafe(path)
    if problem:
        return problem
    if not path.endswith(".py"):
        return "does not end in .py"
    parts = path.removesuffix(".py").split("/")
    for part in parts:
        if not part.isidentifier() or keyword.iskeyword(part):
            return f"{part!r} cannot be imported by name"
        if part in RESERVED:
            return f"{part!r} is reserved: {RESERVED[part]}"
    if parts[0] in sys.stdlib_module_names:
        return f"{parts[0]!r} would hide a module of the standard library"
    return "has no module name" if parts == ["__init__"] else None


def _unsafe(path: str) -> str | None:
    if not path or len(path) > _LONGEST or not path.isprintable():
        return "is empty, too long or has unprintable characters"
    if "\\" in path or ":" in path:
        return "has a backslash or a drive letter"
    if path.startswith(("/", "~")):
        return "is not relative"
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "has an empty, `.` or `..` part"
    return "is nested too deeply" if len(parts) > _DEEPEST else None


def unsafe(path: str) -> str | None:
    """Return why *path*, of whatever suffix, may lead out of its folder, or None."""
    return _unsafe(path)


def module(path: str) -> str:
    """Return the dotted module name of a Python file's relative *path*."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def is_id(text: str) -> bool:
    """Tell whether *text* can be a candidate's id, which also names its folder."""
    return _ID.fullmatch(text) is not None and not text.endswith(".")


def as_id(text: str) -> str:
    """Return the id nearest to *text*: other characters become `-`; never empty."""
    cleaned = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:100].strip(".-_")
    return cleaned or "candidate"
