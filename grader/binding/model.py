"""A binding: how one candidate's breaker is built, called and read, as plain data."""

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

import msgspec

Expression = Any
"""What the worker builds: see `grader.worker.expressions`."""


class Verbatim(msgspec.Struct, frozen=True):
    """A setting that is passed as it stands, in whatever kind the parameter is."""

    expression: Expression


FIRST = "*"


class Surface(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """One way of making a call (see `grader.worker.surfaces`)."""

    style: str
    """`call`, `decorate`, `context` or `permit`."""
    mode: str
    """`async` or `sync`."""
    name: str = ""
    parentheses: bool = False
    closed: bool = False
    """The method takes no arguments for the function, which therefore is closed over them."""
    coroutine: bool = False
    """The method takes a coroutine, not a function."""
    plain: bool = False
    """A `with` where the calls are asynchronous."""
    awaited: bool = False
    """What the method gives has to be awaited to be the context manager."""
    allow: str = ""
    success: str = ""
    failure: str = ""
    release: str = ""
    handed: bool = False
    """The permit is an object, and it is what the outcome is recorded on."""
    through: str = ""
    """The method of what was decorated by which it is called; empty: it is called itself."""
    untold: bool = False
    """A failure is recorded without its exception: what counts as one is for the caller to say."""

    @property
    def form(self) -> str:
        """The form of protected function that this surface is driven with by default."""
        return self.mode

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """What is sent to the worker, with every call."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {k: v for k, v in fields.items() if v not in ("", False) or k == "name"}

    def __str__(self) -> str:
        if self.style == "permit":
            return f"{self.allow} / {self.success} / {self.failure}"
        shown = self.through or self.name or "the object itself"
        return f"{shown}()" if self.parentheses else shown


class Argument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One argument of a constructor."""

    name: str
    positional: bool = False
    concept: str | None = None
    """What it sets, such as `threshold`; None where it is fixed or nested."""
    kind: str = "number"
    """`number`, `integer`, `timedelta`, `milliseconds`, `minutes`, `switch`, `percent`, `range`;
    `table` for open periods one by one; `trips` for a function that looks at counts;
    for error lists `type`, `tuple`, `list`, `set`, `frozenset`, `predicate`; `listener` or
    `listeners`, with the names of the listener's methods in `fixed`."""
    fixed: Any = None
    nested: "Constructor | None" = None
    spare: bool = False
    """Its name says nothing; until it is known what it sets, it is left at its default."""

    @property
    def left_out(self) -> bool:
        """Whether it is not passed, whatever the settings are."""
        if self.nested is not None:
            return self.spare and not self.nested.concepts
        return self.spare and self.concept is None and self.fixed is None

    def passed(self, settings: dict[str, Any]) -> bool:
        """Whether it is passed with these settings."""
        if self.left_out or self.nested is not None or self.concept is None:
            return not self.left_out
        if self.concept not in settings:
            return False
        # No range is neutral for all: (1, 1) multiplies, (0, 0) adds.
        return self.kind != "range" or bool(settings[self.concept])

    def value(self, settings: dict[str, Any]) -> Expression:
        """Return the expression of what is passed."""
        if self.nested is not None:
            return self.nested.expression(settings)
        if self.concept is None:
            return self.fixed
        if self.kind == "table":
            return _table(settings)
        told = self.fixed if self.concept == "listener" else None
        return _in_kind(told or settings[self.concept], self.kind)


class Constructor(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A call that builds the breaker, or a configuration object inside it."""

    call: str
    """`module:Name`, or the name of a method where `on` is given."""
    arguments: tuple[Argument, ...] = ()
    on: "Constructor | None" = None
    """What builds the object whose method hands out the breaker, such as a registry."""
    keys: tuple[str, ...] = ()
    """What it builds keeps many circuits: the parameters of its methods that tell which one."""
    around: str = ""
    """The parameter that takes the function to protect: each function gets a breaker. `FIRST` where
    that has to be given by its place."""
    finish: str = ""
    """`call`, or `on`, gives a builder: each argument is one of its methods, and this one ends
    it. What is nested there is the call of a method that takes several."""
    open_ended: bool = False
    """It takes keywords that nobody could be found to read: settings that are not known."""
    name: str = ""
    """The keyword for a name that need not be given; empty where there is none."""
    is_configuration: bool = False
    """What it builds holds settings and does nothing: several breakers may be given the same."""

    @property
    def told(self) -> str:
        """`module:Name` as reports show it: with the method that hands the breaker out."""
        if self.on is not None and not self.finish:
            return f"{self.on.told}.{self.call}"
        return f"{self.call}.{self.finish}" if self.finish else self.call

    @cached_property
    def concepts(self) -> Mapping[str, str]:
        """Concept → dotted name of the parameter that sets it."""
        found: dict[str, str] = {}
        for argument in self.arguments:
            if argument.concept is not None:
                told = ("base", "multiplier", "cap") if argument.kind == "table" else ()
                for concept in told or (argument.concept,):
                    found.setdefault(concept, argument.name)
            elif argument.nested is not None:
                for concept, name in argument.nested.concepts.items():
                    found.setdefault(concept, f"{argument.name}.{name}")
        for concept, name in (self.on.concepts if self.on is not None else {}).items():
            found.setdefault(concept, name)
        return found

    def setter(self, concept: str) -> Argument | None:
        """Return the argument that sets a concept, wherever it is nested; else None."""
        own = (a for a in self.arguments if a.concept == concept)
        inner = (a.nested.setter(concept) for a in self.arguments if a.nested is not None)
        return next((a for a in (*own, *inner) if a is not None), None)

    def expression(self, settings: dict[str, Any]) -> Expression:
        """Return the expression that builds it with these settings; unknown ones are left out."""
        if self.finish:
            return self._chain(settings)
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for argument in self.arguments:
            if not argument.passed(settings):
                continue
            value = argument.value(settings)
            if argument.positional:
                args.append(value)
            else:
                kwargs[argument.name] = value
        called = {"$call": self.call, "args": args, "kwargs": kwargs}
        if self.on is not None:
            called["on"] = self.on.expression(settings)
        if self.around:
            called["around"] = self.around
        return {"$keyed": called, "names": list(self.keys)} if self.keys else called

    def _chain(self, settings: dict[str, Any]) -> Expression:
        built: Expression = {"$call": self.call}
        if self.on is not None:
            built = self.on.expression(settings)
        for argument in self.arguments:
            if not argument.passed(settings):
                continue
            value = argument.value(settings)
            step = value if argument.nested is not None else {"args": [value]}
            built = {**step, "$call": argument.name, "on": built}
        return {"$call": self.finish, "on": built}


_UNITS: dict[str, Callable[[float], float]] = {
    "milliseconds": lambda seconds: round(seconds * 1000),
    "minutes": lambda seconds: seconds / 60,
    "percent": lambda share: share * 100,
}


_LONGEST_TABLE = 64


def _table(settings: dict[str, Any]) -> Expression:
    """Return the open periods one by one, the last of which is the cap."""
    base = settings["base"]
    periods = [_in_kind(base, "number")]
    if isinstance(base, (int, float)):
        factor, cap = settings.get("multiplier", 2.0), settings.get("cap", math.inf)
        while periods[-1] < min(cap, periods[-1] * factor) and len(periods) < _LONGEST_TABLE:
            periods.append(min(cap, periods[-1] * factor))
    return {"$call": "builtins:tuple", "args": [periods]}


def _in_kind(value: Any, kind: str) -> Expression:
    if isinstance(value, Verbatim):
        return value.expression
    if kind in {"type", "tuple", "list", "set", "frozenset", "predicate"}:
        return {"$errors": value if isinstance(value, list) else [value], "$as": kind}
    if kind in {"listener", "listeners"}:
        listener = {"$listener": list(value)}
        return listener if kind == "listener" else [listener]
    if kind == "trips":
        return {"$trips": value}
    if kind == "timedelta":
        return {"$timedelta": value}
    if kind == "range":
        return [1 - value, 1 + value]
    if kind in _UNITS:
        return _UNITS[kind](value)
    if kind == "switch":
        return bool(value)
    if kind == "integer" and float(value).is_integer():
        return int(value)
    return value


EXPORTED = "#exported"
COLLECTED = "+"


class Accessor(msgspec.Struct, frozen=True, kw_only=True):
    """Where something can be read: a target and the names that lead to it."""

    path: tuple[str, ...]
    flags: dict[str, str] = {}
    """Instead of one value: members that are true in one state, by that state."""
    target: str = ""
    """`@name` where it hangs on the decorated function instead of on the breaker; `~` where a
    listener of ours counts what it is told; `+` where a collector beside the breaker counts;
    `#exported` where it is what the whole process exports to a monitoring system."""

    @property
    def exported(self) -> bool:
        """Whether it tells of all breakers of the process together."""
        return self.target == EXPORTED

    def __str__(self) -> str:
        if self.target == "~":
            return "what its listener is told"
        if self.exported:
            return "what is exported to Prometheus"
        if self.target == COLLECTED:
            return ".".join(("what is made to count for it", *self.path))
        if self.flags:
            return ", ".join(self.flags.values())
        return ".".join((*([self.target] if self.target else []), *self.path)) or "the breaker"


class Collector(msgspec.Struct, frozen=True, kw_only=True):
    """A class of the candidate, of which an object beside the breaker counts for it."""

    call: str
    """`module:Name`; it is called with the breaker unless one of the following is given."""
    takes: str = ""
    """Its method that is called with the breaker."""
    given: str = ""
    """The method of the breaker that is called with it."""

    BREAKER: ClassVar = "breaker"

    def expressions(self) -> list[Expression]:
        """Return what makes it, the value of the last, once the breaker is kept as `BREAKER`."""
        breaker, collector = {"$kept": self.BREAKER}, {"$kept": "collector"}
        if not self.takes and not self.given:
            return [{"$call": self.call, "args": [breaker]}]
        made = {"$call": self.call, "keep": "collector"}
        if self.takes:
            return [{"$call": self.takes, "on": made, "args": [breaker]}, collector]
        return [made, {"$call": self.given, "on": breaker, "args": [collector]}, collector]


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """How a listener is given to a breaker."""

    via: str
    """`parameter`, `method` or `attribute`."""
    name: str
    """Dotted, where the parameter is that of a configuration object."""
    shape: str
    """`function`, `coroutine` or `object`, which answers to any method's name."""
    base: str = ""
    """The class of the candidate that the object derives from, as `module:Name`."""
    listed: bool = False
    """It is given in a list."""
    event: str = ""
    """The method is told first what to listen to: a word, or `module:Enum.MEMBER`."""
    decorates: bool = False
    """What the method returns for an event takes the listener, as a decorator does."""

    def ear(self) -> dict[str, Any]:
        """Return what is sent to the worker."""
        return {"shape": self.shape, "base": self.base, "listed": self.listed}


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """How a breaker is used, and what was learnt of it on the way."""

    constructor: Constructor
    surfaces: tuple[Surface, ...]
    """The surfaces that worked, the preferred one first."""
    state: Accessor | None = None
    state_words: dict[str, str] = {}
    """Raw state → `closed`, `open` or `half_open`, where the word alone does not tell."""
    state_unclear: str = ""
    """Where no state is read: what may be one, as it changes with it, and is not understood."""
    metrics: Accessor | None = None
    counts: dict[str, str] = {}
    """Metric → where it stands in what the accessor gives (see `grader.binding.counts`)."""
    collector: Collector | None = None
    """What is made beside each breaker, where the metrics stand there."""
    hearing: Hearing | None = None
    """How a listener is told of changes of state; None where no way was found."""
    reset: str = ""
    """The method that closes it by hand; empty where there is none."""
    force_open: str = ""
    """The method that opens it by hand; empty where there is none."""
    failure: str = "ServiceFailure"
    """The error class that failing calls raise."""
    luck: float = 0.5
    """Where in its range a drawn jitter falls (see `grader.worker.luck`)."""
    jittery: bool = False
    """The open period is drawn at random, and no parameter switches that off."""
    settings: dict[str, Any] = {}
    """Settings that every breaker is built with."""
    decorator: Constructor | None = None
    """A function beside the breaker that builds a decorator, such as `circuit_breaker(...)`."""
    decorator_modes: tuple[str, ...] = ()
    """The kinds of functions that it decorates: `async`, `sync`."""
    trips_at: int | None = None
    """Failures it took to trip with a threshold of 3, or with the built-in one."""
    ignores_threshold: bool = False
    """With another threshold it took as many."""
    works: bool = True
    """A call through the first surface ran the function and returned its result."""
    first_call: str = ""
    """What it did instead, in words."""
    sure: bool = True
    doubts: tuple[str, ...] = ()
    cut_off: bool = False
    """Calls run into a function that is cut off."""
    for_tasks: bool = False
    """Its plain methods are for the tasks of one event loop, and for no thread."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """Concept → dotted name of the parameter."""
        return self.constructor.concepts

    @property
    def by_rate(self) -> bool:
        """It trips at a share of calls: what is set is the least number that this is taken of."""
        offered = self.parameters
        return "threshold" not in offered and bool({"rate", "minimum_calls"} & offered.keys())

    def surface(self, mode: str | None = None, style: str | None = None) -> Surface | None:
        """Return the first surface of a mode and style, or None."""
        for surface in self.surfaces:
            if mode in (None, surface.mode) and style in (None, surface.style):
                return surface
        return None

    @property
    def of_threads(self) -> Surface | None:
        """The way in which threads make their calls, or None.

        A permit whose methods are plain is none where other ways of calling are for tasks alone:
        it is what those are made of.
        """
        if self.for_tasks:
            return None
        for_tasks = any(s.mode == "async" and s.style != "permit" for s in self.surfaces)
        plain = (s for s in self.surfaces if s.mode == "sync")
        return next((s for s in plain if not (for_tasks and s.style == "permit")), None)
