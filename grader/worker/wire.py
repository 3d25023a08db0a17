"""What crosses the socket: one JSON object a line, exact builtin scalars only."""

import contextlib
import datetime
import enum
import json
import math
import os
import re
import socket
from collections.abc import Mapping
from typing import Any

MOST_BYTES = 64 * 1024
_MOST_TEXT = 300
_LARGEST_INT = 2**53
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


class Wire:
    """The worker's end of the socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = b""
        # `json.dumps` with separators of its own makes an encoder for every message.
        self._dumps = json.JSONEncoder(separators=(",", ":")).encode
        self._loads = json.loads
        # The driver's end: only the process that serves may end itself.
        self._exit = os._exit

    def fileno(self) -> int:
        """Return the descriptor, for the event loop."""
        return self._socket.fileno()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        data = self._dumps(message).encode() + b"\n"
        if len(data) > MOST_BYTES:
            message = {"id": message.get("id"), "now": 0, "fault": "reply too long"}
            data = self._dumps(message).encode() + b"\n"
        self._socket.sendall(data)

    def receive(self) -> list[dict[str, Any]]:
        """Return the messages that have arrived; leave when the driver is gone."""
        data = self._socket.recv(MOST_BYTES)
        if not data:
            self._exit(0)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return [self._loads(line) for line in lines]


def text(value: object) -> str:
    """Return a short printable text of anything, without addresses, never raising."""
    try:
        shown = str.__str__(value) if isinstance(value, str) else str(value)
    except BaseException as error:  # noqa: BLE001  a candidate's __str__ may raise anything
        shown = f"<{type(error).__name__} in str()>"
    shown = _ADDRESS.sub("0x…", shown[: _MOST_TEXT * 2])[:_MOST_TEXT]
    return shown.encode("utf-8", "replace").decode()


def scalar(value: Any) -> Any:
    """Return an exact builtin scalar, or `{"opaque": type name}` for anything else."""
    kind = type(value)
    small = kind is int and -_LARGEST_INT <= value <= _LARGEST_INT
    if value is None or kind is bool or small or (kind is float and math.isfinite(value)):
        return value
    return text(value) if kind is str else {"opaque": text(kind.__name__)}


def number(value: Any) -> float | None:
    """Return a number or a duration in seconds as a float, else None."""
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if type(value) in (int, float) and math.isfinite(value):
        return float(value)
    return None


def seconds_from_now(value: Any) -> float | None:
    """Return how far a date with a time is from now, in seconds; None for anything else."""
    if not isinstance(value, datetime.datetime):
        return None
    return number(value - datetime.datetime.now(value.tzinfo))


_DEEPEST, _MOST_ENTRIES = 4, 120


def flatten(value: object, of: object = None) -> dict[str, Any]:
    """Return the scalars in a dict, object or sequence by dotted path; `` for a bare scalar.

    `of` is the breaker that they are about: labels with its name say nothing, and would be others
    for each.
    """
    found: dict[str, Any] = {}
    _flatten(value, "", 0, found)
    name = getattr(of, "name", None)
    if not isinstance(name, str) or not any("=" in path for path in found):
        return found
    label = re.compile(rf"\b\w+={re.escape(_labels(name))}(,|$)")
    return {label.sub("", path).rstrip(".,"): value for path, value in found.items()}


def _flatten(value: object, path: str, depth: int, found: dict[str, Any]) -> None:
    if len(found) >= _MOST_ENTRIES:
        return
    if isinstance(value, enum.Enum):
        found[path] = text(value.value) if isinstance(value.value, str) else value.name.lower()
    elif (seconds := number(value)) is not None:
        found[path] = value if type(value) is int else seconds
    elif isinstance(value, str):
        samples = {_join(path, name): sample for name, sample in _samples(value)}
        found.update(samples or {path: scalar(value)})
    elif value is None or isinstance(value, bool):
        found[path] = scalar(value)
    elif isinstance(value, datetime.datetime):
        found[path] = text(value.isoformat())
    elif depth < _DEEPEST:
        entries = _entries(value)
        if not isinstance(value, (Mapping, type)) and hasattr(value, "__len__"):
            found[_join(path, "#")] = len(value)
        for key, entry in entries:
            _flatten(entry, _join(path, key), depth + 1, found)


def called(value: object) -> dict[str, str]:
    """Return what an object is called: `@type` by its class, `@str` by itself.

    A state may be an object of a class for each, or such a class. What is built in, and an error,
    has no name of that kind.
    """
    kind = value if isinstance(value, type) else type(value)
    if kind.__module__ in _FOREIGN or issubclass(kind, (BaseException, Mapping)):
        return {}
    names = {"@type": text(kind.__name__)}
    speaks = kind.__str__ is not object.__str__ or kind.__repr__ is not object.__repr__
    if speaks and value is not kind and _SPOKEN.fullmatch(said := text(value)):
        names["@str"] = said
    return names


_SPOKEN = re.compile(r"[\w.\- ]{1,40}")
_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? ([-+\d.eE]+)")


def _samples(told: str) -> list[tuple[str, float]]:
    """Return the samples of an exposition in Prometheus' text format; empty for any other text."""
    lines = [line for line in told.splitlines() if line and not line.startswith("#")]
    read = [_SAMPLE.fullmatch(line) for line in lines] if len(lines) > 1 else [None]
    if not all(read):
        return []
    samples: list[tuple[str, float]] = []
    for sample in read:
        if sample is not None:
            name, labels, value = sample.groups()
            with contextlib.suppress(ValueError, OverflowError):
                samples.append((f"{name}.{_labels(labels)}" if labels else name, float(value)))
    return [(name, value) for name, value in samples if math.isfinite(value)]


def _labels(told: str) -> str:
    """Return labels as a name without dots, which separate levels."""
    return text(told.replace('"', "").replace(".", "_"))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _entries(value: object) -> list[tuple[str, object]]:
    if isinstance(value, Mapping):
        return [(text(k.name if isinstance(k, enum.Enum) else k), v) for k, v in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)) and not hasattr(value, "_fields"):
        named = [_named(entry) for entry in value]
        return [entry for entry in named if entry is not None] if all(named) else []
    entries: dict[str, object] = {}
    for name in _public_names(value):
        try:
            entry = getattr(value, name)
        except Exception as error:  # noqa: BLE001  a candidate's property may raise anything
            entries[f"{name}!"] = type(error).__name__
            continue
        if not callable(entry):
            entries[name] = entry
    return list(entries.items())


def _named(entry: object) -> tuple[str, object] | None:
    """Return the name and the value of an entry of a sequence; None where it has none.

    A pair has a name, or labels. What is longer is a record, as of a change of state, unless it has
    a list of samples at its end, after a name, a kind and a help text.
    """
    if not isinstance(entry, tuple) or len(entry) < _PAIR:
        return None
    first, last = entry[0], entry[-1]
    if isinstance(first, str) and (len(entry) == _PAIR or isinstance(last, (list, tuple))):
        return text(first), last
    if isinstance(first, Mapping) and number(last) is not None:
        return _labels(",".join(f"{key}={value}" for key, value in first.items())), last
    return None


_PAIR = 2


_FOREIGN = frozenset({"builtins", "threading", "asyncio", "collections", "logging"})


def _public_names(value: object) -> list[str]:
    if type(value).__module__ in _FOREIGN:
        return []
    # In the order of definition: own attributes, then slots, properties and words of the class.
    names = dict.fromkeys(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__[:-1]:
        names.update(dict.fromkeys(k for k, v in vars(kind).items() if _is_data(v) or _names(k, v)))
    return [name for name in names if not name.startswith("_")]


def _names(name: str, member: object) -> bool:
    """Whether a class says with an attribute what its objects are; in capitals it is a constant."""
    return name.islower() and isinstance(member, (str, enum.Enum))


def _is_data(member: object) -> bool:
    return isinstance(member, property) or type(member).__name__ in {
        "member_descriptor",
        "cached_property",
        "_tuplegetter",
    }
