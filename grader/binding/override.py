"""A hand-written `[binding]` in candidate.toml, laid over what was found."""

import math
from typing import Any

import msgspec

from grader.binding.model import Accessor, Argument, Binding, Constructor, Surface
from grader.binding.vocabulary import PARAMETERS
from grader.errors import InputError


class Written(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """What may stand there; `grader bind` prints the words for it."""

    class_: str = ""
    parameters: dict[str, str] = {}
    settings: dict[str, bool | float] = {}
    call: str | Surface = ""
    state: str = ""
    metrics: str = ""
    counts: dict[str, str] = {}
    reset: str = ""
    failure: str = ""


def check(written: dict[str, Any]) -> None:
    """Raise InputError, in one line, for what a `[binding]` may not have."""
    keys = list(Written.__struct_encode_fields__)
    unknown = sorted(set(written) - set(keys))
    if unknown:
        raise InputError(f"[binding] has no key {unknown[0]!r}; it may have {', '.join(keys)}")
    try:
        settings = msgspec.convert(written, Written).settings
    except msgspec.ValidationError as error:
        raise InputError(f"[binding]: {error}") from None
    for concept, value in settings.items():
        if concept not in PARAMETERS:
            known = ", ".join(PARAMETERS)
            raise InputError(f"[binding.settings] has no {concept!r}; it may have {known}")
        if not math.isfinite(value):
            raise InputError(f"[binding.settings] {concept} is no number that could be set")


def settings_of(written: dict[str, Any]) -> dict[str, Any]:
    """Return what every breaker shall be built with, by concept; see `binding.settings`.

    Raises InputError as `check` does.
    """
    check(written)
    return dict(written.get("settings", {}))


def override(found: Binding, written: dict[str, Any]) -> Binding:
    """Return the binding with every hand-written entry in place of the found one.

    Raises InputError as `check` does.
    """
    check(written)
    if not written:
        return found
    if set(written) == {"settings"}:
        return found
    changes: dict[str, Any] = {"sure": True, "doubts": ()}
    if "class" in written or "parameters" in written:
        changes["constructor"] = _constructor(found.constructor, written)
    if "call" in written:
        changes["surfaces"] = (_surface(written["call"]), *found.surfaces)
    for key in ("state", "metrics"):
        if key in written:
            changes[key] = Accessor(path=tuple(str(written[key]).split(".")))
    changes |= {key: written[key] for key in ("reset", "failure") if key in written}
    changes["counts"] = {**found.counts, **dict(written.get("counts", {}))}
    return msgspec.structs.replace(found, **changes)


def _surface(written: Any) -> Surface:
    if isinstance(written, str):
        return Surface(style="call", mode="async", name=written)
    return msgspec.convert(written, Surface)


def _constructor(found: Constructor, written: dict[str, Any]) -> Constructor:
    if written.get("class") == found.told and "parameters" not in written:
        return found
    call = found.call
    if "class" in written:
        module, _, name = str(written["class"]).rpartition(":")
        call = f"{module or found.call.partition(':')[0]}:{name}"
    arguments = list(found.arguments) if call == found.call else []
    for concept, name in dict(written.get("parameters", {})).items():
        arguments = [a for a in arguments if a.concept != concept and a.name != name]
        arguments.append(Argument(name=name, concept=concept))
    return Constructor(call=call, arguments=tuple(arguments))
