"""The rubric: what each area and each level weighs, read from a TOML file."""

import math
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from grader.errors import InputError
from grader.verdicts import Level

_FILE = files("grader.scoring").joinpath("rubric.toml")
_TABLES = ("areas", "levels", "rows")
BUILT_IN = "built-in"


class Rubric(msgspec.Struct, frozen=True, kw_only=True):
    """The weights of one run. Every known area and every level has one; 0 leaves it out."""

    name: str = BUILT_IN
    """The file that it was read from, without its folder; `built-in` for the project's own."""
    areas: dict[str, float]
    """Only the ratios matter; they need not add up to anything."""
    levels: dict[Level, float]
    """What one row of that level weighs inside its area."""
    rows: dict[str, Level] = {}
    """Requirements that have another level than in the specification; INFORMATIVE leaves one out
    of the score."""

    def as_data(self) -> dict[str, Any]:
        """Return plain tables, as `Results.rubric` records them."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data if self.rows else {key: data[key] for key in data if key != "rows"}


def load(path: Path | None = None) -> Rubric:
    """Read a rubric file, or the project's own where `path` is None.

    Raises `InputError`, one line that names the file and the key, where the
    file cannot be read or a weight makes no sense.
    """
    default = _parse(_FILE.read_text(encoding="utf-8"), "rubric.toml")
    if path is None:
        return _checked(default, default, "rubric.toml")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}") from error
    checked = _checked(_parse(text, str(path)), default, str(path))
    return msgspec.structs.replace(checked, name=path.name)


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{name}: not TOML: {error}") from error
    for key in data:
        if key not in _TABLES:
            raise InputError(f"{name}: unknown key {key!r}; a rubric has [areas], [levels], [rows]")
    return data


def _checked(data: dict[str, Any], default: dict[str, Any], name: str) -> Rubric:
    areas = _weights(data, "areas", default, name)
    levels = _weights(data, "levels", default, name)
    if levels[Level.INFORMATIVE] != 0:
        raise InputError(
            f"{name}: levels.INFORMATIVE: must be 0, a recorded design choice never costs a point"
        )
    return Rubric(
        areas=areas, levels={level: levels[level] for level in Level}, rows=_rows(data, name)
    )


def _rows(data: dict[str, Any], name: str) -> dict[str, Level]:
    """Return the levels of single rows; whether the rows exist is for the specification to say."""
    rows = data.get("rows", {})
    if not isinstance(rows, dict):
        raise InputError(f"{name}: rows: must be a table of levels")
    for row, level in rows.items():
        if level not in set(Level):
            raise InputError(
                f"{name}: rows.{row}: must be one of {', '.join(Level)}, not {level!r}"
            )
    return {row: Level(level) for row, level in rows.items()}


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
