"""Installed packages as candidates: versions, and modules about breakers. Imports none of them."""

import importlib.metadata
import importlib.util
import re
from pathlib import Path

_PINNED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*==\s*(?P<version>[A-Za-z0-9.!+]+)")

_ABOUT_BREAKERS = re.compile(r"circuit|breaker", re.IGNORECASE)
_NOT_FOR_USE = re.compile(r"(^|[./])(_|tests?\b|test_|examples?\b|contrib\b|integrations?\b)")
_MOST_MODULES = 12


def breaker_modules(package: str) -> list[str]:
    """Return those modules of an installed package that are about breakers by their names.

    A package need not import them itself: its users do.
    """
    spec = importlib.util.find_spec(package.partition(".")[0])
    if spec is None or not spec.submodule_search_locations:
        return []
    root = Path(next(iter(spec.submodule_search_locations)))
    found = []
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root).with_suffix("").as_posix().removesuffix("/__init__")
        if _ABOUT_BREAKERS.search(inside) and not _NOT_FOR_USE.search(inside):
            found.append(".".join((root.name, *inside.split("/"))))
    return found[:_MOST_MODULES]


def pinned(requirement: str) -> tuple[str, str] | None:
    """Return name and version of a requirement of the form `name==version`, else None."""
    match = _PINNED.fullmatch(requirement.strip())
    return None if match is None else (match["name"], match["version"])


def problem(requirement: str) -> str | None:
    """Return in one line why a pinned requirement is not met here, or None where it is."""
    wanted = pinned(requirement)
    if wanted is None:
        return f"{requirement!r} pins no version"
    name, version = wanted
    hint = f"pip install '{requirement}'"
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"package absent: {requirement} is not installed ({hint})"
    if found != version:
        return f"package absent: {requirement} is asked for, {found} is installed ({hint})"
    return None
