"""In which form a parameter takes what it sets: a number, a `timedelta`, a tuple of errors."""

import re

from grader.binding import vocabulary as v
from grader.binding.shape import Opaque, ParameterShape

# Numbers of one meaning each; what sets none of them is left at its default.
NUMBERS = {
    "threshold",
    "rate",
    "minimum_calls",
    "window_size",
    "window_time",
    "base",
    "multiplier",
    "cap",
    "jitter",
    "exponential",
    "limit",
    "permitted",
    "successes",
    "call_timeout",
}
ERROR_KINDS = {"counted", "ignored", "failure_predicate"}


def kind_of(parameter: ParameterShape, concept: str) -> str:
    """Return in which form a parameter takes what it sets."""
    return _error_kind(parameter, concept) if concept in ERROR_KINDS else _kind(parameter, concept)


def is_number(parameter: ParameterShape) -> bool:
    """Whether a parameter says that it takes a number, or a `timedelta`."""
    words = re.findall(r"\w+", parameter.annotation.lower())
    if isinstance(parameter.default, (int, float)):
        return True
    opaque = parameter.default.opaque if isinstance(parameter.default, Opaque) else ""
    return bool({"int", "float", "timedelta", "real", "number"} & {*words, opaque})


def holds_several(parameter: ParameterShape) -> bool:
    """Whether a parameter takes a tuple, a list or a class, and no number."""
    default = parameter.default.opaque if isinstance(parameter.default, Opaque) else ""
    container = r"(typing\.)?(tuple|list|sequence|iterable|collection|set|frozenset|type)\["
    return default in {"tuple", "list", "set", "frozenset", "type"} or bool(
        re.match(rf"(optional\[|union\[)?{container}", parameter.annotation.lower())
    )


def spare_kind(parameter: ParameterShape) -> str:
    """Return in which form a parameter that no name explains may take a setting, if any."""
    default, annotation = parameter.default, parameter.annotation.lower()
    if (
        parameter.variadic
        or parameter.kind == "positional_only"
        or isinstance(default, (str, bool))
    ):
        return ""
    words = set(re.findall(r"\w+", annotation))
    opaque = default.opaque if isinstance(default, Opaque) else ""
    told = words - {"none", "optional", "union", "final"}
    if opaque in {"tuple", "list", "set", "frozenset", "type"} or "type" in words:
        numbers = {"float", "int"} & words and opaque != "type"
        return "" if numbers else _error_kind(parameter, None)
    number = isinstance(default, (int, float)) or opaque == "timedelta"
    number = number or told <= {"int", "float", "timedelta", "real", "number", "any", "decimal"}
    return _kind(parameter, "base") if number and (not opaque or opaque == "timedelta") else ""


def _kind(parameter: ParameterShape, concept: str) -> str:
    annotation, default = parameter.annotation.lower(), parameter.default
    opaque = default.opaque if isinstance(default, Opaque) else ""
    if concept == "base" and holds_several(parameter):
        return "table"
    if concept in {"exponential", "jitter"} and (isinstance(default, bool) or annotation == "bool"):
        return "switch"
    if "timedelta" in annotation or "timedelta" in opaque:
        return "timedelta"
    if concept == "jitter" and ("tuple" in annotation or opaque in {"tuple", "list"}):
        return "range"
    if concept in {"base", "cap", "window_time", "call_timeout"}:
        unit = v.unit(parameter.name)
        if unit != 1:
            return "milliseconds" if unit < 1 else "minutes"
    number = isinstance(default, (int, float)) and not isinstance(default, bool)
    if concept == "rate" and (
        "percent" in parameter.name.lower() or (number and float(str(default)) > 1)
    ):
        return "percent"
    if _is_whole(annotation) or (number and isinstance(default, int) and "float" not in annotation):
        return "integer"
    return "number"


def _is_whole(annotation: str) -> bool:
    """Whether an annotation names whole numbers and no others: `int | None`, `PositiveInt`."""
    words = set(re.findall(r"[a-z]+", annotation))
    whole = any(word == "int" or word.endswith(("iveint", "conint")) for word in words)
    return whole and not words & {"float", "real", "number", "decimal"}


def _error_kind(parameter: ParameterShape, concept: str | None) -> str:
    if concept == "failure_predicate":
        return "predicate"
    annotation = parameter.annotation.lower()
    opaque = parameter.default.opaque if isinstance(parameter.default, Opaque) else ""
    if opaque == "function" or "callable" in annotation:
        return "predicate"
    for kind in ("frozenset", "tuple", "list", "set"):
        if opaque == kind:
            return kind
    # The outermost one counts: `list[type | tuple[type, …]]` is a list.
    outermost = re.search(r"frozenset|tuple|list|set|sequence|iterable|collection", annotation)
    if outermost is not None:
        found = outermost.group()
        return found if found in {"frozenset", "tuple", "list", "set"} else "tuple"
    if opaque == "type" or "type" in annotation or annotation in {"exception", "baseexception"}:
        return "type"
    return "tuple" if parameter.name.endswith("s") else "type"
