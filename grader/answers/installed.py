"""Installed packages as candidates: whether the pinned version is here. Imports none of them."""

import importlib.metadata
import re

_PINNED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*==\s*(?P<version>[A-Za-z0-9.!+]+)")


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
