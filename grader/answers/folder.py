"""Candidate folders: `candidate.toml` and the sources beside it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from grader.answers import assembly, breaker, installed, labels, manifest, parsing, paths, text
from grader.answers.manifest import Manifest
from grader.candidate import Candidate, SourceFile, Unreadable
from grader.errors import InputError

ANSWER = "answer.md"
ADAPTER = "adapter.py"
"""A hand-written adapter, which belongs to the candidate with the role `adapter`."""

_MOST = 500
_NO_SOURCE = ("conftest.py", "setup.py", "noxfile.py", ADAPTER)


def is_candidate(folder: Path) -> bool:
    """Tell whether *folder* is a candidate's."""
    return (folder / manifest.NAME).is_file()


def load(folder: Path) -> Candidate:
    """Return the candidate in *folder*; raises `InputError` for one that cannot be used."""
    told = manifest.read(_inside(folder, manifest.NAME))
    identity = told.id or paths.as_id(folder.resolve().name)
    known: dict[str, Any] = {
        "id": identity,
        "name": told.name or identity,
        "kind": told.kind,
        "provenance": told.provenance,
        "model": told.model,
        "main": told.main,
        "requires": told.requires,
        "without": told.without,
        "package": told.package,
        "binding": told.binding,
        "waivers": told.waivers,
    }
    if told.package is not None:
        return _installed(folder, told, known)
    source = told.source
    if source is None and told.files is None and (folder / ANSWER).is_file():
        source = ANSWER
    if source is not None and not source.endswith(".py"):
        return _from_answer(folder, source, told, known)
    files = [*_sources(folder, source, told), *_adapter(folder)]
    _check(folder, told, files)
    return assembly.from_files(files, cut_off=told.breaks_off, **known)


def _installed(folder: Path, told: Manifest, known: dict[str, Any]) -> Candidate:
    """Return a candidate whose implementation is an installed package: it has no sources here."""
    problem = installed.problem(told.requires[0])
    if problem is not None:
        raise InputError(f"{folder / manifest.NAME}: {problem}")
    return Candidate(**{**known, "main": told.main or told.package})


def load_all(folder: Path) -> list[Candidate | Unreadable]:
    """Return the candidates in the subfolders of *folder*, in the order of their names.

    Left out are plain files, folders whose name starts with `.` or `_`, folders
    of other TOML files without any source, such as named defects, and groups:
    folders that hold candidate folders themselves. Raises `InputError`
    where nothing is left, and for an id that comes twice.
    """
    found: dict[str, Candidate | Unreadable] = {}
    places: dict[str, Path] = {}
    groups: list[str] = []
    for path in _folders(folder):
        if path.name.startswith((".", "_")) or _describes_something_else(path):
            continue
        if not is_candidate(path) and any(map(is_candidate, _folders(path))):
            groups.append(path.name)
            continue
        candidate = _tried(path)
        if candidate.id in found:
            both = f"both in {places[candidate.id]} and in {path}"
            raise InputError(f"the candidate id {candidate.id!r} is {both}")
        found[candidate.id], places[candidate.id] = candidate, path
    if not found:
        hint = f"; it has groups of them: {', '.join(groups)}" if groups else ""
        if any(folder.glob("*.py")):
            hint = f"; an empty {manifest.NAME} beside its Python files makes it one"
        raise InputError(f"{folder}: no candidate folder in it{hint}")
    return list(found.values())


def _describes_something_else(folder: Path) -> bool:
    sources = (*folder.rglob("*.py"), *folder.glob(ANSWER))
    return not is_candidate(folder) and not sources and any(folder.glob("*.toml"))


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error}") from error


def _tried(path: Path) -> Candidate | Unreadable:
    try:
        return load(path)
    except InputError as error:
        return Unreadable(id=paths.as_id(path.name), path=str(path), problem=str(error))


def _from_answer(folder: Path, source: str, told: Manifest, known: dict[str, Any]) -> Candidate:
    if not source.endswith((".md", ".markdown")):
        raise InputError(f"{folder / manifest.NAME}: source {source!r} is neither .md nor .py")
    if told.examples:
        raise InputError(
            f"{folder / manifest.NAME}: examples are listed for Python files only;"
            f" those in {source} are found by their headings"
        )
    path = _inside(folder, source)
    candidate = assembly.from_markdown(text.read(path), where=f"{path}:", **known)
    files = (*candidate.files, *_adapter(folder))
    _check_main(folder, told, files)
    return msgspec.structs.replace(candidate, files=files)


def _sources(folder: Path, source: str | None, told: Manifest) -> Iterator[SourceFile]:
    """Yield the implementation's files, then the examples."""
    given = [source] if source is not None else told.files
    listed = _python_files(folder) if given is None else given
    shown = set(told.examples or ())
    files = [
        assembly.source_file(
            path,
            _source(folder, path),
            open_fence=path in told.unfinished,
            role="example" if path in shown else "implementation",
            continues=told.continues.get(path),
        )
        for path in [*(path for path in listed if path not in shown), *(told.examples or ())]
    ]
    return _guessed(files) if given is None and told.examples is None else iter(files)


def _guessed(files: list[SourceFile]) -> Iterator[SourceFile]:
    """Yield *files*, those as examples whose name says so and that hold no breaker."""
    shown = {
        file.path
        for file in files
        if labels.is_usage_file(file.path) and not breaker.breaker_classes(parsing.tree(file.text))
    }
    if len(shown) == len(files):
        shown = set()
    yield from (file for file in files if file.path not in shown)
    for file in files:
        if file.path in shown:
            yield msgspec.structs.replace(file, role="example")


def _source(folder: Path, path: str) -> str:
    problem = paths.refusal(path)
    if problem:
        raise InputError(f"{folder}: {path!r} {problem}")
    return text.read(_inside(folder, path), empty=True)


def _adapter(folder: Path) -> list[SourceFile]:
    if not (folder / ADAPTER).exists():
        return []
    return [assembly.source_file(ADAPTER, _source(folder, ADAPTER), role="adapter")]


def _python_files(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "__pycache__")) for part in parts)
        if not hidden and parts[-1] not in _NO_SOURCE:
            found.append("/".join(parts))
        if len(found) > _MOST:
            raise InputError(f"{folder}: more than {_MOST} Python files")
    return found


def _check(folder: Path, told: Manifest, files: list[SourceFile]) -> None:
    known = [file.path for file in files]
    if len(set(known)) < len(known):
        raise InputError(f"{folder / manifest.NAME}: a file is listed twice")
    stray = {*told.continues, *told.continues.values(), *told.unfinished} - set(known)
    if stray:
        raise InputError(f"{folder / manifest.NAME}: {min(stray)!r} is none of its files")
    if told.files == () and not files:
        return  # an imported answer in which there was no Python
    if not any(file.delivered.strip() for file in files):
        raise InputError(f"{folder}: no Python source in it")
    _check_main(folder, told, files)


def _check_main(folder: Path, told: Manifest, files: Iterable[SourceFile]) -> None:
    modules = {paths.module(file.path) for file in files}
    if told.main is not None and told.main not in modules:
        raise InputError(f"{folder / manifest.NAME}: main {told.main!r} is none of its modules")


def _inside(folder: Path, path: str) -> Path:
    """Return the path of a file in *folder*; raises `InputError` if it leads elsewhere."""
    problem = paths.unsafe(path)
    if problem:
        raise InputError(f"{folder}: {path!r} {problem}")
    whole = folder / path
    try:
        outside = not whole.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as error:
        raise InputError(f"{whole}: cannot be read: {error}") from error
    if outside:
        raise InputError(f"{whole}: leads out of the folder")
    return whole
