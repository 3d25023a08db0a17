"""The rubric: what each area and each level weighs, read from a TOML file."""

import math
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from grader.errors import InputError
from grader.verdicts import Level

_BUILT_IN = files("grader.scoring").joinpath("rubric.toml")
_TABLES = ("areas", "levels")


class Rubric(msgspec.Struct, frozen=True, kw_only=True):
    """The weights of one run. Every known area and every level has one; 0 leaves it out."""

    areas: dict[str, float]
    """Only the ratios matter; they need not add up to anything."""
    levels: dict[Level, float]
    """What one row of that level weighs inside its area."""

    def as_data(self) -> dict[str, Any]:
        """Return plain tables, as `Results.rubric` records them."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data


def load(path: Path | None = None) -> Rubric:
    """Read a rubric file, or the project's own where `path` is None.

    Raises `InputError`, one line that names the file and the key, where the
    file cannot be read or a weight makes no sense.
    """
    default = _parse(_BUILT_IN.read_text(encoding="utf-8"), "rubric.toml")
    if path is None:
        return _checked(default, default, "rubric.toml")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}") from error
    return _checked(_parse(text, str(path)), default, str(path))


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name}: not TOML: {error}") from error
    for key in data:
        if key not in _TABLES:
            raise InputError(f"{name}: unknown key {key!r}; a rubric has [areas] and [levels]")
    return data


def _checked(data: dict[str, Any], default: dict[str, Any], name: str) -> Rubric:
    areas = _weights(data, "areas", default, name)
    levels = _weights(data, "levels", default, name)
    if levels[Level.INFORMATIVE] != 0:
        raise InputError(
            f"{name}: levels.INFORMATIVE: must be 0, a recorded design choice never costs a point"
        )
    return Rubric(areas=areas, levels={level: levels[level] for level in Level})


def _weights(
    data: dict[str, Any], table: str, default: dict[str, Any], name: str
) -> dict[str, float]:
    """Return one table with a weight for every key that the built-in rubric knows."""
    known = default[table]
    given = data.get(table, known)
    if not isinstance(given, dict):
        raise InputError(f"{name}: {table}: must be a table of weights")
    for key, weight in given.items():
        where = f"{name}: {table}.{key}"
        if key not in known:
            raise InputError(f"{where}: unknown; known are {', '.join(known)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise InputError(f"{where}: must be a number, not {weight!r}")
        if not math.isfinite(weight) or weight < 0:
            raise InputError(f"{where}: must be 0 or more and finite, not {weight!r}")
    if not any(given.values()):
        raise InputError(f"{name}: {table}: every weight is 0, nothing would count")
    return {key: float(given.get(key, 0)) for key in known}
