"""The ways of making a call through a breaker, each driven as its users would.

A surface is data that the trusted side decided on:

- `call`: `breaker.call(function, *args, **kwargs)`
- `decorate`: `wrapped = breaker.decorate(function)`, then `wrapped(*args, **kwargs)`, or
  `wrapped.method(*args, **kwargs)`
- `context`: `async with breaker:` or `with breaker.guard():` around the function
- `permit`: `allow()`, then the function, then `success()`, `failure()` or `release()`

`mode` is `async` (one task for the whole call) or `sync` (one thread).
"""

import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any


class Refused(BaseException):  # travels past a candidate's `except Exception`
    """A permit answered no; carries the answer."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer


async def settle(value: Any) -> Any:
    """Await what can be awaited, as often as it takes."""
    while inspect.isawaitable(value):
        value = await value
    return value


def member(target: Any, name: str) -> Any:
    """Return the member at a dotted name; the target itself for the empty name.

    `module:function` is that function, which takes the target first.
    """
    module, beside, function = name.rpartition(":")
    if beside:
        return functools.partial(getattr(sys.modules[module], function), target)
    for part in name.split(".") if name else ():
        target = getattr(target, part)
    return target


def asked(value: Any, name: str, of: Any = None) -> tuple[Any, bool]:
    """Return what a name leads to, an entry or a member, and whether that is what it returned.

    Functions and methods are called. What can be called and is neither is an object: it is read.
    `of` is the breaker that is asked about: what counts for many may ask for its name.
    """
    listed = isinstance(value, Mapping) and name in value
    value = value[name] if listed else getattr(value, name)
    called = inspect.isroutine(value) or type(value).__module__ == "functools"
    return (value(*_which(value, of)), True) if called else (value, False)


def _which(method: Any, of: Any) -> tuple[str, ...]:
    """Return the name of a breaker for a method that has to be told it; nothing for any other."""
    code = getattr(getattr(method, "__func__", None), "__code__", None)
    if code is None or method.__self__ is of:
        return ()
    required = code.co_varnames[1 : code.co_argcount - len(method.__defaults__ or ())]
    name = getattr(of, "name", None)
    asks = len(required) == 1 and _NAMES.fullmatch(required[0])
    return (name,) if asks and isinstance(name, str) else ()


_NAMES = re.compile(r"((circuit|breaker|circuit_breaker)_)?(name|key|id)|circuit|breaker|service")


class Wrapped:
    """Decorated functions of one breaker: one for each form, made once."""

    def __init__(self, target: Any) -> None:
        self.target = target
        self.hooked: dict[str, int] = {}
        """What its listener was told, as counts."""
        self.collector: Any = None
        """What counts for it beside it."""
        self._made: dict[tuple[str, str], Any] = {}

    def get(self, surface: dict[str, Any], form: str, function: Callable[..., Any]) -> Any:
        """Return the decorated function, decorating at first use."""
        key = (surface["name"], form)
        if key not in self._made:
            decorate = member(self.target, surface["name"])
            self._made[key] = (decorate() if surface.get("parentheses") else decorate)(function)
        return self._made[key]

    def first(self) -> Any:
        """Return the first function that was decorated; state may hang on it."""
        return next(iter(self._made.values()), None)


async def call_async(
    wrapped: Wrapped,
    surface: dict[str, Any],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Make one call in a task."""
    style = surface["style"]
    if surface.get("coroutine"):
        coroutine = function(*args, **kwargs)
        return await settle(member(wrapped.target, surface["name"])(coroutine))
    if style == "call":
        if surface.get("closed"):
            function, args, kwargs = functools.partial(function, *args, **kwargs), (), {}
        return await settle(member(wrapped.target, surface["name"])(function, *args, **kwargs))
    if style == "decorate":
        return await settle(member(function, surface.get("through", ""))(*args, **kwargs))
    if style == "context":
        return await _in_context(wrapped, surface, function, args, kwargs)
    return await _with_permit(wrapped, surface, function, args, kwargs)


async def _in_context(
    wrapped: Wrapped,
    surface: dict[str, Any],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    context = member(wrapped.target, surface["name"])
    if surface.get("parentheses"):
        context = await settle(context())
    if surface.get("plain"):
        with context:
            return await settle(function(*args, **kwargs))
    async with context:
        return await settle(function(*args, **kwargs))


def _reporter(
    target: Any, name: str, error: BaseException | None, answer: object
) -> Callable[[], Any]:
    """Return what records an outcome, given what it asks for: the error, what the permit answered.

    Of one argument that it has to be given, and whose name says neither, it is the error.
    """
    method = member(target, name)
    try:
        parameters = list(inspect.signature(method).parameters.values())
    except ValueError:
        return method  # type: ignore[no-any-return]
    places = [p for p in parameters if p.kind in _BY_PLACE]
    required = [p for p in places if p.default is p.empty]
    given: list[object] = []
    for parameter in places:
        alone = required == [parameter] and not _says_token(parameter)
        if error is not None and (_says_error(parameter) or alone):
            given.append(error)
        elif parameter in required:
            given.append(answer)
        else:
            break
    if not places and parameters and error is not None:
        given = [error]  # it takes anything
    return functools.partial(method, *given)


_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_TOKEN = re.compile(r"token|permit|ticket|lease|slot|handle|admission|gen|epoch|start|attempt|id$")


def _says_error(parameter: inspect.Parameter) -> bool:
    told = f"{parameter.name} {parameter.annotation}".lower()
    return parameter.name in {"e", "ex", "reason"} or any(
        w in told for w in ("exc", "err", "cause")
    )


def _says_token(parameter: inspect.Parameter) -> bool:
    return _TOKEN.search(parameter.name.lower()) is not None


def _records(surface: dict[str, Any], error: BaseException) -> str:
    """Return the method that takes note of an error, or the empty name."""
    release = str(surface.get("release", ""))
    return surface["failure"] if isinstance(error, Exception) or not release else release


async def _with_permit(
    wrapped: Wrapped,
    surface: dict[str, Any],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    target = wrapped.target
    answer = await settle(member(target, surface["allow"])())
    if answer is False or (answer is None and surface.get("handed")):
        raise Refused(answer)
    target = answer if surface.get("handed") else target
    try:
        result = await settle(function(*args, **kwargs))
    except BaseException as error:
        await settle(_reporter(target, _records(surface, error), error, answer)())
        raise
    await settle(_reporter(target, surface["success"], None, answer)())
    return result


def call_sync(
    wrapped: Wrapped,
    surface: dict[str, Any],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Make one call in a thread."""
    target, style = wrapped.target, surface["style"]
    if style == "call":
        if surface.get("closed"):
            function, args, kwargs = functools.partial(function, *args, **kwargs), (), {}
        return member(target, surface["name"])(function, *args, **kwargs)
    if style == "decorate":
        return member(function, surface.get("through", ""))(*args, **kwargs)
    if style == "context":
        context = member(target, surface["name"])
        with context() if surface.get("parentheses") else context:
            return function(*args, **kwargs)
    answer = member(target, surface["allow"])()
    if answer is False or (answer is None and surface.get("handed")):
        raise Refused(answer)
    target = answer if surface.get("handed") else target
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        _reporter(target, _records(surface, error), error, answer)()
        raise
    _reporter(target, surface["success"], None, answer)()
    return result
