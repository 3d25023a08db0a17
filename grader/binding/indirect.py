"""Breakers that are not built by calling their class: by registries and named constructors."""

import re
from collections.abc import Iterator

import msgspec

from grader.binding import vocabulary as v
from grader.binding.builders import Found, builders
from grader.binding.construct import constructor, method_constructor
from grader.binding.model import Constructor
from grader.binding.shape import ClassShape, FunctionShape, MethodShape, ParameterShape, Shape
from grader.binding.targets import breaker_classes, product

_KEEPER = re.compile(r"registry|factory|manager|pool|breakers|hub|collection|provider|circuits")
_CORE = frozenset({"threshold", "rate", "base"})


def indirect(shape: Shape, unread: frozenset[str]) -> Iterator[Found]:
    """Yield other ways to come by a breaker that say how it is set, the likeliest first."""
    for found in (
        *_named_constructors(shape, unread),
        *builders(shape, unread),
        *_registries(shape, unread),
        *_functions(shape, unread),
    ):
        if _CORE & set(found[0].concepts) or any(a.spare for a in found[0].arguments):
            yield found


def naming_decorators(shape: Shape, unread: frozenset[str]) -> Iterator[Constructor]:
    """Yield the methods of registries that decorate for a breaker of a name: `@factory("x")`."""
    for keeper in _keepers(shape):
        for method in keeper.methods:
            first = method.parameters[0] if method.parameters else None
            named = first is not None and (first.required and _is_a_name(first))
            if named and not method.is_async and v.match(method.name, v.DECORATORS) is not None:
                yield _from(keeper, method, shape, unread)


# --- registries -----------------------------------------------------------------------------


def _registries(shape: Shape, unread: frozenset[str]) -> Iterator[Found]:
    for keeper in _keepers(shape):
        for _, getter in sorted(_getters(keeper), key=lambda entry: entry[0]):
            made = product(getter, shape, keeper)
            if made is not None:
                yield _from(keeper, getter, shape, unread), made


def _keepers(shape: Shape) -> list[ClassShape]:
    """Return the classes that hand out breakers; those of asynchronous ones first."""
    found = [
        member
        for member in shape
        if isinstance(member, ClassShape)
        and not member.error
        and not member.enum
        and _KEEPER.search(member.name.lower())
        and next(_getters(member), None) is not None
    ]
    return sorted(found, key=lambda kind: not any(m.is_async for _, m in _getters(kind)))


def _getters(kind: ClassShape) -> Iterator[tuple[int, MethodShape]]:
    for method in kind.methods:
        rank = v.match(method.name, v.GETTERS)
        first = method.parameters[0] if method.parameters else None
        if rank is not None and first is not None and not first.variadic and _is_a_name(first):
            yield rank, method


def _is_a_name(parameter: ParameterShape) -> bool:
    """Whether a parameter takes the name of a breaker."""
    if v.match(parameter.name, v.PARAMETERS["name"]) is not None:
        return True
    words = ("circuit", "breaker", "host", "upstream", "dependency", "target")
    return parameter.name in words or parameter.annotation == "str"


def _from(
    keeper: ClassShape, method: MethodShape, shape: Shape, unread: frozenset[str]
) -> Constructor:
    """Return the call of a registry's method, each setting given where it is nearest."""
    call = method_constructor(method, method.name, shape, unread)
    near = set(call.concepts)
    own = constructor(keeper, shape, unread)
    kept = tuple(a for a in own.arguments if a.concept not in near or a.concept is None)
    return Constructor(
        call=method.name,
        arguments=call.arguments,
        on=Constructor(call=own.call, arguments=kept, open_ended=own.open_ended),
        open_ended=call.open_ended,
    )


def _functions(shape: Shape, unread: frozenset[str]) -> Iterator[Found]:
    """Yield functions that hand out a breaker, such as `get_breaker(name, …)`."""
    for member in shape:
        if not isinstance(member, FunctionShape) or member.generator:
            continue
        if v.match(member.name, v.GETTERS + v.FACTORIES) is None:
            continue
        words = set(re.findall(r"\w+", member.returns))
        kits = (kit for m in shape if m.name in words and (kit := _kit(m)) is not None)
        made = next(kits, None)
        if made is None and any(kind.name in words for kind in breaker_classes(shape)):
            made = product(member, shape)
        if made is not None:
            yield method_constructor(member, member.path, shape, unread), made


def _kit(member: ClassShape | FunctionShape) -> ClassShape | None:
    """Return a class whose fields are functions as one whose methods they are; None for others."""
    if not isinstance(member, ClassShape) or member.error:
        return None
    functions = tuple(
        found for field in member.parameters if (found := _function_of(field)) is not None
    )
    calls = any(v.match(function.name, v.CALLS) is not None for function in functions)
    return msgspec.structs.replace(member, methods=functions) if calls else None


def _function_of(field: ParameterShape) -> MethodShape | None:
    """Return the function that a field of a kit holds as a method, if calls are made by it."""
    plain = re.search(r"(?<!Async)ContextManager", field.annotation) is not None
    awaited = "AsyncContextManager" in field.annotation
    takes: tuple[ParameterShape, ...] = ()
    if v.match(field.name, v.CALLS) is not None:
        takes = _ANY_FUNCTION
    elif v.match(field.name, v.DECORATORS) is not None:
        takes = _ANY_FUNCTION[:1]
    if "Callable" not in field.annotation or not (takes or plain or awaited):
        return None
    return MethodShape(
        name=field.name,
        is_async=v.normal(field.name) in v.ASYNC_CALLS or "async" in field.name,
        context=plain,
        async_context=awaited,
        generator=False,
        parameters=() if plain or awaited else takes,
    )


_ANY_FUNCTION = (
    ParameterShape(name="function", kind="positional_only"),
    ParameterShape(name="args", kind="var_positional"),
    ParameterShape(name="kwargs", kind="var_keyword"),
)


# --- named constructors ---------------------------------------------------------------------


def _named_constructors(shape: Shape, unread: frozenset[str]) -> Iterator[Found]:
    """Yield class methods that build: `CircuitBreaker.create(threshold=3)`."""
    for kind in breaker_classes(shape):
        for method in kind.methods:
            if method.static and method.parameters and not method.is_async:
                path = f"{kind.path}.{method.name}"
                found = method_constructor(method, path, shape, unread)
                yield _with_passed_on(found, method, kind, shape, unread), kind


def _with_passed_on(
    found: Constructor,
    method: MethodShape,
    kind: ClassShape,
    shape: Shape,
    unread: frozenset[str],
) -> Constructor:
    """Return the constructor with the keywords of the class that `**others` hands on to it."""
    if not any(p.kind == "var_keyword" for p in method.parameters):
        return found
    known = {*found.concepts, None}
    keywords = {p.name for p in kind.parameters if p.kind == "keyword_only" and not p.required}
    own = constructor(kind, shape, unread).arguments
    more = tuple(a for a in own if a.name in keywords and a.concept not in known)
    return msgspec.structs.replace(found, arguments=(*found.arguments, *more))
