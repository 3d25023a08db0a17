"""What the names of an example's functions say: which are programs, which send a request."""

import ast

_PROGRAMS = ("main", "demo", "run", "example", "simulat", "test", "usage", "scenario")
_WELCOME = ("get", "fetch", "request", "get_json", "fetch_json", "fetch_data", "get_data", "call")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_program(function: Function) -> bool:
    """Whether a function is there to show how everything is used, and sends several requests."""
    name = function.name.lower().strip("_")
    return any(name == word or name.startswith(word) for word in _PROGRAMS) and not (
        function.args.args and any(rank(arg.arg) == 0 for arg in function.args.args)
    )


def rank(name: str) -> int:
    """Return how likely a name is that of what sends one request, 0 the likeliest."""
    if name in _WELCOME:
        return _WELCOME.index(name)
    beginnings = ("fetch", "get", "call", "request")
    return 10 + next((i for i, b in enumerate(beginnings) if name.startswith(b)), 9)
