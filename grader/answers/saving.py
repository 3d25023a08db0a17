"""Writing a candidate out as a folder of its own."""

import contextlib
import shutil
import tempfile
from pathlib import Path

from grader.answers import manifest, paths
from grader.answers.cutting import OPEN_FENCE
from grader.answers.manifest import Manifest
from grader.candidate import Candidate
from grader.errors import InputError


def save(candidate: Candidate, into: Path) -> Path:
    """Write *candidate* to the folder `into/<id>`, which loads to an equal one; return it.

    The sources are written as they were delivered. A folder that is there
    already is left alone: where it differs from what would be written,
    `InputError` is raised. The folder appears as a whole or not at all.
    """
    contents = _contents(candidate)
    target = into / candidate.id
    if target.exists() or target.is_symlink():
        if _found(target) != contents:
            raise InputError(f"{target}: is there already and differs; nothing was written")
        return target
    try:
        into.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{candidate.id}-", dir=into))
    except OSError as error:
        raise InputError(f"{into}: cannot be written: {error}") from error
    try:
        for path, data in contents.items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_bytes(data)
        draft.chmod(0o755)
        draft.rename(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _contents(candidate: Candidate) -> dict[str, bytes]:
    """Return what goes into which file; raises `InputError` for a name that is not safe."""
    if not paths.is_id(candidate.id):
        raise InputError(f"{candidate.id!r} cannot name a folder")
    contents = {manifest.NAME: manifest.write(_manifest(candidate)).encode()}
    for file in candidate.files:
        problem = paths.refusal(file.path)
        if problem:
            raise InputError(f"{candidate.id}: {file.path!r} {problem}")
        contents[file.path] = file.delivered.encode()
    return contents


def _manifest(candidate: Candidate) -> Manifest:
    if candidate.package is not None:
        return Manifest(
            id=candidate.id,
            name=candidate.name,
            kind=candidate.kind,
            provenance=candidate.provenance,
            model=candidate.model,
            package=candidate.package,
            main=candidate.main,
            requires=candidate.requires,
            without=candidate.without,
            binding=candidate.binding,
            waivers=candidate.waivers,
        )
    files = candidate.files
    known = {file.path for file in files}
    return Manifest(
        id=candidate.id,
        name=candidate.name,
        kind=candidate.kind,
        provenance=candidate.provenance,
        model=candidate.model,
        files=tuple(file.path for file in files if file.role == "implementation"),
        examples=tuple(file.path for file in files if file.role == "example"),
        main=candidate.main,
        requires=candidate.requires,
        without=candidate.without,
        binding=candidate.binding,
        waivers=candidate.waivers,
        continues={file.path: file.continues for file in files if file.continues is not None},
        unfinished=tuple(
            file.path for file in files if file.cut is not None and file.cut.reason == OPEN_FENCE
        ),
        breaks_off=tuple(
            sentence for sentence in candidate.cut_off if sentence.split(" ")[0] not in known
        ),
    )


def _found(target: Path) -> dict[str, bytes]:
    """Return the files below *target*; what cannot be read is left out."""
    found: dict[str, bytes] = {}
    for path in sorted(target.rglob("*")) if target.is_dir() else []:
        relative = path.relative_to(target).as_posix()
        if path.is_file() and "__pycache__" not in relative:
            with contextlib.suppress(OSError):
                found[relative] = path.read_bytes()
    return found
