"""Listeners that note what a breaker tells them, and may raise, look or call meanwhile.

An ear is a plain function, a coroutine function or an object that answers to any method's
name. What it is told crosses as words alone: what stands for a state is for the trusted side
to say.
"""

import enum
import importlib
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .surfaces import asked, member, settle
from .wire import text

_OLD = (
    "old",
    "old_state",
    "previous",
    "previous_state",
    "prev",
    "prev_state",
    "from_state",
    "from",
)
_NEW = ("new", "new_state", "current", "current_state", "to_state", "to", "target", "state")
_OF_STATES = re.compile(r"state|transition|chang|open|clos|half|trip")
_BETWEEN = "\x1f"


class ListenerFailure(Exception):  # noqa: N818  it is the name that reports show
    """What a listener raises that is told to."""


class Listening:
    """The ears of one worker."""

    def __init__(
        self, note: Callable[[dict[str, Any]], None], is_breaker: Callable[[Any], bool]
    ) -> None:
        self._note = note
        self._is_breaker = is_breaker
        self.raises = False
        self.meanwhile: Callable[[], Any] | None = None
        """What the next event sets off, once."""

    def ear(self, wanted: dict[str, Any]) -> Any:
        """Return a listener: `shape` is `function`, `coroutine` or `object`."""

        def hear(*args: Any, **kwargs: Any) -> None:
            self.hear("", args, kwargs)

        async def hear_async(*args: Any, **kwargs: Any) -> None:
            await settle(self.hear("", args, kwargs))

        if wanted["shape"] == "object":
            ear: Any = self._object(wanted.get("base", ""))
        else:
            ear = hear_async if wanted["shape"] == "coroutine" else hear
        return [ear] if wanted.get("listed") else ear

    def _object(self, base: str) -> Any:
        listening = self

        class Ear:
            def __getattr__(self, name: str) -> Callable[..., None]:
                if name.startswith("__"):
                    raise AttributeError(name)
                return _method(listening, name)

            def __call__(self, *args: Any, **kwargs: Any) -> None:
                listening.hear("", args, kwargs)

        if not base:
            return Ear()
        module, _, name = base.partition(":")
        kind = member(importlib.import_module(module), name)
        names = [n for n in dir(kind) if not n.startswith("_") and callable(getattr(kind, n))]
        methods = {n: _told_method(listening, n) for n in names}
        make: Callable[[], Any] = type("Ear", (kind,), methods)
        return make()

    def hear(self, hook: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Note an event, do what was asked for, and return what is left to be awaited."""
        try:
            words = [word for arg in args for word in self._words(arg)] + self._fields(kwargs)
        except Exception:  # noqa: BLE001  a candidate's property may raise anything
            words = []
        self._note({"event": "heard", "what": _BETWEEN.join([hook, *words])})
        left = None
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            left = meanwhile()
        # A hook before each call may well have a say in it; one about states has none.
        if self.raises and (not hook or _OF_STATES.search(hook.lower())):
            raise ListenerFailure("the listener failed")
        return left

    def _words(self, value: Any) -> list[str]:
        if isinstance(value, (str, enum.Enum, bool, int)) or value is None:
            return [_word(value)]
        if isinstance(value, BaseException) or self._is_breaker(value):
            return []
        found = self._fields(value)
        if found:
            return found
        for name in ("name", "value"):
            if isinstance(getattr(value, name, None), str):
                return [_word(getattr(value, name))]
        return [text((value if isinstance(value, type) else type(value)).__name__)]

    def _fields(self, value: Any) -> list[str]:
        """Return what an event says of the state before and after."""

        def get(name: str) -> Any:
            return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)

        found = []
        for names in (_OLD, _NEW):
            told = next((got for name in names if (got := get(name)) is not None), None)
            if isinstance(told, (str, enum.Enum, int)):
                found.append(_word(told))
            elif told is not None and isinstance(getattr(told, "name", None), str):
                found.append(_word(told.name))
        return found


def _word(value: Any) -> str:
    if isinstance(value, enum.Enum):
        value = value.value if isinstance(value.value, str) else value.name
    return text(value).replace(_BETWEEN, " ")


def _method(listening: Listening, name: str) -> Callable[..., None]:
    return lambda *args, **kwargs: listening.hear(name, args, kwargs)


def _told_method(listening: Listening, name: str) -> Callable[..., None]:
    def method(_self: object, *args: Any, **kwargs: Any) -> None:
        listening.hear(name, args, kwargs)

    return method


def read(target: Any, paths: list[list[str]]) -> None:
    """Read what accessors lead to, as a listener would: without awaiting."""
    for path in paths:
        _read(target, path)


def _read(target: Any, path: list[str]) -> None:
    value = target
    for name in path:
        value, _ = asked(value, name, target)
        if inspect.iscoroutine(value):
            value.close()
            return


async def read_awaited(target: Any, paths: list[list[str]]) -> None:
    """Read what accessors lead to, and await what they return."""
    for path in paths:
        value = target
        for name in path:
            value = await settle(asked(value, name, target)[0])


def _event(name: str) -> Any:
    module, found, path = name.partition(":")
    return member(importlib.import_module(module), path) if found else name


def hold(target: Any, name: str, ear: Any) -> None:
    """Give a breaker a listener by an attribute that holds one or several."""
    owner = member(target, name.rpartition(".")[0])
    last = name.rpartition(".")[2]
    held = getattr(owner, last)
    if isinstance(held, list):
        held.append(ear)
    else:
        setattr(owner, last, ear)


async def attach(given: Any, ear: Any, event: str, *, decorates: bool) -> None:
    """Give a breaker a listener by a method, which may have to be told an `event` first.

    `decorates`: what it returns for the event takes the listener.
    """
    told = [_event(event)] if event else []
    answer: Awaitable[Any] | Any = given(*told)(ear) if decorates else given(*told, ear)
    if inspect.isawaitable(answer):
        await answer
