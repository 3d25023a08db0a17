"""What makes the object that a parameter takes: a configuration, a policy, a schedule.

It is made by its class, or by a function that returns one: `backoff=exponential(base=5.0)`.
"""

import re

from grader.binding import vocabulary as v
from grader.binding.kinds import ERROR_KINDS, NUMBERS, is_number, spare_kind
from grader.binding.shape import ClassShape, FunctionShape, Opaque, ParameterShape, Shape

_NUMBER = re.compile(r"\b(int|float|timedelta|Decimal|Number|Real)\b")


_NOT_ONE = re.compile(
    r"^(Optional\[)?(\w+\.)*((Mutable)?Mapping|[Dd]ict|[Ll]ist|[Tt]uple|([Ff]rozen)?[Ss]et|Sequence"
    r"|Iterable|Callable|[Tt]ype)\["
)
"""An annotation of several objects, or of something that is none."""


def maker(parameter: ParameterShape, shape: Shape) -> ClassShape | FunctionShape | None:
    """Return what makes the object with settings that a parameter takes."""
    return nested_class(parameter, shape) or _factory(parameter, shape)


def _factory(parameter: ParameterShape, shape: Shape) -> FunctionShape | None:
    """Return the function that makes what a parameter takes, of the settings of an open period."""
    open_to_all = not parameter.annotation and v.normal(parameter.name) in v.NESTED_PARAMETERS
    fitting = [
        member
        for member in shape
        if isinstance(member, FunctionShape)
        and not (member.is_async or member.generator or member.name.startswith("_"))
        and _is_function(member.returns, shape)
        and (open_to_all or _within(member.returns, parameter.annotation))
        and any(v.match(p.name, v.PARAMETERS["base"]) is not None for p in member.parameters)
    ]
    return next(iter(sorted(fitting, key=lambda f: "expo" not in f.name.lower())), None)


def _is_function(annotation: str, shape: Shape) -> bool:
    """Whether an annotation says that something is a function, or is a name for such a type."""
    if "Callable" in annotation:
        return True
    classes = {member.name for member in shape if isinstance(member, ClassShape)}
    named = annotation[:1].isupper() and annotation.isidentifier() and len(annotation) > 1
    return named and annotation not in {*classes, "Any", "None", "Self", "Never", "NoReturn"}


def _within(returns: str, annotation: str) -> bool:
    """Whether an annotation has another one in it, as `Optional[Callable[[int], float]]` does."""
    return re.search(rf"(?<!\w){re.escape(returns)}(?!\w)", annotation) is not None


def nested_class(parameter: ParameterShape, shape: Shape) -> ClassShape | None:
    """Return the configuration class that a parameter takes one object of."""
    if _NOT_ONE.match(parameter.annotation):
        return None
    annotation = set(re.findall(r"\w+", parameter.annotation))
    classes = [m for m in shape if isinstance(m, ClassShape) and not m.error and not m.enum]
    classes = [kind for kind in classes if not _keeps_count(kind)]
    named = v.normal(parameter.name) in v.CONFIG_PARAMETERS | v.NESTED_PARAMETERS
    default = parameter.default.opaque if isinstance(parameter.default, Opaque) else None
    for kind in classes:
        if kind.name in annotation or kind.name == default:
            found = kind if _configures(kind) else _configuring_subclass(kind, classes)
            set_up = _has_numbers(kind) or _declares(kind) or _takes_settings(kind, classes)
            return found or (kind if set_up else None)
    number = isinstance(parameter.default, (int, float))
    if annotation - {"Any", "object", "None", "Optional"} or default is not None or number:
        return None
    alike = v.normal(parameter.name)
    for kind in classes:
        if kind.name.lower().endswith(alike) and (_configures(kind) or _has_numbers(kind)):
            return kind
    if named and not annotation:
        ends = ("Config", "Configuration", "Settings", "Options", "Policy", "Params")
        return next((k for k in classes if k.name.endswith(ends) and _configures(k)), None)
    return None


def takes_an_object(parameter: ParameterShape, shape: Shape) -> bool:
    """Whether a parameter says that it takes an object with settings, and no number instead."""
    if _factory(parameter, shape) is not None:
        return True
    said = parameter.annotation or isinstance(parameter.default, Opaque)
    number = _NUMBER.search(parameter.annotation) or isinstance(parameter.default, (int, float))
    return bool(said) and not number and nested_class(parameter, shape) is not None


def _declares(kind: ClassShape) -> bool:
    """Whether a class takes any keyword, and its attributes tell which."""
    return [p.kind for p in kind.parameters] == ["var_keyword"] and bool(kind.attributes)


def _takes_settings(kind: ClassShape, classes: list[ClassShape]) -> bool:
    """Whether a class is built with a configuration: the core of a breaker, behind a facade."""
    words = {word for p in kind.parameters for word in re.findall(r"\w+", p.annotation)}
    return any(other.name in words and _configures(other) for other in classes if other != kind)


def _has_numbers(kind: ClassShape) -> bool:
    """Whether a class is built with numbers, whatever they set."""
    numbers = (p for p in kind.parameters if isinstance(p.default, (int, float)))
    return any(spare_kind(parameter) for parameter in numbers)


def _keeps_count(kind: ClassShape) -> bool:
    """Whether a class holds counts: its numbers are named like settings, and begin at nothing."""
    defaults = [p.default for p in kind.parameters if isinstance(p.default, (int, float))]
    numbers = [number for number in defaults if not isinstance(number, bool)]
    return len(numbers) > 1 and not any(numbers)


def _configures(kind: ClassShape) -> bool:
    wanted = {*NUMBERS, *ERROR_KINDS} - {"call_timeout"}
    return any(
        v.normal(p.name) in v.NESTED_PARAMETERS
        or (v.resembles(p.name) is not None and is_number(p))
        or any(v.match(p.name, v.PARAMETERS[concept]) is not None for concept in wanted)
        for p in kind.parameters
    )


def _configuring_subclass(kind: ClassShape, classes: list[ClassShape]) -> ClassShape | None:
    """Return the likeliest class that can stand for an abstract one, or for a protocol."""
    heirs = [k for k in classes if kind.name in k.bases or _follows(k, kind)]
    named = [k for k in heirs if _configures(k)]
    exponential = [k for k in named if "expo" in k.name.lower()]
    spare = [k for k in heirs if any(spare_kind(p) for p in k.parameters)]
    return next(iter([*exponential, *named, *spare]), None)


def _follows(kind: ClassShape, protocol: ClassShape) -> bool:
    """Whether a class has all the methods of a protocol."""
    wanted = {m.name for m in protocol.methods}
    is_one = "Protocol" in protocol.bases and "Protocol" not in kind.bases
    return is_one and bool(wanted) and wanted <= {m.name for m in kind.methods}
