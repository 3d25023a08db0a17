"""`candidate.toml`: what a folder says about the candidate in it."""

import datetime as dt
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from grader.answers import installed, paths, text
from grader.errors import InputError

NAME = "candidate.toml"
KINDS = ("answer", "library")
_TOML_TYPES = (dt.datetime, dt.date, dt.time)


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The keys of `candidate.toml`, all of them optional."""

    id: str | None = None
    """Default: the name of the folder."""
    name: str | None = None
    """Default: the id."""
    kind: str = "answer"
    provenance: str = "answer"
    model: str = ""
    """The model that gave the answer; candidates with one model are samples of it."""
    source: str | None = None
    """One Markdown answer or one Python file; instead of `files`."""
    files: tuple[str, ...] | None = None
    """The implementation's Python files. Default: `answer.md`, else every `*.py`."""
    examples: tuple[str, ...] | None = None
    """Python files that show how the breaker is used."""
    main: str | None = None
    """Dotted name of the module that holds the breaker. Default: found by its classes."""
    package: str | None = None
    """Import name of an installed package that is the implementation, instead of sources beside
    this file; `requires` then pins it."""
    requires: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Modules that an installed package uses where they are there, and is graded without."""
    binding: dict[str, Any] = {}
    waivers: dict[str, str] = {}
    """Requirements that a library breaks on purpose, each with the reason."""
    continues: dict[str, str] = {}
    """For a nameless example of an imported answer: the file whose names it goes on using."""
    unfinished: tuple[str, ...] = ()
    """Files of an imported answer whose code fence was never closed."""
    breaks_off: tuple[str, ...] = ()
    """What breaks off in an imported answer besides its Python files, in sentences."""


def read(path: Path) -> Manifest:
    """Return what *path* says.

    Raises `InputError`, naming the file and the key, for what is no TOML, an
    unknown key, a value of the wrong type, and a name that is not allowed.
    """
    return parse(text.read(path, empty=True), path)


def parse(toml: str, path: Path) -> Manifest:
    """Return what the text *toml* says; *path* is named in errors, which are as in `read`."""
    try:
        data = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not TOML: {error}") from error
    unknown = sorted(set(data) - set(Manifest.__struct_fields__))
    if unknown:
        allowed = ", ".join(Manifest.__struct_fields__)
        raise InputError(f"{path}: unknown key {unknown[0]!r}; allowed are {allowed}")
    try:
        manifest = msgspec.convert(data, Manifest)
    except msgspec.ValidationError as error:
        said = str(error).replace(" | null", "")  # which TOML does not have
        raise InputError(f"{path}: {said}") from error
    problem = _problem(manifest)
    if problem:
        raise InputError(f"{path}: {problem}")
    return manifest


def _problem(manifest: Manifest) -> str | None:
    if manifest.id is not None and not paths.is_id(manifest.id):
        return f"id {manifest.id!r} may have letters, digits, `-`, `_` and `.` only"
    if manifest.kind not in KINDS:
        return f"kind is {manifest.kind!r}; allowed are {' and '.join(KINDS)}"
    for key in ("name", "provenance", "source", "main"):
        if getattr(manifest, key) == "":
            return f"{key} is empty"
    if manifest.source is not None and manifest.files is not None:
        return "has both source and files"
    if manifest.package is not None:
        return _package_problem(manifest) or _waiver_problem(manifest)
    if manifest.main is not None and paths.refusal(manifest.main.replace(".", "/") + ".py"):
        return f"main {manifest.main!r} is no module name"
    return _waiver_problem(manifest)


def _waiver_problem(manifest: Manifest) -> str | None:
    if manifest.waivers and manifest.kind != "library":
        return "has waivers, which only a library may have"
    without = [row for row, reason in manifest.waivers.items() if not reason.strip()]
    return f"the waiver for {without[0]!r} gives no reason" if without else None


def _package_problem(manifest: Manifest) -> str | None:
    name = manifest.package or ""
    if paths.refusal(name.replace(".", "/") + ".py"):
        return f"package {name!r} is no module name"
    if any(given is not None for given in (manifest.source, manifest.files, manifest.examples)):
        return "has sources beside its package"
    if manifest.main is not None and not f"{manifest.main}.".startswith(f"{name}."):
        return f"main {manifest.main!r} is no module of the package {name!r}"
    if len(manifest.requires) != 1 or installed.pinned(manifest.requires[0]) is None:
        return f"requires has to pin the package {name!r}, like {name}==1.0"
    return None


def write(manifest: Manifest) -> str:
    """Return *manifest* as TOML; `read` gives it back."""
    data = msgspec.to_builtins(manifest, builtin_types=_TOML_TYPES)
    tables = {key: data.pop(key) for key in ("continues", "binding", "waivers") if key in data}
    rows = [f"{key} = {_value(value)}" for key, value in data.items()]
    for key, table in tables.items():
        rows += ["", f"[{key}]", *(f"{_string(name)} = {_value(table[name])}" for name in table)]
    return "\n".join(rows) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_string(key)} = {_value(value[key])}" for key in value) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, _TOML_TYPES) else str(value)


def _string(value: str) -> str:
    # A JSON string is a TOML one, but for the one control character that JSON lets through.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
