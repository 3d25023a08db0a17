"""Finds, without running anything, how the usage example of an answer sends one request.

An example can be a class that wraps an HTTP client, a function behind a breaker,
or only a `main()`: each `Way` found here is tried by behaviour, best first.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from grader.answers import paths
from grader.answers.continuing import continued
from grader.binding.arguments import Filler
from grader.binding.example_names import is_program, rank
from grader.binding.example_source import CLIENTS, Source, acts, is_guard, names, read_source
from grader.binding.extracts import Locals
from grader.binding.own_breaker import own_breaker
from grader.candidate import Candidate

_NOT_CALLED = (
    *("close", "aclose", "shutdown", "stop", "disconnect", "cleanup", "reset", "start", "connect"),
    *("open", "setup", "initialize", "metrics", "get_metrics", "stats", "get_stats", "state"),
    *("get_state", "status", "get_status", "health", "health_check", "get_health", "fallback"),
)
_MOST_KEYS = 40
_MOST_PARTS = 3
"""Of one program."""
_WORD = re.compile(r"\w+")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way of sending one request, or a program that sends several."""

    kind: str
    """`method`, `function`, `part` of a function that is a program, or `program`."""
    module: str
    name: str
    owner: Any = None
    """The expression that builds the object whose method it is."""
    source: str = ""
    """What is run before a `part` can be called."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    elsewhere: tuple[Any, ...] = ()
    """The same arguments for another host; empty where no argument names one."""
    coroutine: bool = False
    told: str = ""
    """Its name in words."""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What the example consists of."""

    modules: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The modules to import in order, each with those whose names it goes on using."""
    examples: tuple[str, ...] = ()
    """Those of them that only show how the breaker is used."""
    ways: tuple[Way, ...] = ()
    clients: tuple[str, ...] = ()
    """HTTP clients that the candidate imports anywhere."""
    used: bool = False
    """Something in it uses one of them."""
    left_out: str = ""
    """What else uses one of them and could not be read, in words."""
    guarded: tuple[str, ...] = ()
    """Modules that run their program only under `if __name__ == "__main__"`."""
    keys: tuple[tuple[str, ...], ...] = ()
    """Keys that it reads of what is served, each with those that lead to it."""


def read(candidate: Candidate, breaker: str, build: Any) -> Code:
    """Return how the example of a candidate can be driven.

    `breaker` is the dotted name that makes the breaker, `build` the expression that does so.
    """
    sources = [read_source(file) for file in candidate.files if file.role != "adapter"]
    name = breaker.partition(":")[2].split(".")[0]
    ordered = sorted(sources, key=lambda source: source.file.role != "example")
    relevant = [s for s in ordered if s.file.role == "example" or s.clients]
    ways: list[Way] = []
    own = own_breaker(relevant, name)
    for made in (own, build) if own is not None else (build,):
        shared = _Shared(sources, name, made)
        ways += [w for source in relevant for w in _ways(source, shared) if w not in ways]
    programs = [
        Way(kind="program", module=s.module, name="", told=f"{s.file.path} as a program")
        for s in relevant
        if s.runs
    ]
    ways.sort(key=lambda way: _RANKS.index(way.kind))
    examples = [s for s in sources if s.file.role == "example"]
    files = [s.file for s in sources]
    return Code(
        modules=tuple(
            (s.module, tuple(paths.module(f.path) for f in continued(s.file, files)))
            for s in examples
        ),
        examples=tuple(s.module for s in examples),
        ways=(*ways, *programs),
        clients=tuple(c for c in CLIENTS if any(c in s.clients for s in sources)),
        used=any(s.uses_client for s in sources),
        left_out=next((s.left_out for s in sources if s.left_out), ""),
        guarded=tuple(s.module for s in sources if s.guarded),
        keys=tuple(dict.fromkeys(key for s in relevant for key in s.keys))[:_MOST_KEYS],
    )


_RANKS = ("method", "wrapped", "function", "part")


class _Shared:
    """What the files know of each other: who sends requests, and who goes through a breaker."""

    def __init__(self, sources: list[Source], breaker: str, build: Any) -> None:
        self.breaker = breaker
        aliases = {alias for s in sources for alias in s.aliases}
        self.clients = {c.split(".")[0] for s in sources for c in s.clients}
        units: dict[str, set[str]] = {}
        for source in sources:
            for name, node in _units(source.tree):
                units[name] = units.get(name, set()) | names(node)
        self.classes = {
            node.name: (source.module, node)
            for source in sources
            for node in source.tree.body
            if isinstance(node, ast.ClassDef)
        }
        core = {
            node.name
            for source in sources
            if source.file.role == "implementation" and not source.clients
            for node in source.tree.body
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and not _is_passive(node)
        }
        self.senders = _spread(units, aliases | {"session", "client", "http_client"}, core)
        self.guards = _spread(units, {breaker, *core, *_BREAKERS}, set())
        self.breakers = {
            breaker,
            *(name for name, (_, node) in self.classes.items() if _lets_through(node)),
        }
        self.filler = Filler(breaker, build, self.classes, self.clients)


def _is_passive(node: ast.AST) -> bool:
    """Whether it is an error or a set of states: code that mentions it may use no breaker."""
    bases = " ".join(ast.unparse(base) for base in getattr(node, "bases", ()))
    return any(word in bases for word in ("Error", "Exception", "Enum"))


@lru_cache(maxsize=256)
def _lets_through(node: ast.ClassDef) -> bool:
    """Whether a class calls what it is given, or can be entered: settings and counters do not."""
    for function in [inner for inner in ast.walk(node) if isinstance(inner, _FUNCTIONS)]:
        given = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)} - {"cls"}
        inside = list(ast.walk(function))
        called = {getattr(n.func, "id", "") for n in inside if isinstance(n, ast.Call)}
        if function.name in ("__enter__", "__aenter__") or given & called:
            return True
        if any(isinstance(n, ast.Yield) for n in inside):
            return True
    return False


_BREAKERS = {"breaker", "circuit_breaker", "cb", "circuit", "_breaker", "_circuit_breaker"}


def _units(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _spread(units: Mapping[str, Iterable[str]], seeds: Iterable[str], never: set[str]) -> set[str]:
    """Return the seeds and every unit that mentions one of them, directly or not."""
    users: dict[str, list[str]] = {}
    for unit, used in units.items():
        for name in used:
            users.setdefault(name, []).append(unit)
    found = set(seeds)
    waiting = list(found)
    while waiting:
        more = {unit for unit in users.get(waiting.pop(), ()) if unit not in found} - never
        found |= more
        waiting += more
    return found


# --- ways ---------------------------------------------------------------------------------


def _ways(source: Source, shared: _Shared) -> Iterator[Way]:
    functions = {n.name: n for n in source.tree.body if isinstance(n, _FUNCTIONS)}
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.name != shared.breaker:
            yield from _methods(source, node, shared)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from _wrapped(source, node, functions, shared)
    ranked = sorted(functions.values(), key=lambda f: rank(f.name))
    for function in ranked:
        if names(function) & shared.senders and names(function) & shared.guards:
            if not is_program(function):
                yield from _call(source, function, shared, kind="function")
            yield from _parts(source, function, functions, shared)
    for body in [node for node in source.tree.body if is_guard(node) or acts(node)]:
        yield from _parts(source, body, functions, shared)


def _methods(source: Source, node: ast.ClassDef, shared: _Shared) -> Iterator[Way]:
    methods = {m.name: m for m in node.body if isinstance(m, _FUNCTIONS)}
    bases = " ".join(ast.unparse(base) for base in node.bases)
    if any(word in bases for word in ("Error", "Exception", "Enum", "Protocol")):
        return
    senders = _spread(_members(methods), shared.senders, set())
    offered = {
        name: method
        for name, method in sorted(methods.items(), key=lambda entry: rank(entry[0]))
        if not (name.startswith("_") or name in _NOT_CALLED)
        and names(method) & senders
        and "property" not in _decorators(method)
    }
    guarded = _guarded(node, methods, offered, shared)
    owner = shared.filler.instance(source.module, node) if guarded else None
    if owner is None:
        return
    for method in guarded.values():
        yield from _call(source, method, shared, kind="method", owner=owner, of=node.name)


def _guarded(
    of: ast.ClassDef,
    methods: Mapping[str, Function],
    those: Mapping[str, Function],
    shared: _Shared,
) -> dict[str, Function]:
    """Return *those* of the methods that go through a breaker.

    What is called a breaker is one, or is made of one; where no such name is used, annotations
    tell what else is.
    """
    members = _members(methods)
    for more in ({}, _annotated(of, shared.breakers)):
        known = {
            name: members.get(name, set()) | more.get(name, set()) for name in {*members, *more}
        }
        guards = _spread(known, shared.guards, set())
        found = {name: method for name, method in those.items() if names(method) & guards}
        if found:
            return found
    return {}


def _annotated(of: ast.ClassDef, kinds: set[str]) -> dict[str, set[str]]:
    """Return which of the *kinds* each argument and each field of a class is said to be."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(of):
        target = node.target if isinstance(node, ast.AnnAssign) else node
        name = getattr(target, "id", "") or getattr(target, "attr", "")
        name = node.arg if isinstance(node, ast.arg) else name
        annotation = getattr(node, "annotation", None)
        if annotation is not None and name:
            found.setdefault(name, set()).update(
                kinds.intersection(_WORD.findall(ast.unparse(annotation)))
            )
    return found


def _members(methods: Mapping[str, Function]) -> dict[str, set[str]]:
    """Return what each method, and each attribute that is set in one, mentions."""
    members = {name: set(names(method)) for name, method in methods.items()}
    for method in methods.values():
        for node in ast.walk(method):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Attribute):
                        used = members.setdefault(target.attr, set())
                        used |= names(node.value)
    return members


def _decorators(function: Function) -> set[str]:
    return {name for decorator in function.decorator_list for name in names(decorator)}


def _call(  # noqa: PLR0913  what is called, and on what
    source: Source,
    function: Function,
    shared: _Shared,
    *,
    kind: str,
    owner: Any = None,
    of: str = "",
    name: str = "",
) -> Iterator[Way]:
    based = shared.filler.has_base(of)
    seen = []
    for whole in (not based, based):
        args = shared.filler.arguments(function, bound=bool(of), whole=whole)
        kwargs = shared.filler.keywords(function, whole=whole)
        if args is None or kwargs is None:
            return
        if args in seen:
            return
        seen.append(args)
        elsewhere = shared.filler.elsewhere(args)
        yield Way(
            kind=kind,
            module=source.module,
            name=name or function.name,
            owner=owner,
            args=tuple(args),
            kwargs=kwargs,
            elsewhere=tuple(elsewhere) if elsewhere != args else (),
            coroutine=isinstance(function, ast.AsyncFunctionDef),
            told=f"{of}.{function.name}" if of else name or function.name,
        )


def _wrapped(
    source: Source,
    node: ast.Assign | ast.AnnAssign,
    functions: Mapping[str, Function],
    shared: _Shared,
) -> Iterator[Way]:
    """Find `protected = breaker(function)`."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if not isinstance(target, ast.Name) or not isinstance(node.value, ast.Call):
        return
    for argument in node.value.args:
        function = functions.get(argument.id) if isinstance(argument, ast.Name) else None
        if function is not None and names(function) & shared.senders:
            yield from _call(source, function, shared, kind="wrapped", name=target.id)


def _parts(
    source: Source, body: ast.AST, functions: Mapping[str, Function], shared: _Shared
) -> Iterator[Way]:
    """Find calls in a program that go through a breaker it made, and take them out of it."""
    local = Locals(body)
    made = {name: names(node) for name, node in local.made.items()}
    senders = _spread(made, shared.senders, set())
    guards = _spread(made, shared.guards, set())
    # A whole program makes its breaker anew each time: calling it again and again proves nothing.
    programs = {name for name, function in functions.items() if is_program(function)}
    mine = senders & {*local.made, *functions} - programs
    fit = [call for call in local.calls if _sends(call, mine) and names(call) & guards]

    def is_maker(node: ast.expr) -> bool:
        made = isinstance(node, ast.Call) and names(node.func) & {*shared.classes}
        return bool(names(node) & guards and (made or not names(node) & senders))

    sources = [
        (call, text)
        for call in fit
        if not local.makes(call, fit)
        for text in local.sources(call, guards, is_maker)
    ]
    for call, text in sources[:_MOST_PARTS]:
        yield Way(
            kind="part",
            module=source.module,
            name="single",
            source=text,
            coroutine=True,
            told=ast.unparse(call)[:60],
        )


def _sends(call: ast.Call, senders: set[str]) -> bool:
    """Whether a call is one of what sends requests, or is handed that; not one that runs it all."""
    if names(call.func) & {"run", "gather"}:
        return False
    handed = {a.id for a in call.args if isinstance(a, ast.Name)}
    inner = [a for a in call.args if isinstance(a, ast.Lambda | ast.Call | ast.Attribute)]
    handed |= {name for argument in inner for name in names(argument)}
    if not (handed | names(call.func)) & senders:
        return False
    return not ast.unparse(call).startswith(("asyncio.", "print("))
