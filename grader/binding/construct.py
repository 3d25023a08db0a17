"""How a breaker is built: which parameter of which constructor sets what."""

import re

import msgspec

from grader.binding import vocabulary as v
from grader.binding.kinds import (
    ERROR_KINDS,
    NUMBERS,
    holds_several,
    is_number,
    kind_of,
    spare_kind,
)
from grader.binding.model import Argument, Constructor
from grader.binding.nesting import maker, takes_an_object
from grader.binding.shape import (
    ClassShape,
    FunctionShape,
    MethodShape,
    Opaque,
    ParameterShape,
    Shape,
)
from grader.binding.targets import breaker_classes

_DEEPEST = 3
_TEXT = "graded"
NAME = {"$fresh": "graded"}
"""A name for what is built, another one each time, as its users give: what belongs to a name, such
as a circuit of a registry or a metric of Prometheus, is not shared then."""
_LARGEST_FACTOR = 10
# The base of a power beside an open period, and the open period where there is no other.
_AMBIGUOUS_BASE = v.normal("backoff_base")
_PRIORITY = (
    "threshold rate minimum_calls window_time window_size cap multiplier exponential jitter"
    " permitted limit successes base counted ignored failure_predicate name clock listener"
    " call_timeout"
).split()


def constructor(
    member: ClassShape | FunctionShape, shape: Shape, unread: frozenset[str], depth: int = 0
) -> Constructor:
    """Return how to build `member`: its parameters by concept, nested configuration included.

    `unread` are names of parameters that the source stores and never reads: beside one that is
    read they set nothing; by themselves they are a promise that is not kept.
    """
    usable = [p for p in member.parameters if not p.variadic]
    objects = frozenset(p.name for p in usable if takes_an_object(p, shape))
    concepts = _assign([p for p in usable if p.name not in unread], objects)
    promised = _assign([p for p in usable if p.name in unread], objects)
    concepts |= {name: c for name, c in promised.items() if c not in concepts.values()}
    arguments = []
    for parameter in member.parameters:
        if parameter.variadic:
            continue
        argument = _argument(parameter, concepts.get(parameter.name), shape, unread, depth)
        if argument is not None:
            arguments.append(argument)
    open_ended = any(p.kind == "var_keyword" for p in member.parameters)
    if depth > 0 and open_ended and len(member.parameters) == 1 and isinstance(member, ClassShape):
        # It takes what its class declares, one attribute for each.
        arguments += [Argument(name=name, spare=True) for name in member.attributes]
    if depth == 0 and not any(a.concept not in {None, "name"} or a.nested for a in arguments):
        passed_on = _passed_on(member, shape, unread)
        arguments += passed_on
        if open_ended and not passed_on and isinstance(member, ClassShape):
            given = {p.name for p in member.parameters}
            arguments += [Argument(name=n, spare=True) for n in member.attributes if n not in given]
        open_ended = open_ended and not passed_on
    return Constructor(
        call=member.path,
        arguments=tuple(arguments),
        open_ended=open_ended,
        name=_optional_name(member, concepts) if depth == 0 else "",
        is_configuration=isinstance(member, ClassShape) and _is_configuration(member),
    )


def _is_configuration(kind: ClassShape) -> bool:
    """Whether a class is a configuration by its name, or by doing nothing but hold data.

    What decides when to trip, or for how long, may keep count for the one breaker that it is for.
    """
    does = (m for m in kind.methods if not (m.static or _OF_DATA.match(m.name)))
    return _CONFIGURATION.search(kind.name) is not None or not any(does)


_CONFIGURATION = re.compile(r"(Config|Configuration|Settings|Options|Params|Parameters|Conf|Cfg)$")
_OF_DATA = re.compile(r"_|validate|check|copy|replace|with_|(to_|as_)?(dict|json)$|describe|model_")


def _optional_name(member: ClassShape | FunctionShape, concepts: dict[str, str]) -> str:
    """Return the keyword that takes a name which need not be given; empty where there is none."""
    keywords = (p for p in member.parameters if not p.required and p.kind != "positional_only")
    return next((p.name for p in keywords if concepts.get(p.name) == "name"), "")


def method_constructor(
    member: MethodShape | FunctionShape, path: str, shape: Shape, unread: frozenset[str]
) -> Constructor:
    """Return how to build by calling a method or function that may ask for a name first.

    The name differs from call to call: what is handed out by name is shared by that name.
    """
    maker = FunctionShape(
        module=path.partition(":")[0],
        name=path.partition(":")[2],
        is_async=member.is_async,
        generator=member.generator,
        parameters=member.parameters,
    )
    found = constructor(maker, shape, unread)
    arguments = tuple(
        msgspec.structs.replace(a, fixed=NAME) if _is_unset(a, n) else a
        for n, a in enumerate(found.arguments)
    )
    return Constructor(call=path, arguments=arguments, open_ended=found.open_ended)


def _is_unset(argument: Argument, place: int) -> bool:
    """Whether an argument stands first and nothing is known to put there, but a name."""
    unset = argument.concept is None and argument.nested is None and not argument.spare
    named = argument.fixed in (_TEXT, NAME)
    return unset and (named or (place == 0 and argument.fixed is None))


def guesses(built: Constructor) -> bool:
    """Whether any argument is a guess: required, of no known meaning, and no name."""
    return any(
        guesses(a.nested)
        if a.nested is not None
        else a.concept is None and v.match(a.name, v.PARAMETERS["name"]) is None
        for a in built.arguments
        if not isinstance(a.fixed, dict) and not a.left_out
    )


def _passed_on(
    member: ClassShape | FunctionShape, shape: Shape, unread: frozenset[str]
) -> list[Argument]:
    """Return the keywords that `**settings` hands on to another class of the candidate."""
    if not any(p.kind == "var_keyword" for p in member.parameters):
        return []
    own = {p.name for p in member.parameters}
    likely = breaker_classes(shape)
    others = [m for m in shape if isinstance(m, ClassShape) and m not in likely and not m.error]
    for other in (*likely, *others):
        arguments = constructor(other, shape, unread, depth=1).arguments if other != member else ()
        concepts = {a.concept for a in arguments}
        # What is no breaker by its name must look like one by all its settings.
        trips = {"threshold", "rate", "minimum_calls"} & concepts
        if (trips and "base" in concepts) or (other in likely and (trips or "base" in concepts)):
            return [a for a in arguments if not a.positional and a.name not in own]
    return []


def _assign(parameters: list[ParameterShape], objects: frozenset[str]) -> dict[str, str]:
    """Return parameter name → concept; the likeliest name takes a concept.

    `objects` are names of those that take an object with settings: whatever they are called, they
    are no number.
    """
    taken: dict[str, str] = {}
    for concept in _PRIORITY:
        ranked = []
        for parameter in parameters:
            rank = v.match(parameter.name, v.PARAMETERS[concept])
            object_for_number = parameter.name in objects and concept in NUMBERS
            free = parameter.name not in taken and not object_for_number
            if rank is not None and free and _fits(parameter, concept):
                ranked.append((rank, parameter.name))
        for _, name in sorted(ranked)[:1]:
            taken[name] = concept
    for parameter in parameters:
        guess = v.resembles(parameter.name)
        free = parameter.name not in {*taken, *objects} and guess not in {None, *taken.values()}
        if free and guess is not None and _fits(parameter, guess) and is_number(parameter):
            taken[parameter.name] = guess
    if not {"threshold", "rate"} & set(taken.values()):
        asked = [p.name for p in parameters if _asks_when_to_trip(p) and p.name not in taken]
        taken |= dict.fromkeys(asked[:1], "threshold")
    return _settle_doubts(taken, parameters)


def _asks_when_to_trip(parameter: ParameterShape) -> bool:
    """Whether a parameter takes a function that is told the counts, and says whether it trips."""
    default = parameter.default.opaque if isinstance(parameter.default, Opaque) else ""
    takes_one = default == "function" or "Callable" in parameter.annotation
    return takes_one and _WHEN_TO_TRIP.fullmatch(v.normal(parameter.name)) is not None


_WHEN_TO_TRIP = re.compile(r"(is)?readytotrip|(trip|open)(when|predicate|condition)|tripswhen")


def _fits(parameter: ParameterShape, concept: str) -> bool:
    default = parameter.default
    annotation = parameter.annotation.lower()
    if concept in NUMBERS and isinstance(default, str):
        return False
    if (
        concept == "base"
        and _SEVERAL.search(parameter.name.lower())
        and not holds_several(parameter)
    ):
        return False
    if concept in NUMBERS - {"jitter"} and holds_several(parameter):
        return concept == "base" and bool(re.search("float|int|timedelta", annotation))
    if concept in {"threshold", "minimum_calls", "limit", "successes"}:
        return "timedelta" not in annotation
    if concept == "window_time" and parameter.name.lower() == "window":
        # Without a unit it may be either; whole numbers count calls.
        return not (annotation == "int" or (isinstance(default, int) and not annotation))
    if concept in ERROR_KINDS:
        return not isinstance(default, (int, float)) or default is None
    if concept == "name":
        return not isinstance(default, (int, float)) or default is None
    return True


_SEVERAL = re.compile(r"delays$|schedule$")


def _settle_doubts(taken: dict[str, str], parameters: list[ParameterShape]) -> dict[str, str]:
    """Settle what a name alone leaves open, by what else is there."""
    by_name = {p.name: p for p in parameters}
    if "limit" not in taken.values():
        # The one number there is about probes bounds how many are in flight, too.
        taken = {n: "limit" if c == "permitted" else c for n, c in taken.items()}
    for name, concept in list(taken.items()):
        default = by_name[name].default
        fraction = isinstance(default, float) and 0 < default < 1
        small = isinstance(default, (int, float)) and default <= _LARGEST_FACTOR
        if concept == "threshold" and fraction:
            taken[name] = "rate"  # "failure_threshold=0.5" counts no failures
        if concept == "failure_predicate" and "exception" not in by_name[name].annotation.lower():
            taken[name] = "outcome_predicate"  # what it is asked about may be a result
        if concept == "base" and v.normal(name) == _AMBIGUOUS_BASE and small:
            # `timeout` was taken for a time limit of the call only because of this one.
            other = [p.name for p in parameters if taken.get(p.name) in (None, "call_timeout")]
            base = _ranked(other, "base")
            if base and "multiplier" not in taken.values():
                taken[name], taken[base[0]] = "multiplier", "base"
    if {"base", "multiplier"} & set(taken.values()) == {"base"}:
        for parameter in parameters:
            default = parameter.default
            large = isinstance(default, (int, float)) and default > _LARGEST_FACTOR
            ambiguous = v.normal(parameter.name) == _AMBIGUOUS_BASE and is_number(parameter)
            if parameter.name not in taken and ambiguous and not large:
                taken[parameter.name] = "multiplier"
    return taken


def _ranked(names: list[str], concept: str) -> list[str]:
    """Return those of the names that say a concept, the likeliest first."""
    found = [(rank, n) for n in names if (rank := v.match(n, v.PARAMETERS[concept])) is not None]
    return [name for _, name in sorted(found)]


def _argument(
    parameter: ParameterShape,
    concept: str | None,
    shape: Shape,
    unread: frozenset[str],
    depth: int,
) -> Argument | None:
    positional = parameter.kind == "positional_only"
    nested = maker(parameter, shape) if depth < _DEEPEST else None
    if nested is not None and (concept is None or v.normal(parameter.name) in v.NESTED_PARAMETERS):
        inner = constructor(nested, shape, unread, depth + 1)
        spare = not (inner.concepts or parameter.required)
        if not spare or any(a.spare for a in inner.arguments):
            return Argument(name=parameter.name, positional=positional, nested=inner, spare=spare)
    if concept in NUMBERS or concept in ERROR_KINDS:
        kind = "trips" if _asks_when_to_trip(parameter) else kind_of(parameter, concept)
        return Argument(name=parameter.name, positional=positional, concept=concept, kind=kind)
    if concept == "listener" and (hooks := _hooks(parameter, shape)):
        several = parameter.name.endswith("s")
        kind = "listeners" if several else "listener"
        return Argument(
            name=parameter.name, positional=positional, concept=concept, kind=kind, fixed=hooks
        )
    kind = "" if concept is not None or parameter.name in unread else spare_kind(parameter)
    if not parameter.required:
        return Argument(name=parameter.name, kind=kind, spare=True) if kind else None
    helper = _helper(parameter, shape)
    if helper is not None:
        built = Constructor(call=helper.path)
        return Argument(name=parameter.name, positional=positional, nested=built)
    return Argument(
        name=parameter.name,
        positional=positional,
        kind=kind or "number",
        fixed=_guess(parameter, concept),
        spare=bool(kind),
    )


def _hooks(parameter: ParameterShape, shape: Shape) -> list[str]:
    """Return the methods that a listener may have, by the class that the parameter names."""
    words = set(re.findall(r"\w+", parameter.annotation))
    for kind in shape:
        if isinstance(kind, ClassShape) and kind.name in words and kind.name.endswith("Listener"):
            return [m.name for m in kind.methods if not m.is_async and not m.static]
    return []


def _helper(parameter: ParameterShape, shape: Shape) -> ClassShape | None:
    """Return the class of the candidate that a required parameter names, if it builds as it is."""
    words = set(re.findall(r"\w+", parameter.annotation))
    classes = (m for m in shape if isinstance(m, ClassShape) and not m.error and not m.enum)
    for kind in classes:
        if kind.name in words:
            needs = [p for p in kind.parameters if p.required and not p.variadic]
            abstract = {"ABC", "Protocol"} & set(kind.bases)
            return None if needs or abstract else kind
    return None


def _guess(parameter: ParameterShape, concept: str | None) -> object:
    """Return something for a required parameter that sets nothing we know."""
    annotation = set(re.findall(r"\w+", parameter.annotation.lower()))
    if concept == "name":
        return NAME
    if "str" in annotation:
        return _TEXT
    if "int" in annotation:
        return 5
    if "float" in annotation:
        return 10.0
    if "bool" in annotation:
        return True
    return None if annotation else _TEXT
