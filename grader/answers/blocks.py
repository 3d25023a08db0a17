"""The Python blocks of an answer.

All that is known about a block is read off its kept text, its info string and
the words around it; nothing is run.
"""

import ast
from collections.abc import Iterator, Sequence

import msgspec

from grader.answers import bare, breaker, cutting, heredocs, labels, notebook, parsing, paths
from grader.answers.markdown import Block, Document
from grader.answers.modules import Imported, imported, required

_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One Python block of an answer."""

    number: int
    """Its place among the answer's Python blocks, from 0."""
    block: Block
    """Where it was read."""
    text: str
    kept: str
    """What of it parses."""
    closed: bool
    path: str | None
    """The file it says it is, made safe; None for a nameless block."""
    defines: frozenset[str]
    """Classes and functions at the top level."""
    breakers: frozenset[str]
    """Those of them that are circuit breakers."""
    binds: frozenset[str]
    """Names that it gives a value at the top level, by whatever statement."""
    uses: frozenset[str]
    """Names that are read anywhere in it."""
    calls: frozenset[str]
    """Names that are called while it is imported."""
    decorators: frozenset[str]
    """Names that what it defines at the top level, or a method of that, is decorated with."""
    imports: tuple[Imported, ...]
    """What is imported anywhere in it."""
    requires: frozenset[str]
    """Modules outside the standard library without which it does not load."""
    says_usage: bool
    """The words around it, or its file name, announce an example or a test."""
    runs: bool
    """It does something beyond defining when it is run as a program."""
    broken: bool
    """It does not parse as delivered, or its fence is open."""
    indented: bool
    """It begins inside a block of code that was opened elsewhere."""


def parts(document: Document) -> list[Part]:
    """Return the Python blocks of an answer in order.

    An answer without any fence may be bare Python, perhaps between prose, or indented
    as Markdown once asked for: what parses and has a definition or an import is taken then.
    """
    found: list[Part] = []
    named_by: set[int] = set()
    for cell in _python(document):
        block = msgspec.structs.replace(cell, text=notebook.plain(cell.text))
        path = labels.own_path(block)
        if path is None and block.headings and block.headings[-1].number not in named_by:
            path = labels.heading_path(block)
        named_by |= {above.number for above in block.headings[-1:]}
        if block.text.strip() or (path is not None and block.closed):
            found.append(_part(len(found), block, path))
    return found


def _python(document: Document) -> list[Block]:
    found: list[Block] = []
    for block in document.blocks:
        if labels.is_python(block.info) or (labels.may_be_python(block.info) and _is_code(block)):
            found.append(block)
        else:
            found += heredocs.written(block)
    return found or _unfenced(document)


def _unfenced(document: Document) -> list[Block]:
    runs = list(bare.runs(document.outside))
    if not document.blocks:
        kept = cutting.cut(document.text)
        whole = kept.cut is None or (len(runs) == 1 and document.text.endswith(runs[0].text))
        if whole and _has_code(kept.text, definition=kept.cut is not None):
            return [Block(info="python", text=document.text, closed=True)]
    indented = [] if document.blocks else document.indented
    blocks = [Block(info="", text=text, closed=True) for text in indented]
    return runs or [block for block in blocks if _is_code(block)]


def _is_code(block: Block) -> bool:
    """Tell whether an untagged block is Python: many are diagrams or output.

    One that is called a text has to define something: a list of imports may be there to be read.
    """
    kept = cutting.cut(notebook.plain(block.text), open_fence=not block.closed)
    sound = kept.cut is None or not block.closed
    return sound and _has_code(kept.text, definition=bool(block.info))


def _has_code(text: str, *, definition: bool = False) -> bool:
    wanted = _CODE[:3] if definition else _CODE
    return any(isinstance(node, wanted) for node in parsing.tree(text).body)


def _part(number: int, block: Block, path: str | None) -> Part:
    kept = cutting.cut(block.text, open_fence=not block.closed)
    tree = parsing.tree(kept.text)
    nodes = parsing.nodes(kept.text)
    imports = tuple(imported(nodes))
    return Part(
        number=number,
        block=block,
        text=block.text,
        kept=kept.text,
        closed=block.closed,
        path=path,
        defines=frozenset(found.name for found in breaker.definitions(tree)),
        breakers=frozenset(breaker.breaker_classes(tree)),
        binds=frozenset(_bound(tree.body)),
        uses=frozenset(node.id for node in nodes if isinstance(node, ast.Name)),
        calls=frozenset(_called_at_import(tree.body)),
        decorators=frozenset(_decorators(tree)),
        imports=imports,
        requires=frozenset(required(tree)),
        says_usage=labels.says_usage(block) or labels.is_usage_file(path or ""),
        runs=_runs(block.text, tree.body),
        broken=kept.cut is not None,
        indented=kept.cut is not None and block.text.lstrip("\n")[:1].isspace(),
    )


def _called_at_import(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            roots: Sequence[ast.AST] = statement.decorator_list
        else:
            roots = [statement]
        for node in (inner for root in roots for inner in ast.walk(root)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement.name
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _decorators(tree: ast.Module) -> Iterator[str]:
    for found in breaker.definitions(tree):
        inner = breaker.definitions(found) if isinstance(found, ast.ClassDef) else ()
        for decorator in (d for node in (found, *inner) for d in node.decorator_list):
            node: ast.expr = decorator
            while isinstance(node, ast.Call | ast.Attribute):
                node = node.func if isinstance(node, ast.Call) else node.value
            if isinstance(node, ast.Name):
                yield node.id


def _runs(text: str, body: list[ast.stmt]) -> bool:
    if "asyncio.run(" in text or "if __name__ ==" in text:
        return True
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def imported_as(found: Sequence[Part], shown: set[int]) -> str | None:
    """Return the path the other blocks import the nameless implementation from.

    An example that says `from breaker import CircuitBreaker` tells the name of a
    file that its author left nameless. None where nothing does.
    """
    nameless = [part for part in found if part.path is None and part.number not in shown]
    defines = {name for part in nameless for name in part.defines}
    taken = {paths.module(part.path) for part in found if part.path is not None}
    for part in found:
        for one in part.imports:
            path = one.module.replace(".", "/") + ".py"
            known = one.level or one.module in taken
            if one.name in defines and not known and paths.refusal(path) is None:
                return path
    return None
