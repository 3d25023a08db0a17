"""Proposes bindings from the shape of an API, the likeliest first. Runs nothing."""

import itertools
import re
from collections.abc import Iterator

import msgspec

from grader.binding import vocabulary as v
from grader.binding.construct import constructor, guesses
from grader.binding.indirect import indirect, naming_decorators
from grader.binding.keyed import asks, one_circuit_of
from grader.binding.model import FIRST, Constructor, Surface
from grader.binding.shape import ClassShape, FunctionShape, MethodShape, Shape
from grader.binding.signatures import set_up_classes, surfaces_by_signature, unlisted_classes
from grader.binding.targets import breaker_classes, factories, set_aside, unlisted_factories

_MOST_OTHERS = 3
"""So many classes that take settings are worth a trial, where nothing else is a breaker."""
_PERMIT = re.compile(r"permit|token|ticket|slot|lease")


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One breaker that a candidate may have, and the ways it may be called."""

    constructor: Constructor
    surfaces: tuple[Surface, ...]
    further: tuple[Surface, ...] = ()
    """Ways that signatures alone tell, beside those that names do."""
    reset: str = ""
    force_open: str = ""
    is_factory: bool = False
    """It builds a decorator; the breaker's state, if any, hangs on the decorated function."""


def propose(
    shape: Shape, unread: frozenset[str] = frozenset(), makers: frozenset[str] = frozenset()
) -> list[Proposal]:
    """Return what may be the breaker; empty where nothing looks like one.

    `makers` are methods, as `Class.method`, by which alone the candidate itself makes breakers.
    """
    classes = [_of_class(kind, shape, unread) for kind in breaker_classes(shape)]
    callable_ = [p for p in classes if p.surfaces]
    # Where two names say the same, the one whose parameters say more is the breaker.
    around = [p for kind in breaker_classes(shape) if (p := _around(kind, shape, unread))]
    classes = [p for p in classes if p.constructor.call not in {a.constructor.call for a in around}]
    made = [_of_factory(f, shape, unread) for f in factories(shape) if not f.generator]
    public = [p for p in callable_ if not _is_private(p)]
    made = [p for p in made if p.constructor.concepts or not public]
    others = [*(p for p in callable_ if _is_private(p)), *(p for p in classes if not p.surfaces)]
    # What can be set when it is built by its class is built so; else as its users come by it.
    plain = [p for p in public if p.constructor.concepts and _is_for_users(p.constructor)]
    rest = [p for p in public if p not in plain]
    indirectly = [
        Proposal(
            constructor=found,
            surfaces=tuple(_surfaces(kind, shape)),
            further=tuple(_further(kind, shape)),
            reset=_by_hand(kind, v.RESETS),
            force_open=_by_hand(kind, v.FORCE_OPEN),
        )
        for found, kind in indirect(shape, unread)
    ]
    indirectly = [proposal for proposal in indirectly if proposal.surfaces]
    first = [p for p in indirectly if p.constructor.call.partition(":")[2] in makers]
    return [*first, *plain, *(p for p in indirectly if p not in first), *rest, *around, *made,
            *others]  # fmt: skip


def propose_unlisted(
    shape: Shape, unread: frozenset[str] = frozenset(), inner: frozenset[str] = frozenset()
) -> list[Proposal]:
    """Return what may be the breaker though no name says so: it is one if it trips."""
    known = {kind.path for kind in breaker_classes(shape)}
    kinds = [*set_aside(shape), *unlisted_classes(shape, inner)]
    kinds.sort(key=lambda kind: v.says_other_role(kind.name))
    tried = known | {kind.path for kind in kinds}
    others = [kind for kind in set_up_classes(shape) if kind.path not in tried]
    once = {kind.path: kind for kind in kinds if kind.path not in known}
    usable = (p for kind in others if (p := _of_class(kind, shape, unread)).surfaces)
    likely = (_of_class(kind, shape, unread) for kind in once.values())
    made = (_of_factory(f, shape, unread) for f in unlisted_factories(shape))
    telling = (p for p in made if len(_TELLING & p.constructor.concepts.keys()) >= _ENOUGH)
    return [*likely, *telling, *itertools.islice(usable, _MOST_OTHERS)]


_TELLING = frozenset({"threshold", "rate", "base", "multiplier", "cap", "limit"})
_ENOUGH = 2
"""So many settings that only a breaker has make a function worth trying, whatever it is called."""


def _of_factory(function: FunctionShape, shape: Shape, unread: frozenset[str]) -> Proposal:
    """Return how a function is used that builds a decorator."""
    modes = ("async", "sync")
    return Proposal(
        constructor=constructor(function, shape, unread),
        surfaces=tuple(Surface(style="decorate", mode=mode) for mode in modes),
        is_factory=True,
    )


def decorator_factories(
    shape: Shape, unread: frozenset[str] = frozenset()
) -> tuple[Constructor, ...]:
    """Return how to build what functions beside the breaker may decorate with."""
    found = (constructor(f, shape, unread) for f in factories(shape) if not f.generator)
    return (*found, *naming_decorators(shape, unread))


def _is_private(proposal: Proposal) -> bool:
    return proposal.constructor.call.partition(":")[2].startswith("_")


def _is_for_users(built: Constructor) -> bool:
    """Whether all that it is built of has a public name and a known meaning, and a setting has."""
    nested = (a.nested for a in built.arguments if a.nested is not None and not a.left_out)
    private = any(one.call.partition(":")[2].startswith("_") for one in nested)
    names = [name.rpartition(".")[2] for name in built.concepts.values()]
    inner = bool(names) and all(name.startswith("_") for name in names)
    return not (private or inner or guesses(built))


def _of_class(kind: ClassShape, shape: Shape, unread: frozenset[str]) -> Proposal:
    built = constructor(kind, shape, unread)
    surfaces = tuple(_surfaces(kind, shape))
    if not surfaces and (one := one_circuit_of(kind)) is not None:
        kind, keys = one
        surfaces = tuple(_surfaces(kind, shape))
        built = msgspec.structs.replace(built, keys=keys)
    return Proposal(
        constructor=built,
        surfaces=surfaces,
        further=tuple(_further(kind, shape)),
        reset=_by_hand(kind, v.RESETS),
        force_open=_by_hand(kind, v.FORCE_OPEN),
    )


def _around(kind: ClassShape, shape: Shape, unread: frozenset[str]) -> Proposal | None:
    """Return how a class is used that is built around the function which it protects."""
    first = next(iter(kind.parameters), None)
    ways = _through(kind)
    if first is None or not ways:
        return None
    built = constructor(kind, shape, unread)
    arguments = tuple(a for a in built.arguments if a.name != first.name)
    around = FIRST if first.kind == "positional_only" else first.name
    return Proposal(
        constructor=msgspec.structs.replace(built, arguments=arguments, around=around),
        surfaces=tuple(ways),
        is_factory=True,
    )


def _through(kind: ClassShape) -> list[Surface]:
    """Return how the function is called that a class is built around; empty for any other class."""
    first = next(iter(kind.parameters), None)
    if first is None or not first.required:
        return []
    if v.normal(first.name) not in v.FUNCTIONS and "Callable" not in first.annotation:
        return []
    return [
        Surface(style="decorate", mode=mode, through="" if name == "__call__" else name)
        for method in sorted(kind.methods, key=lambda m: not m.is_async)
        if (name := method.name) and v.match(name, v.CALLS) is not None
        if method.passes_arguments and all(p.variadic for p in method.parameters)
        for mode in (("async",) if method.is_async else ("async", "sync"))
    ]


def _wrapper(method: MethodShape, shape: Shape) -> ClassShape | None:
    """Return the class of what a method hands out around a function, if it says so."""
    words = set(re.findall(r"\w+", method.returns))
    classes = (m for m in shape if isinstance(m, ClassShape) and m.name in words)
    return next((kind for kind in classes if _through(kind)), None)


def _by_hand(kind: ClassShape, words: tuple[str, ...]) -> str:
    """Return the likeliest method that needs no argument and is called one of these."""
    orders = [m.name for m in kind.methods if m.takes_nothing and not (m.context or m.generator)]
    ranked = sorted((rank, name) for name in orders if (rank := v.match(name, words)) is not None)
    return ranked[0][1] if ranked else ""


def _surfaces(kind: ClassShape, shape: Shape) -> Iterator[Surface]:
    listed = [
        *_calls(kind),
        *_contexts(kind),
        *_decorators(kind, shape),
        *_permits(kind, shape),
    ]
    yield from listed
    if not any(surface.style in {"call", "permit"} for surface in listed):
        told = [s for s in surfaces_by_signature(kind, shape) if s not in listed]
        calls = [s for s in told if s.style == "call" and not s.closed]
        # Beside a call that takes arguments, what else signatures tell is `_further`.
        yield from calls or (s for s in told if s.style != "context" or not listed)


def _further(kind: ClassShape, shape: Shape) -> Iterator[Surface]:
    """Yield context managers and decorators that no name tells, where names tell none."""
    told = {surface.style for surface in _surfaces(kind, shape)}
    for surface in surfaces_by_signature(kind, shape):
        if surface.style in {"context", "decorate"} - told:
            yield surface


def _calls(kind: ClassShape) -> Iterator[Surface]:
    ranked: list[tuple[int, MethodShape]] = []
    for method in kind.methods:
        rank = v.match(method.name, v.CALLS)
        if asks(method):
            continue
        if rank is not None and method.takes_function and not method.context:
            ranked.append((rank, method))
    # `async def` first: a plain `call` may hand back what it did not await.
    for _, method in sorted(ranked, key=lambda e: (not _is_for_async(e[1]), e[0], e[1].name)):
        closed = not method.passes_arguments
        modes = ("async",) if _is_for_async(method) else ("async", "sync")
        if "sync" in v.normal(method.name) and "async" not in v.normal(method.name):
            modes = ("sync",)
        for mode in modes:
            yield Surface(style="call", mode=mode, name=method.name, closed=closed)
        if method.is_async and closed:
            yield Surface(style="call", mode="async", name=method.name, coroutine=True)


def _is_for_async(method: MethodShape) -> bool:
    """Whether a method is for asynchronous functions alone: by its kind, or by its name."""
    name = v.normal(method.name)
    return method.is_async or "async" in name or name in v.ASYNC_CALLS


def _contexts(kind: ClassShape) -> Iterator[Surface]:
    names = {m.name for m in kind.methods}
    if "__aenter__" in names:
        yield Surface(style="context", mode="async")
    if "__enter__" in names:
        yield Surface(style="context", mode="sync")
        yield Surface(style="context", mode="async", plain=True)
    for method in kind.methods:
        likely = v.match(method.name, v.CONTEXTS) is not None
        if not method.takes_nothing or not (likely or method.context or method.async_context):
            continue
        if method.name.startswith("__") or method.name in {"record_success", "record_failure"}:
            continue
        # `context` holds for both kinds that contextlib makes.
        if method.async_context or not method.context:
            awaited = method.is_async and not method.async_context
            yield Surface(
                style="context", mode="async", name=method.name, parentheses=True, awaited=awaited
            )
        if not method.async_context and not method.is_async:
            yield Surface(style="context", mode="sync", name=method.name, parentheses=True)
            yield Surface(
                style="context", mode="async", name=method.name, parentheses=True, plain=True
            )


def _decorators(kind: ClassShape, shape: Shape) -> Iterator[Surface]:
    for method in kind.methods:
        if v.match(method.name, v.DECORATORS) is None or method.is_async or asks(method):
            continue
        if method.context or method.async_context:
            continue  # contextlib's can decorate as well, but plain functions alone
        name = "" if method.name == "__call__" else method.name
        wrapper = _wrapper(method, shape)
        if wrapper is not None and method.takes_function:
            yield from (msgspec.structs.replace(way, name=name) for way in _through(wrapper))
        for mode in ("async", "sync"):
            if method.takes_function:
                yield Surface(style="decorate", mode=mode, name=name)
            if method.takes_nothing:
                yield Surface(style="decorate", mode=mode, name=name, parentheses=True)


def _permits(kind: ClassShape, shape: Shape) -> Iterator[Surface]:
    allow = _best(kind, v.ALLOW)
    if allow is None or not allow.takes_nothing:
        return
    for holder in (kind, *_permit_classes(allow, kind, shape)):
        success, failure = _best(holder, v.SUCCESS), _best(holder, v.FAILURE)
        if success is None or failure is None:
            continue
        release = _best(holder, v.RELEASE)
        for mode in ("async", "sync"):
            if mode == "sync" and any(m.is_async for m in (allow, success, failure)):
                continue
            yield Surface(
                style="permit",
                mode=mode,
                allow=allow.name,
                success=success.name,
                failure=failure.name,
                release=release.name if release is not None and release.takes_nothing else "",
                handed=holder is not kind,
                untold=not failure.parameters,
            )
        return


def _permit_classes(allow: MethodShape, kind: ClassShape, shape: Shape) -> list[ClassShape]:
    """Return the classes that what `allow` gives may be of, the one it is annotated with first."""
    words = set(re.findall(r"\w+", allow.returns))
    if words and words <= {"bool", "None"}:
        return []
    classes = [m for m in shape if isinstance(m, ClassShape) and m != kind and not m.error]
    told = [m for m in classes if m.name in words]
    return told or [m for m in classes if _PERMIT.search(m.name.lower())]


def _best(kind: ClassShape, words: tuple[str, ...]) -> MethodShape | None:
    ranked = [(rank, m) for m in kind.methods if (rank := v.match(m.name, words)) is not None]
    return min(ranked, key=lambda entry: entry[0])[1] if ranked else None
