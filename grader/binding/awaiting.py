"""Whether the code that is handed an HTTP client awaits it: where no annotation tells its kind."""

import ast
from collections.abc import Iterator

_IN_THREADS = ("to_thread", "run_in_executor", "run_sync", "run_in_threadpool", "submit")


def is_awaited(client: str, code: ast.AST) -> bool:
    """Return whether *code*, a function or a class, awaits what it is handed as *client*.

    One request that is awaited is proof, and so is one whose result is looked into at once. Where
    requests are only handed on, a coroutine that leaves them to no thread awaits them.
    """
    known = _names_of(client, code)
    waited, at_once = False, False
    for node in ast.walk(code):
        if isinstance(node, ast.Await):
            waited |= _is_request(node.value, known)
        elif isinstance(node, ast.AsyncWith):
            waited |= _enters(node, known)
        elif isinstance(node, ast.With):
            at_once |= _enters(node, known)
        elif isinstance(node, ast.Attribute):
            at_once |= _is_request(node.value, known)
    if waited or at_once or _is_looked_into(code, known):
        return waited
    return _hands_on_in_coroutines(code, known)


def _names_of(client: str, code: ast.AST) -> set[str]:
    """Return the variables and attributes that the client is kept under."""
    found, before = {client}, 0
    while before < len(found):
        before = len(found)
        for node in ast.walk(code):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                value = node.value
                choices = value.values if isinstance(value, ast.BoolOp) else [value]
                if any(_is_client(choice, found) for choice in choices):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    found |= {name for target in targets if (name := _name(target))}
    return found


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _is_client(node: ast.AST, known: set[str]) -> bool:
    return _name(node) in known


def _is_request(node: ast.AST, known: set[str]) -> bool:
    """Whether it is a call of a method of the client that sends something."""
    called = node.func if isinstance(node, ast.Call) else None
    if not isinstance(called, ast.Attribute) or called.attr == "build_request":
        return False
    return _is_client(called.value, known)


def _enters(node: ast.With | ast.AsyncWith, known: set[str]) -> bool:
    """Whether the client, or what one of its requests gives, is entered as a context."""
    entered = [item.context_expr for item in node.items]
    return any(_is_client(e, known) or _is_request(e, known) for e in entered)


def _is_looked_into(code: ast.AST, known: set[str]) -> bool:
    """Whether what a request gives is bound to a name, and attributes of that are read."""
    nodes = list(ast.walk(code))
    read = {_name(n.value) for n in nodes if isinstance(n, ast.Attribute)}
    return any(
        isinstance(node, ast.Assign) and _is_request(node.value, known) and _name(target) in read
        for node in nodes
        for target in getattr(node, "targets", ())
        if isinstance(target, ast.Name)
    )


def _hands_on_in_coroutines(code: ast.AST, known: set[str]) -> bool:
    """Whether coroutines mention the client, and none of those leaves work to threads."""
    users = [f for f in _coroutines(code) if any(_is_client(n, known) for n in ast.walk(f))]
    if not users:
        # Nothing in sight uses it: what is asynchronous elsewhere is a hint.
        users = list(_coroutines(code))
    threads = any(_name(n) in _IN_THREADS for user in users for n in ast.walk(user))
    return bool(users) and not threads


def _coroutines(code: ast.AST) -> Iterator[ast.AsyncFunctionDef]:
    for node in ast.walk(code):
        if isinstance(node, ast.AsyncFunctionDef):
            yield node
