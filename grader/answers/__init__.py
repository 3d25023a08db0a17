"""Reading candidates: answers, source files, folders and published evaluations.

`load` takes whatever a user can name on the command line. Nothing of a
candidate is ever imported or run here.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.answers import assembly, evaluation, folder, installed, paths, text
from grader.answers.modules import Imports, imports
from grader.answers.names import undefined_names
from grader.answers.saving import save
from grader.candidate import Candidate, Unreadable
from grader.errors import InputError

__all__ = ["Imports", "imports", "load", "load_all", "save", "undefined_names"]


def load(path: Path) -> list[Candidate | Unreadable]:
    """Return what is at *path*: one candidate, or each of a batch.

    *path* is a candidate folder, a folder of such folders, an answer `.md`, a
    `.py`, or a published evaluation `.json`. In a batch, what cannot be used
    becomes an `Unreadable`. Raises `InputError` where *path* itself cannot be
    used, and where two of a batch have one id.
    """
    found = _load(path)
    _distinct((path, candidate) for candidate in found)
    return found


def load_all(given: Sequence[Path], packages: Sequence[str] = ()) -> list[Candidate | Unreadable]:
    """Return what is at each of the *given* paths, in order, then the installed *packages*.

    Raises `InputError` as `load` does, for a package that is not installed, and for an id that
    comes twice.
    """
    found = [(path, candidate) for path in given for candidate in _load(path)]
    found += [(Path(f"--package {name}"), installed.load(name)) for name in packages]
    _distinct(found)
    return [candidate for _, candidate in found]


def _load(path: Path) -> list[Candidate | Unreadable]:
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not exists:
        raise InputError(f"{path}: not found")
    if is_folder:
        return [folder.load(path)] if folder.is_candidate(path) else folder.load_all(path)
    suffix = path.suffix.lower()
    if suffix == ".json":
        return evaluation.load(path)
    if suffix == ".py":
        return [_source(path)]
    if suffix in {".md", ".markdown"}:
        identity = paths.as_id(path.stem)
        answer = text.read(path)
        return [assembly.from_markdown(answer, where=f"{path}:", id=identity, name=path.stem)]
    raise InputError(f"{path}: neither a folder nor a .md, .py or .json file")


def _source(path: Path) -> Candidate:
    name = f"{path.stem.replace('-', '_')}.py"
    problem = paths.refusal(name)
    if problem:
        raise InputError(f"{path}: the name {problem}")
    file = assembly.source_file(name, text.read(path))
    return assembly.from_files([file], id=paths.as_id(path.stem), name=path.stem)


def _distinct(found: Iterable[tuple[Path, Candidate | Unreadable]]) -> None:
    places: dict[str, str] = {}
    for path, candidate in found:
        place = candidate.path if isinstance(candidate, Unreadable) else str(path)
        if candidate.id in places:
            first = places[candidate.id]
            where = f"twice in {first}" if first == place else f"both in {first} and in {place}"
            raise InputError(f"the candidate id {candidate.id!r} is {where}")
        places[candidate.id] = place
