"""Which class or function of a candidate is its circuit breaker."""

import re

from grader.binding import vocabulary as v
from grader.binding.shape import (
    ClassShape,
    FunctionShape,
    MethodShape,
    Opaque,
    ParameterShape,
    Shape,
)

_BREAKER = re.compile(r"breaker|circuit", re.IGNORECASE)


def callers(kind: ClassShape) -> list[MethodShape]:
    """Return the methods of a class that look like a way of making a call."""
    return [m for m in kind.methods if _is_call(m) or _is_context(m) or m.name == "__call__"]


def _is_call(method: MethodShape) -> bool:
    return v.match(method.name, v.CALLS + v.DECORATORS) is not None and method.takes_function


def _is_context(method: MethodShape) -> bool:
    if method.name in {"__enter__", "__aenter__"}:
        return True
    return method.context or method.async_context


def permits(kind: ClassShape) -> bool:
    """Whether a class has a permit and two ways to record an outcome."""
    names = [m.name for m in kind.methods]
    return all(
        any(v.match(name, words) is not None for name in names)
        for words in (v.ALLOW, v.SUCCESS, v.FAILURE)
    )


def breaker_classes(shape: Shape) -> list[ClassShape]:
    """Return the classes that may be the breaker, the likeliest first."""
    return [kind for kind in _ranked(shape) if not v.says_other_role(kind.name)]


def set_aside(shape: Shape) -> list[ClassShape]:
    """Return what would be the breaker if its name did not end as that of something beside one.

    Only what can be called is worth a trial: it is a breaker if it trips.
    """
    others = (kind for kind in _ranked(shape) if v.says_other_role(kind.name))
    return [kind for kind in others if callers(kind) or permits(kind)]


def says_breaker(name: str) -> bool:
    """Whether a name says that something is about circuit breakers."""
    return _BREAKER.search(name) is not None


def _ranked(shape: Shape) -> list[ClassShape]:
    derived_from = {
        base for member in shape if isinstance(member, ClassShape) for base in member.bases
    }
    scored = []
    for place, member in enumerate(shape):
        if not isinstance(member, ClassShape) or member.error or member.enum:
            continue
        score = _score(member, derived_from)
        if score > 0:
            scored.append((-score, place, member))
    return [member for _, _, member in sorted(scored, key=lambda entry: entry[:2])]


def _score(kind: ClassShape, derived_from: set[str]) -> int:
    named = says_breaker(kind.name)
    usable = bool(callers(kind)) or permits(kind)
    concepts = sum(
        v.match(p.name, v.PARAMETERS[c]) is not None
        for p in kind.parameters
        for c in ("threshold", "base", "multiplier", "cap", "rate")
    )
    given = [p for p in kind.parameters if p.kind != "var_positional"]
    configured = any(v.normal(p.name) in v.CONFIG_PARAMETERS for p in given)
    if not named and not (usable and (concepts >= 2 or configured)):  # noqa: PLR2004
        return 0
    score = 8 * named + 6 * usable + min(concepts, 3) + 2 * configured
    score += 3 * (kind.name.lower() in {"circuitbreaker", "asynccircuitbreaker"})
    score += 2 * any(m.is_async for m in callers(kind))
    # A base class without a way to call is abstract; its subclass is what users build.
    return score - 4 * (kind.name in derived_from)


def product(
    maker: MethodShape | FunctionShape, shape: Shape, keeper: ClassShape | None = None
) -> ClassShape | None:
    """Return the class of what is handed out: as annotated, else the likeliest breaker."""
    likely = breaker_classes(shape)
    words = set(re.findall(r"\w+", maker.returns))
    for kind in likely:
        if kind.name in words:
            return kind
    if keeper is not None:
        likely = [kind for kind in likely if kind != keeper]
        near = [kind for kind in likely if kind.module == keeper.module]
        likely = near or likely
    return likely[0] if likely else None


def is_module_of_functions(shape: Shape) -> bool:
    """Whether plain functions do what a breaker's methods do: call or permit, tell or record."""
    names = [m.name for m in shape if isinstance(m, FunctionShape)]

    def any_of(words: tuple[str, ...]) -> bool:
        return any(v.match(name, words) is not None for name in names)

    return any_of(v.CALLS + v.ALLOW) and (
        any_of(v.STATES) or (any_of(v.SUCCESS) and any_of(v.FAILURE))
    )


def factories(shape: Shape) -> list[FunctionShape]:
    """Return the functions that may build a decorator, the likeliest first."""
    found = []
    for member in shape:
        if isinstance(member, FunctionShape):
            rank = v.match(member.name, v.FACTORIES)
            if rank is not None:
                found.append((rank, member))
    return [member for _, member in sorted(found, key=lambda entry: entry[0])]


def unlisted_factories(shape: Shape) -> list[FunctionShape]:
    """Return the functions for users that may build a decorator though no name says so."""
    listed = {function.name for function in factories(shape)}
    return [
        member
        for member in shape
        if isinstance(member, FunctionShape)
        and not (member.name in listed or member.generator or member.name.startswith("_"))
    ]


_LEAST_NUMBERS, _STATES = 3, 3
_STATE_CLASSES = frozenset({"closed", "open", "halfopen"})


def may_be_breaker(shape: Shape) -> str:
    """Return the class that may be the breaker though no name says so; empty where none may.

    It is set up by several numbers, has something to call, and stands beside a type of three
    states, or a type for each of them. How it is used such names do not tell.
    """
    classes = [member for member in shape if isinstance(member, ClassShape)]
    states = {v.normal(kind.name).removesuffix("state") for kind in classes}
    if not (states >= _STATE_CLASSES or any(len(kind.enum) == _STATES for kind in classes)):
        return ""
    for kind in classes:
        # Of what is said to be a breaker's middleware there may be no breaker beside it.
        other = v.says_other_role(kind.name) and not says_breaker(kind.name)
        if (
            not (kind.error or kind.enum or kind.dataclass or other)
            and kind.methods
            and is_set_up(kind, shape, _LEAST_NUMBERS)
        ):
            return kind.name
    return ""


def is_set_up(kind: ClassShape, shape: Shape, least: int) -> bool:
    """Whether a class takes so many numbers: itself, in one that it takes, or as it declares."""
    settings = {m.name for m in shape if isinstance(m, ClassShape) and _numbers(m) >= least}
    taken = (set(re.findall(r"\w+", _told(p))) for p in kind.parameters)
    declared = any(p.kind == "var_keyword" for p in kind.parameters) and len(kind.attributes)
    return max(_numbers(kind), declared) >= least or any(words & settings for words in taken)


def _numbers(kind: ClassShape) -> int:
    return sum(isinstance(p.default, (int, float)) for p in kind.parameters)


def _told(parameter: ParameterShape) -> str:
    """Return what a parameter is, by its annotation and its default."""
    default = parameter.default.opaque if isinstance(parameter.default, Opaque) else ""
    return f"{parameter.annotation} {default}"
