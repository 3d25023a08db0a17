"""Takes single calls out of a program, with what they need, so that each can be made again."""

import ast
import copy
from collections.abc import Callable, Iterable, Iterator

from grader.binding.example_source import names

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PLAIN_CALLS = frozenset("enumerate zip list tuple sorted reversed items values keys".split())
"""What may be called for the values of a loop: nothing is sent by it, and none is a number."""
_REPEATS = (ast.For, ast.AsyncFor, ast.While, ast.comprehension)


class Locals:
    """What a piece of code makes by name, and which calls it makes."""

    def __init__(self, body: ast.AST) -> None:
        self.made: dict[str, ast.stmt] = {}
        self.calls: list[ast.Call] = []
        self._repeated: set[ast.Call] = set()
        """Those calls that stand in a loop."""
        if isinstance(body, ast.FunctionDef | ast.AsyncFunctionDef):
            self._visit_defaults(body.args)
        self._visit_made(body)
        for inner in ast.iter_child_nodes(body):
            self._visit(inner, repeated=isinstance(body, _REPEATS))

    def _visit(self, node: ast.AST, *, repeated: bool) -> None:
        if isinstance(node, _SCOPES):
            self.made.setdefault(node.name, node)
            return
        self._visit_made(node)
        if isinstance(node, ast.Call):
            self.calls.append(node)
            if repeated:
                self._repeated.add(node)
        again = repeated or isinstance(node, _REPEATS)
        for inner in ast.iter_child_nodes(node):
            self._visit(inner, repeated=again)

    def _visit_defaults(self, arguments: ast.arguments) -> None:
        known = [*arguments.posonlyargs, *arguments.args]
        pairs: list[tuple[ast.arg, ast.expr | None]] = [
            *zip(reversed(known), reversed(arguments.defaults), strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if default is not None:
                made = ast.Assign([ast.Name(argument.arg, ast.Store())], default)
                self.made[argument.arg] = ast.fix_missing_locations(made)

    def _visit_made(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            waits = any(isinstance(inner, ast.Await) for inner in ast.walk(node.value))
            if isinstance(target, ast.Name) and not waits:
                self.made.setdefault(target.id, node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                self.made.setdefault(alias.asname or alias.name.split(".")[0], node)
        elif isinstance(node, ast.AsyncWith | ast.With):
            for item in node.items:
                if isinstance(item.optional_vars, ast.Name):
                    made = ast.Assign([item.optional_vars], item.context_expr)
                    self.made.setdefault(item.optional_vars.id, ast.fix_missing_locations(made))
        elif isinstance(node, ast.For | ast.AsyncFor):
            first = _first_of(node)
            for variable in _variables(node):
                self.made.setdefault(variable, first)

    def makes(self, call: ast.Call, others: list[ast.Call]) -> bool:
        """Whether a call only makes the function that one of the others calls."""
        called = {other.func.id for other in others if isinstance(other.func, ast.Name)}
        return any(getattr(self.made.get(name), "value", None) is call for name in called)

    def sources(
        self, call: ast.Call, guards: set[str], is_maker: Callable[[ast.expr], bool]
    ) -> Iterator[str]:
        """Yield code that makes what a call needs, and a function `single` that makes it.

        What a program makes once, in passing, and what mentions one of the *guards*, is made once
        here as well: a breaker that is new in each call would never open. In a loop the program
        makes it each time itself.
        """
        held = _Held(guards, is_maker)
        if call not in self._repeated:
            single = held.visit(copy.deepcopy(call))
            if held.made:
                yield self._source(call, single, held.made)
        if not held.surely:
            yield self._source(call, call, [])

    def making(self, wanted: Iterable[str]) -> list[str]:
        """Return the code that makes what is wanted by name, and what that needs."""
        needed, waiting = set[str](), set(wanted)
        while waiting:
            name = waiting.pop()
            if name in self.made and name not in needed:
                needed.add(name)
                waiting |= names(self.made[name])
        nodes = dict.fromkeys(node for name, node in self.made.items() if name in needed)
        return [ast.unparse(node) for node in nodes]

    def _source(self, call: ast.Call, single: ast.Call, held: list[ast.expr]) -> str:
        lines = self.making(names(call))
        lines += [f"{_name(place)} = {ast.unparse(made)}" for place, made in enumerate(held)]
        lines.append("async def single():")
        lines.append(f"    made = {ast.unparse(single)}")
        lines.append("    return await made if hasattr(made, '__await__') else made")
        return "\n".join(lines) + "\n"


def _variables(loop: ast.For | ast.AsyncFor) -> list[str]:
    return [node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)]


def _first_of(loop: ast.For | ast.AsyncFor) -> ast.stmt:
    """Return code that gives the variables of a loop the values of its first round, or 1."""
    variables = " = ".join(_variables(loop))
    if not variables:
        return ast.Pass()  # `for () in …`
    calls = [n.func for n in ast.walk(loop.iter) if isinstance(n, ast.Call)]
    plain = all(getattr(f, "id", getattr(f, "attr", "")) in _PLAIN_CALLS for f in calls)
    if isinstance(loop, ast.AsyncFor) or not plain:
        return ast.parse(f"{variables} = 1").body[0]
    target, values = ast.unparse(loop.target), ast.unparse(loop.iter)
    taking = f"try:\n {target} = next(iter({values}))\nexcept Exception:\n {variables} = 1"
    return ast.parse(taking).body[0]


def _name(place: int) -> str:
    return f"single_{place}"


class _Held(ast.NodeTransformer):
    """Puts names in the place of what is made in passing: `make()(url)`, `use(Breaker(), url)`."""

    def __init__(self, guards: set[str], is_maker: Callable[[ast.expr], bool]) -> None:
        self._guards = guards
        self._is_maker = is_maker
        self.made: list[ast.expr] = []
        self.surely = False
        """None of what is held can be an answer that is read, as in `fetch(url).json()`."""

    def _hold(self, made: ast.expr, *, surely: bool) -> ast.expr:
        self.surely = surely and (self.surely or not self.made)
        self.made.append(made)
        return ast.Name(_name(len(self.made) - 1), ast.Load())

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Hold what the call is a call of, and those of its arguments that are made for it."""
        node.func = self._called(node.func, surely=True)
        node.args = [self._handed(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self._handed(keyword.value)
        return node

    def _called(self, node: ast.expr, *, surely: bool) -> ast.expr:
        if isinstance(node, ast.Attribute | ast.Subscript):
            node.value = self._called(node.value, surely=False)
            return node
        if isinstance(node, ast.Call) and names(node) & self._guards:
            return self._hold(node, surely=surely or self._is_maker(node))
        return self._left(node)

    def _handed(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Call) and self._is_maker(node):
            return self._hold(node, surely=True)
        return self._left(node)

    def _left(self, node: ast.expr) -> ast.expr:
        left: ast.expr = self.visit(node)
        return left

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Leave alone what depends on arguments that are not known here."""
        return node if node.args.args else self.generic_visit(node)
