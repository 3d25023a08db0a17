"""How a listener is given to a breaker, and what its events say."""

import re
from collections.abc import Iterator

import msgspec

from grader.binding import vocabulary as v
from grader.binding.listening import listens
from grader.binding.model import Constructor, Expression, Hearing
from grader.binding.shape import ClassShape, MethodShape, ObjectShape, ParameterShape, Shape
from grader.binding.state import CLOSED, HALF_OPEN, OPEN

_SUBSCRIBES = re.compile(
    r"^(on|when|listen|observe|connect|register|bind|subscribe|(add|register)_.*|on_event)$"
)
_TOPIC = re.compile(r"event|topic|signal|kind|what|hook|name|type|state")
_EVENTS = (
    "state_change state_changed transition change open opened on_open tripped trip"
    " on_state_change state_transition"
).split()
_OF_STATES = re.compile(r"state|transition|chang|open|clos|half|trip")
_WORDS = ((HALF_OPEN, "half"), (CLOSED, "clos"), (OPEN, "open"))
_BETWEEN = "\x1f"


def hearings(shape: Shape, constructor: Constructor) -> list[Hearing]:
    """Return the ways in which a listener may be given to what a constructor builds."""
    return list(
        dict.fromkeys((*_parameters(shape, constructor, ""), *_methods(shape, constructor, "")))
    )


def _parameters(shape: Shape, constructor: Constructor, within: str) -> Iterator[Hearing]:
    member = next((m for m in shape if m.path == constructor.call), None)
    if constructor.finish:
        return  # a builder takes a listener by a method of its own
    for parameter in member.parameters if member is not None else ():
        if parameter.variadic or parameter.kind == "positional_only":
            continue
        if listens(parameter.name):
            yield from _shapes("parameter", within + parameter.name, parameter, shape)
    for argument in constructor.arguments:
        if argument.nested is not None and not argument.positional:
            yield from _parameters(shape, argument.nested, f"{within}{argument.name}.")


def _methods(shape: Shape, constructor: Constructor, within: str) -> Iterator[Hearing]:
    owner = constructor.call.rpartition(".")[0]  # of `Breaker.create`
    kind = next((m for m in shape if m.path in (constructor.call, owner)), None)
    for method in kind.methods if isinstance(kind, ClassShape) else ():
        likely = listens(method.name) and method.takes_function and not method.context
        if _is_told_what(method):
            yield from _for_events(method, shape, within)
        elif likely and not _needs_more(method):
            yield from _shapes("method", within + method.name, method.parameters[0], shape)
    for argument in constructor.arguments:
        if argument.nested is not None and not argument.positional:
            yield from _methods(shape, argument.nested, f"{within}{argument.name}.")


def _is_told_what(method: MethodShape) -> bool:
    """Whether a method takes what to listen to, and then the listener or nothing more."""
    given = [p for p in method.parameters if not p.variadic]
    if not _SUBSCRIBES.match(method.name) or not given or method.context:
        return False
    first, *rest = given
    told = _TOPIC.search(first.name.lower()) and "callable" not in first.annotation.lower()
    return bool(told) and len(rest) <= 1


def _for_events(method: MethodShape, shape: Shape, within: str) -> Iterator[Hearing]:
    """Yield the ways of listening to a change of state, or to its opening."""
    decorates = len(method.parameters) == 1
    words = set(re.findall(r"\w+", method.parameters[0].annotation))
    members = [
        f"{kind.path}.{name}"
        for kind in shape
        if isinstance(kind, ClassShape) and kind.name in words
        for name in kind.enum
        if _OF_STATES.search(name.lower()) and _state(name, {}) in {None, OPEN}
    ]
    for form in ("function", "coroutine"):
        for event in members or _EVENTS:
            name = within + method.name
            yield Hearing(via="method", name=name, shape=form, event=event, decorates=decorates)


def _needs_more(method: MethodShape) -> bool:
    return sum(p.required and not p.variadic for p in method.parameters) > 1


def attributes(found: ObjectShape, within: str = "") -> list[Hearing]:
    """Return the attributes of a breaker that may hold a listener, or several.

    `within` is where what was found stands in the breaker, as `core.`.
    """
    return [
        Hearing(via="attribute", name=within + name, shape="function")
        for name, datum in found.data.items()
        if listens(name) and not name.startswith("_") and datum.type in {"NoneType", "list"}
    ]


def _shapes(via: str, name: str, parameter: ParameterShape, shape: Shape) -> Iterator[Hearing]:
    annotation = parameter.annotation.lower()
    many = re.search(r"listeners|observers|callbacks|hooks|subscribers", v.normal(name))
    listed = via == "parameter" and (
        many is not None or re.search(r"\b(list|sequence|iterable|tuple)\b", annotation) is not None
    )
    forms = ["function", "object", "coroutine"]
    objects = "callable" not in annotation and re.search(r"listener|observer", name.lower())
    if objects:
        forms = ["object", "function", "coroutine"]
    for form in forms:
        yield Hearing(via=via, name=name, shape=form, listed=listed)
    for kind in shape:
        if objects and isinstance(kind, ClassShape) and _is_base(kind):
            yield Hearing(via=via, name=name, shape="object", base=kind.path, listed=listed)


def _is_base(kind: ClassShape) -> bool:
    return kind.name.endswith(("Listener", "Observer")) and not any(
        p.required for p in kind.parameters
    )


def with_ear(expression: Expression, hearing: Hearing) -> Expression:
    """Return an expression that builds the same breaker with a listener as its parameter."""
    if "$keyed" in expression:
        return {**expression, "$keyed": with_ear(expression["$keyed"], hearing)}
    first, _, rest = hearing.name.partition(".")
    kwargs = dict(expression.get("kwargs", {}))
    if rest:
        inner = msgspec.structs.replace(hearing, name=rest)
        kwargs[first] = with_ear(kwargs[first], inner)
    else:
        kwargs[first] = {"$ear": hearing.ear()}
    return {**expression, "kwargs": kwargs}


def change_of(what: str, hearing: Hearing, words: dict[str, str]) -> tuple[str, str] | None:
    """Return the states before and after that an event tells; `` where it tells only one.

    `words` are raw states, by what they were learnt to stand for. None: it is about no state.
    """
    hook, *told = what.split(_BETWEEN)
    if hook and not _OF_STATES.search(hook.lower()):
        return None
    states = [state for word in told if (state := _state(word, words)) is not None]
    if len(states) > 1:
        return states[-2], states[-1]
    named = _state(hook or (hearing.event or hearing.name).rpartition(".")[2], {})
    if named is not None and hearing.event:
        return (states[0] if states and states[0] != named else "", named)
    after = states[0] if states else named
    return None if after is None else ("", after)


def _state(word: str, words: dict[str, str]) -> str | None:
    if word in words:
        return words[word]
    return next((state for state, part in _WORDS if part in word.lower()), None)
