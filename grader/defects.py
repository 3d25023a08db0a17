"""Named defects: the reference breaker with one realistic mistake in it.

Each is a small TOML file in `candidates/defects/` that says what is wrong, which
requirement has to notice, and which text of the reference it replaces. They are
there to prove the specification, so nobody is asked to grade them.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from grader import answers
from grader.answers import assembly, paths, text
from grader.candidate import Candidate, SourceFile
from grader.errors import InputError

CANDIDATES = Path(__file__).resolve().parent.parent / "candidates"
FOLDER = CANDIDATES / "defects"
REFERENCE = CANDIDATES / "reference"
PROVENANCE = "defect"


class Replacement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change to a file of the reference."""

    new: str
    old: str = ""
    """Stands in the file exactly once. Empty: the whole file is replaced."""
    file: str = ""
    """Path of the file in the reference. Default: the module that holds the breaker."""


class Defect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file says about its defect; either `replace` or `answer` makes it."""

    id: str
    """The name of the file without its suffix."""
    name: str
    sentence: str
    """What is wrong, and where such a defect was seen."""
    kills: str
    """The requirement that has to notice."""
    also: tuple[str, ...] = ()
    """Requirements that fail with it, each for a reason that is plain."""
    replace: tuple[Replacement, ...] = ()
    answer: str = ""
    """A whole Markdown answer, for what no change of the reference can show."""


def defect_files(folder: Path = FOLDER) -> list[Path]:
    """Return the files of the defects in *folder*, by name."""
    return sorted(folder.glob("*.toml"))


def load_all(folder: Path = FOLDER) -> list[Defect]:
    """Return the defects in *folder*, by name; raises InputError for a bad file."""
    return [load(path) for path in defect_files(folder)]


def load(path: Path) -> Defect:
    """Return the defect that the file at *path* describes.

    Raises InputError, in one line that names the file, for what is no TOML, an unknown or missing
    key, a value of the wrong type, and for none or both of `replace` and `answer`.
    """
    try:
        data = tomllib.loads(text.read(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not TOML: {error}") from error
    if "id" in data:
        raise InputError(f"{path}: unknown key 'id'; it is the name of the file")
    try:
        defect = msgspec.convert({**data, "id": path.stem}, Defect)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {error}") from error
    problem = _problem(defect)
    if problem:
        raise InputError(f"{path}: {problem}")
    return defect


def _problem(defect: Defect) -> str | None:
    if not paths.is_id(defect.id):
        return f"{defect.id!r} may have letters, digits, `-`, `_` and `.` only"
    for key in ("name", "sentence", "kills"):
        if not getattr(defect, key).strip():
            return f"{key} is empty"
    if defect.kills in defect.also:
        return f"{defect.kills} is what it kills and need not stand in also"
    if bool(defect.replace) == bool(defect.answer):
        return "has both replace and answer" if defect.answer else "has neither replace nor answer"
    return None


def reference() -> Candidate:
    """Return the breaker that the defects are put into."""
    [loaded] = answers.load(REFERENCE)
    if not isinstance(loaded, Candidate):
        raise InputError(loaded.problem)
    return loaded


def build(defect: Defect, base: Candidate) -> Candidate:
    """Return the candidate that has this defect, made of *base*.

    Raises InputError where a replacement does not fit: `old` has to occur exactly once.
    """
    if defect.answer:
        return assembly.from_markdown(
            text.normal(defect.answer),
            where=f"{defect.id}: the answer",
            id=defect.id,
            name=defect.name,
            kind=base.kind,
            provenance=PROVENANCE,
        )
    return assembly.from_files(
        _replaced(defect, base),
        id=defect.id,
        name=defect.name,
        kind=base.kind,
        provenance=PROVENANCE,
        main=base.main,
        requires=base.requires,
        binding=base.binding,
    )


def _replaced(defect: Defect, base: Candidate) -> list[SourceFile]:
    main = main_file(base)
    texts = {file.path: file.delivered for file in base.files}
    for number, replacement in enumerate(defect.replace, start=1):
        path = replacement.file or main
        where = f"{defect.id}: replace {number}"
        if path not in texts:
            raise InputError(f"{where}: {path!r} is none of {_listed(sorted(texts))}")
        texts[path] = _changed(texts[path], replacement, f"{where}: `old`", path)
    return [
        assembly.source_file(file.path, texts[file.path], role=file.role) for file in base.files
    ]


def _changed(before: str, replacement: Replacement, what: str, path: str) -> str:
    if not replacement.old:
        return replacement.new
    times = before.count(replacement.old)
    if times != 1:
        raise InputError(f"{what} occurs {times} times in {path}, not once")
    if replacement.old == replacement.new:
        raise InputError(f"{what} and `new` are the same")
    return before.replace(replacement.old, replacement.new)


def main_file(base: Candidate) -> str:
    """Return the path of the file that holds a candidate's main module."""
    name = (base.main or "").replace(".", "/")
    known = [file.path for file in base.files]
    found = [path for path in known if path in {f"{name}.py", f"{name}/__init__.py"}]
    if not found:
        raise InputError(f"{base.id}: no file holds its main module {base.main!r}")
    return found[0]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)
