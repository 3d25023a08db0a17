"""Installed packages as candidates: by name, versions, modules. Imports none of them."""

import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path

from grader.answers import paths
from grader.candidate import Candidate
from grader.errors import InputError

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


def load(name: str) -> Candidate:
    """Return an installed package as a candidate of kind `library`, in the version that is here.

    *name* is what `pip install` takes (`interlock-cb`) or what is imported (`interlock`), and may
    pin the version (`interlock-cb==2.8.2`). Raises InputError, in one line, where it is not
    installed, in another version, or has several modules that could be meant.
    """
    wanted, _, version = (part.strip() for part in name.partition("=="))
    if version and (missing := problem(f"{wanted}=={version}")):
        raise InputError(f"--package {name}: {missing}")
    distribution, module = _found(wanted)
    here = importlib.metadata.version(distribution)
    return Candidate(
        id=paths.as_id(distribution),
        name=f"{distribution} {here}",
        kind="library",
        provenance="library",
        package=module,
        main=module,
        requires=(f"{distribution}=={here}",),
    )


def _found(wanted: str) -> tuple[str, str]:
    """Return the distribution and the module that a name means."""
    shipped_by = importlib.metadata.packages_distributions()
    modules = [
        module
        for module, distributions in shipped_by.items()
        if _same(wanted, *distributions)
        and module.isidentifier()
        and not _NOT_FOR_USE.match(module)
    ]
    if not modules and wanted in shipped_by:
        modules = [wanted]
    if not modules:
        python = wanted in sys.stdlib_module_names
        told = "is part of Python" if python else "no such package is installed here"
        raise InputError(f"--package {wanted}: {told}")
    if len(modules) > 1:
        modules = [m for m in modules if breaker_modules(m) or _ABOUT_BREAKERS.search(m)] or modules
    if len(modules) > 1:
        named = ", ".join(sorted(modules))
        raise InputError(f"--package {wanted}: it has several modules: name one of {named}")
    (module,) = modules
    owners = [owner for owner in shipped_by[module] if _same(wanted, owner)] or shipped_by[module]
    if len(set(owners)) > 1:
        raise InputError(f"--package {wanted}: is part of {', '.join(sorted(set(owners)))}")
    return owners[0], module


def _same(wanted: str, *names: str) -> bool:
    """Tell whether a distribution's name is among names, which may be spelled in several ways."""
    return _plain(wanted) in {_plain(name) for name in names}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


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
