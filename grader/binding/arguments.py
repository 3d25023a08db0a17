"""Makes up the arguments of an example's functions, by what they are called."""

import ast
import re
from collections.abc import Mapping
from typing import Any

from grader.binding.awaiting import is_awaited

HOST, ELSEWHERE = "https://upstream.test", "https://elsewhere.test"
PATH = "/things/1"

_URLS = ("url", "uri", "link", "address", "target", "full_url", "request_url", "site")
_PATHS = ("path", "endpoint", "route", "resource", "url_path")
_BASES = ("base_url", "base", "base_uri", "host", "api_url", "root", "root_url", "api_base")
_NUMBERS = ("id", "n", "i", "num", "number", "count", "page", "limit", "index", "size")
_CLIENTS = ("client", "session", "http_client", "http", "http_session", "_client", "_session")
_BREAKERS = ("breaker", "circuit_breaker", "cb", "circuit", "_breaker")
_MAPPINGS = ("headers", "params", "json", "data", "payload", "body", "kwargs", "options")
_FUNCTIONS = ("func", "fn", "function", "callable", "operation", "callback", "coro", "handler")
_BY_ANNOTATION: dict[str, Any] = {"int": 1, "float": 1.0, "str": "thing", "bool": False}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Filler:
    """Knows what the candidate defines, and what each argument could be."""

    def __init__(
        self,
        breaker: str,
        build: Any,
        classes: Mapping[str, tuple[str, ast.ClassDef]],
        clients: set[str],
    ) -> None:
        self._breaker = breaker
        self._build = build
        self._classes = classes
        self._clients = clients

    def has_base(self, owner: str) -> bool:
        """Whether an object is made with the address that its paths belong to."""
        made = self._classes.get(owner)
        maker = _maker(made[1]) if made else None
        known = [arg.arg for arg in _arguments(maker)] if maker else []
        fields = [n.target.id for n in made[1].body if _is_field(n)] if made else []  # type: ignore[attr-defined]
        return any(name in _BASES for name in (*known, *fields))

    def instance(self, module: str, node: ast.ClassDef, depth: int = 0) -> Any | None:
        """Return the expression that builds an instance, or None where there is no telling."""
        maker = _maker(node)
        kwargs: dict[str, Any] = {}
        if maker is None:
            wanted = [
                (n.target.id, ast.unparse(n.annotation))  # type: ignore[attr-defined]
                for n in node.body
                if _is_field(n) and n.value is None  # type: ignore[attr-defined]
            ]
            args = [self._value(name, told, depth, whole=True, user=node) for name, told in wanted]
        else:
            found = self.arguments(maker, whole=True, depth=depth, made=node)
            more = self.keywords(maker, whole=True, depth=depth, made=node)
            if found is None or more is None:
                return None
            args, kwargs = found, more
        if _UNKNOWN in args:
            return None
        return {"$call": f"{module}:{node.name}", "args": args, "kwargs": kwargs}

    def arguments(
        self,
        function: Function,
        *,
        bound: bool = False,
        whole: bool,
        depth: int = 0,
        made: ast.ClassDef | None = None,
    ) -> list[Any] | None:
        """Return what to call a function with; None where an argument cannot be made up.

        `whole` gives whole addresses, where otherwise a path is enough. Arguments that have a
        default keep it, but for the base address of an object that is `made`.
        """
        is_method = (bound or made is not None) and not _is_static(function)
        known = _arguments(function)[1 if is_method else 0 :]
        required = len(known) - len(function.args.defaults)
        addresses = [i for i, arg in enumerate(known) if made is not None and arg.arg in _BASES]
        last = max([required, *(i + 1 for i in addresses)], default=0)
        filled: list[Any] = []
        for index, arg in enumerate(known[:last]):
            told = ast.unparse(arg.annotation) if arg.annotation is not None else ""
            if index >= required and arg.arg not in _BASES:
                return filled  # a default cannot be passed over by position
            value = self._value(arg.arg, told, depth, whole=whole, user=made or function)
            if value is _UNKNOWN:
                return None
            filled.append(value)
        return filled

    def keywords(
        self,
        function: Function,
        *,
        whole: bool,
        depth: int = 0,
        made: ast.ClassDef | None = None,
    ) -> dict[str, Any] | None:
        """Return the keyword arguments that a function cannot do without; None as above."""
        both = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        filled: dict[str, Any] = {}
        for arg, default in both:
            if default is None:
                told = ast.unparse(arg.annotation) if arg.annotation is not None else ""
                user = made or function
                filled[arg.arg] = self._value(arg.arg, told, depth, whole=whole, user=user)
        return None if _UNKNOWN in filled.values() else filled

    def elsewhere(self, args: list[Any]) -> list[Any]:
        """Return the same arguments for another host."""
        return [
            arg.replace(HOST, ELSEWHERE) if isinstance(arg, str) and arg.startswith(HOST) else arg
            for arg in args
        ]

    def _value(self, given: str, told: str, depth: int, *, whole: bool, user: ast.AST) -> Any:
        """Return the value of an argument, which is `given` to the code that is its `user`."""
        name = given.lower()
        if name in _BASES:
            return HOST
        if name in (*_URLS, *_PATHS) or name.endswith(("_url", "_uri", "_path", "_endpoint")):
            return f"{HOST}{PATH}" if whole else PATH
        kind = _kind(told)
        # A class of the candidate's own by that name wraps a client, and a breaker with it.
        named = name in _CLIENTS and kind not in self._classes
        if named or any(f"{client}." in told for client in self._clients):
            return self._client(told, is_async=is_awaited(given, user))
        if name in _BREAKERS or name.endswith("breaker") or kind == (self._breaker or None):
            return self._build
        if name in _FUNCTIONS or "Callable" in told:
            return _UNKNOWN
        if name in ("method", "verb", "http_method"):
            return "GET"
        made = self._classes.get(kind)
        if made is not None and depth < 3:  # noqa: PLR2004
            value = self.instance(*made, depth + 1)
            return _UNKNOWN if value is None else value
        return _plain(name, told)

    def _client(self, told: str, *, is_async: bool) -> Any:
        if "aiohttp" in told or "ClientSession" in told or self._clients == {"aiohttp"}:
            return _given("aiohttp:ClientSession", base_url=HOST)
        if "requests" in told or (self._clients == {"requests"} and "httpx" not in told):
            return _given("requests:Session")
        asynchronous = "AsyncClient" in told or (is_async and "httpx.Client" not in told)
        return _given(f"httpx:{'AsyncClient' if asynchronous else 'Client'}", base_url=HOST)


def _given(call: str, **kwargs: str) -> dict[str, Any]:
    """Return the expression of a client that is ours: made once, and kept under its name."""
    return {"$kept": call, "made": {"$call": call, "kwargs": kwargs}}


class _Unknown:
    """An argument that cannot be made up."""


_UNKNOWN: Any = _Unknown()


def _kind(told: str) -> str:
    """Return the one class that an annotation names: `Breaker` for `Optional[core.Breaker]`."""
    words = [word.split(".")[-1] for word in re.findall(r"[\w.]+", told)]
    kinds = [word for word in words if word not in ("Optional", "None")]
    return kinds[0] if len(kinds) == 1 else ""


def _plain(name: str, told: str) -> Any:
    base = told.strip("'\" ").split("[")[0].split("|")[0].strip()
    if base in _BY_ANNOTATION:
        return _BY_ANNOTATION[base]
    if name in _MAPPINGS or base in ("dict", "Dict", "Mapping"):
        return {"$call": "builtins:dict"}
    if base in ("list", "List", "Sequence"):
        return []
    if "timeout" in name or "delay" in name:
        return 5.0
    return 1 if name in _NUMBERS or name.endswith(("_id", "_number", "retries")) else "thing"


def _maker(node: ast.ClassDef) -> Function | None:
    for entry in node.body:
        if isinstance(entry, ast.FunctionDef) and entry.name == "__init__":
            return entry
    return None


def _arguments(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args]


def _is_static(function: Function) -> bool:
    return any(ast.unparse(d) == "staticmethod" for d in function.decorator_list)


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
