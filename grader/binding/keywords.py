"""Which settings a constructor looks up in `**settings` or in a mapping, as its source says."""

import ast
import re
from collections.abc import Iterable, Iterator

import msgspec

from grader.answers import parsing
from grader.binding import vocabulary as v
from grader.binding.shape import ClassShape, FunctionShape, ParameterShape, Shape
from grader.candidate import Candidate

_ROWS = 3
"""A table of settings has at least so many rows."""
_ENOUGH = 2
"""So many keys that set something make a dictionary one of settings."""
_LOOKUPS = {"get", "pop", "setdefault"}

Keywords = dict[str, tuple[ParameterShape, ...]]
"""What is looked up, by the name of the class or function."""


def keywords_read(candidate: Candidate) -> Keywords:
    """Return what each class or function with `**settings` looks up in them by name."""
    found: Keywords = {}
    for file in candidate.files:
        if file.role != "implementation":
            continue
        tree = parsing.tree(file.text)
        for node in tree.body:
            maker = _maker(node)
            if maker is not None and isinstance(node, ast.ClassDef | ast.FunctionDef):
                looked_up = _unpacked(maker, candidate)
                looked_up = looked_up or _looked_up(maker) or _in_a_schema(maker, tree)
                if looked_up:
                    found[node.name] = looked_up
    return found


def _unpacked(maker: ast.FunctionDef, candidate: Candidate) -> tuple[ParameterShape, ...]:
    """Return the fields of the `TypedDict` that is unpacked: `**settings: Unpack[Settings]`."""
    annotation = maker.args.kwarg.annotation if maker.args.kwarg is not None else None
    words = re.findall(r"\w+", ast.unparse(annotation)) if annotation is not None else []
    if "Unpack" not in words:
        return ()
    nodes = [n for file in candidate.files for n in parsing.nodes(file.text)]
    defaults = _constants(nodes)
    return tuple(
        _shape(name, defaults.get(name), ast.unparse(field.annotation))
        for kind in nodes
        if isinstance(kind, ast.ClassDef) and kind.name in words
        for field in _fields(kind)
        if (name := ast.unparse(field.target))
    )


def _fields(kind: ast.ClassDef) -> list[ast.AnnAssign]:
    return [node for node in kind.body if isinstance(node, ast.AnnAssign)]


def _in_a_schema(maker: ast.FunctionDef, tree: ast.Module) -> tuple[ParameterShape, ...]:
    """Return the keys of a table that tells of each setting its default, and what it has to be.

    They are the settings where a constructor takes any keyword and hands none on as it is.
    """
    kwarg = maker.args.kwarg.arg if maker.args.kwarg is not None else ""
    calls = (node for node in ast.walk(maker) if isinstance(node, ast.Call))
    handed_on = any(
        keyword.arg is None and _named_by(keyword.value) == kwarg
        for call in calls
        if not ast.unparse(call.func).islower()  # to a class, or to what it derives from
        for keyword in call.keywords
    )
    if not kwarg or handed_on:
        return ()
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        rows = _rows(value)
        if len(rows) >= _ROWS:
            return tuple(_shape(name, default) for name, default in rows.items())
    return ()


def _rows(table: ast.expr | None) -> dict[str, object]:
    """Return key → default: the first number of each row; empty where a row has none."""
    pairs: list[tuple[str, ast.expr]] = []
    if isinstance(table, ast.Dict):
        pairs = [
            (_text(k) if k else "", row) for k, row in zip(table.keys, table.values, strict=True)
        ]
    elif isinstance(table, ast.Call) and not table.args:
        pairs = [(keyword.arg or "", keyword.value) for keyword in table.keywords]
    found: dict[str, object] = {}
    for name, row in pairs:
        constants = (n.value for n in ast.walk(row) if isinstance(n, ast.Constant))
        numbers = [n for n in constants if type(n) in (int, float)]
        if not (name.isidentifier() and numbers):
            return {}
        found[name] = numbers[0]
    return found


Mappings = dict[str, dict[str, tuple[ParameterShape, ...]]]
"""What is looked up in a parameter, by the name of the class or function and of the parameter."""


def mappings_read(candidate: Candidate) -> Mappings:
    """Return what each class or function looks up by name in a mapping that it is given."""
    found: Mappings = {}
    for file in candidate.files:
        if file.role != "implementation":
            continue
        tree = parsing.tree(file.text)
        defaults = _constants(parsing.nodes(file.text))
        for name, node, maker in _makers(tree):
            for parameter in (*maker.args.posonlyargs, *maker.args.args, *maker.args.kwonlyargs):
                if _may_be_mapping(parameter):
                    looked_up = _found_in(node, _made_of(maker, parameter.arg), defaults)
                    looked_up = looked_up or _written_out(tree)
                    if looked_up:
                        found.setdefault(name, {})[parameter.arg] = looked_up
    return found


def _makers(tree: ast.Module) -> Iterator[tuple[str, ast.AST, ast.FunctionDef]]:
    """Yield what builds, by name, with where it looks settings up: `Breaker.from_settings`, too."""
    for node in tree.body:
        maker = _maker(node)
        if maker is not None and isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name, node, maker
        if not isinstance(node, ast.ClassDef):
            continue
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and any(
                ast.unparse(d) in {"classmethod", "staticmethod"} for d in method.decorator_list
            ):
                yield f"{node.name}.{method.name}", method, method


def _written_out(tree: ast.Module) -> tuple[ParameterShape, ...]:
    """Return the keys of the one dictionary of settings that a module writes out, or its type."""
    for node in sorted(tree.body, key=lambda node: not isinstance(node, ast.ClassDef)):
        keys: tuple[ParameterShape, ...] = ()
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Dict):
            keys = tuple(
                _shape(key, default) for key, default in _constants(ast.walk(value)).items()
            )
        elif isinstance(node, ast.ClassDef) and "TypedDict" in map(ast.unparse, node.bases):
            keys = tuple(
                _shape(ast.unparse(f.target), None, ast.unparse(f.annotation))
                for f in _fields(node)
            )
        concepts = ("threshold", "rate", "base", "cap", "multiplier", "limit", "successes")
        known = {
            c for c in concepts for key in keys if v.match(key.name, v.PARAMETERS[c]) is not None
        }
        if len(known) >= _ENOUGH:
            return keys
    return ()


def _shape(name: str, default: object, annotation: str = "") -> ParameterShape:
    return ParameterShape(
        name=name,
        kind="keyword_only",
        annotation=annotation,
        required=False,
        default=default if isinstance(default, str | int | float | bool) else None,
    )


def _may_be_mapping(parameter: ast.arg) -> bool:
    annotation = ast.unparse(parameter.annotation).lower() if parameter.annotation else ""
    if annotation:
        return any(word in annotation for word in ("dict", "mapping"))
    return v.normal(parameter.arg) in v.CONFIG_PARAMETERS


def with_mappings(shape: Shape, mappings: Mappings) -> Shape:
    """Return the shape with a class for each mapping, which is built as a plain dictionary."""
    taken: list[ClassShape | FunctionShape] = []
    made: list[ClassShape | FunctionShape] = []

    def taking(name: str, parameters: tuple[ParameterShape, ...]) -> tuple[ParameterShape, ...]:
        keys = mappings.get(name, {})
        made.extend(_dictionary(_mapping(name, key), keys[key]) for key in keys)
        return tuple(
            msgspec.structs.replace(p, annotation=_mapping(name, p.name)) if p.name in keys else p
            for p in parameters
        )

    for member in shape:
        changes: dict[str, object] = {"parameters": taking(member.name, member.parameters)}
        if isinstance(member, ClassShape):
            changes["methods"] = tuple(
                msgspec.structs.replace(
                    method, parameters=taking(f"{member.name}.{method.name}", method.parameters)
                )
                for method in member.methods
            )
        taken.append(msgspec.structs.replace(member, **changes))
    return (*taken, *made)


def _mapping(maker: str, parameter: str) -> str:
    return f"mapping_{maker.replace('.', '_')}_{parameter}"


def _dictionary(name: str, keys: tuple[ParameterShape, ...]) -> ClassShape:
    return ClassShape(
        module="builtins",
        name=name,
        made_by="builtins:dict",
        error=False,
        bases=(),
        enum=(),
        dataclass=False,
        parameters=keys,
        methods=(),
        attributes=(),
    )


def with_keywords(shape: Shape, keywords: Keywords) -> Shape:
    """Return the shape with what is looked up in place of `**settings`."""
    return tuple(_named(member, keywords.get(member.name, ())) for member in shape)


def _named(
    member: ClassShape | FunctionShape, looked_up: tuple[ParameterShape, ...]
) -> ClassShape | FunctionShape:
    plain = tuple(p for p in member.parameters if p.kind != "var_keyword")
    if not looked_up or len(plain) == len(member.parameters):
        return member
    known = {p.name for p in plain}
    added = tuple(p for p in looked_up if p.name not in known)
    return msgspec.structs.replace(member, parameters=(*plain, *added))


def _maker(node: ast.stmt) -> ast.FunctionDef | None:
    """Return the function that builds: a class's `__init__`, or the function itself."""
    if isinstance(node, ast.FunctionDef):
        return node
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                return part
    return None


def _looked_up(maker: ast.FunctionDef) -> tuple[ParameterShape, ...]:
    """Return the names under which `**settings`, or a mapping made of them, are looked up."""
    if maker.args.kwarg is None:
        return ()
    return _found_in(maker, _made_of(maker, maker.args.kwarg.arg), _constants(ast.walk(maker)))


def _constants(nodes: Iterable[ast.AST]) -> dict[str, object]:
    """Return the constants in dictionaries that are written out, by key."""
    found: dict[str, object] = {}
    for mapping in (node for node in nodes if isinstance(node, ast.Dict)):
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                found[str(key.value)] = value.value
    return found


def _found_in(
    where: ast.AST, holders: set[str], defaults: dict[str, object]
) -> tuple[ParameterShape, ...]:
    """Return what is looked up in one of the holders, each name once."""
    found: dict[str, object] = {}
    for node in ast.walk(where):
        name, default = _lookup(node, holders)
        if name and name.isidentifier():
            found.setdefault(name, defaults.get(name) if default is None else default)
    return tuple(_shape(name, default) for name, default in found.items())


def _made_of(maker: ast.FunctionDef, first: str) -> set[str]:
    """Return the variables whose value is made of the settings, directly or not."""
    holders, before = {first}, 0
    while len(holders) > before:
        before = len(holders)
        for node in ast.walk(maker):
            if isinstance(node, ast.Assign) and _mentions(node.value, holders):
                holders |= {named for t in node.targets if (named := _named_by(t))}
    return holders


def _mentions(value: ast.expr, names: set[str]) -> bool:
    """Whether a mapping is built of one of these names: `{**a, **b}`, `dict(a)`, `a | b`."""
    built = isinstance(value, ast.Dict | ast.BinOp | ast.BoolOp | ast.IfExp | ast.Name)
    if isinstance(value, ast.Call):
        built = isinstance(value.func, ast.Name) and value.func.id in {"dict", "ChainMap"}
    return built and any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(value))


def _lookup(node: ast.AST, holders: set[str]) -> tuple[str, object]:
    """Return the name that an expression looks up, and the default it gives; else no name."""
    if isinstance(node, ast.Subscript) and _is_one_of(node.value, holders):
        return _text(node.slice), None
    called = node.func if isinstance(node, ast.Call) else None
    method = called if isinstance(called, ast.Attribute) else None
    if method is None or method.attr not in _LOOKUPS or not _is_one_of(method.value, holders):
        return "", None
    args = node.args if isinstance(node, ast.Call) else []
    default = args[1] if len(args) > 1 else None
    name = _text(args[0]) if args else ""
    return name, default.value if isinstance(default, ast.Constant) else None


def _is_one_of(node: ast.expr, holders: set[str]) -> bool:
    return _named_by(node) in holders


def _named_by(node: ast.expr) -> str:
    """Return a variable's name, or `self.name` of an attribute; empty for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"self.{node.attr}" if node.value.id == "self" else ""
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
