"""Generated mutants: the reference, changed in one place by an operator of Cosmic Ray.

Its operators say where they can change a file and how; all of them are used that take no
arguments. What comes out is no mutant where it does not compile, where only an annotation is
changed, and where another operator has made it already.
"""

import ast
import pickle
import warnings
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

import msgspec

from grader.answers import assembly
from grader.candidate import Candidate, SourceFile
from grader.errors import InputError

PROVENANCE = "mutant"

_Position = tuple[int, int]
"""Line and column, the same in both syntax trees where a line is ASCII."""
_Span = tuple[int, int, str]
"""First and last line of a function or class, and its qualified name."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One changed file of the reference."""

    file: str
    line: int
    """The first line that is changed."""
    last: int
    """The last one."""
    lines: tuple[str, ...]
    """What stands there instead."""
    operator: str
    occurrence: int
    """Which of the places where the operator can change the file, from 0."""
    function: str
    """Qualified name of the function or class that holds the line; empty at the top of a file."""
    before: str
    """The changed lines as they were, on one line."""
    after: str

    @property
    def id(self) -> str:
        """Unique among all mutants."""
        return f"{self.file}:{self.line}:{self.operator}:{self.occurrence}"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What stays the same when lines above it come or go."""
        return self.file, self.function, self.before, self.after

    def touches(self, other: "Mutant") -> bool:
        """Whether two change the same lines, or lines beside each other."""
        near = self.line <= other.last + 1 and other.line <= self.last + 1
        return self.file == other.file and near


def mutants(base: Candidate) -> list[Mutant]:
    """Return the mutants of all files of a candidate, by file, line, operator and occurrence."""
    return [mutant for file in base.files for mutant in _of_file(file)]


def build(together: Sequence[Mutant], base: Candidate) -> Candidate:
    """Return the candidate that has these mutations, which must not touch one another."""
    files = []
    for file in base.files:
        lines = file.delivered.splitlines(keepends=True)
        mine = [mutant for mutant in together if mutant.file == file.path]
        for mutant in sorted(mine, key=lambda mutant: mutant.line, reverse=True):
            lines[mutant.line - 1 : mutant.last] = mutant.lines
        files.append(assembly.source_file(file.path, "".join(lines), role=file.role))
    return assembly.from_files(
        files,
        id="mutant",
        name=", ".join(mutant.id for mutant in together),
        kind=base.kind,
        provenance=PROVENANCE,
        main=base.main,
        requires=base.requires,
        binding=base.binding,
    )


def _of_file(file: SourceFile) -> Iterator[Mutant]:
    before = file.delivered
    functions = _functions(ast.parse(before))
    seen = {before}
    found = []
    for operator, occurrence, text in _changed(before):
        if text in seen or not _compiles(text):
            continue
        seen.add(text)
        found.append(_mutant(file.path, before, text, operator, occurrence, functions))
    yield from sorted(found, key=lambda mutant: (mutant.line, mutant.operator, mutant.occurrence))


def _changed(source: str) -> Iterator[tuple[str, int, str]]:
    """Yield every text that an operator makes of a source, with its name and the occurrence."""
    try:
        from cosmic_ray import plugins  # noqa: PLC0415  an extra: only this needs it
        from cosmic_ray.ast import ast_nodes, get_ast  # noqa: PLC0415
        from cosmic_ray.mutating import MutationVisitor  # noqa: PLC0415
    except ImportError as error:
        raise InputError("mutants need Cosmic Ray: pip install 'breaker-grader[audit]'") from error
    pieces = list(_pieces(get_ast(source)))
    texts = [piece.get_code() for piece in pieces]
    for piece in pieces:
        piece.parent = None  # so that it is stored without the rest of the file
    stored = [pickle.dumps(piece) for piece in pieces]
    nodes = [list(ast_nodes(piece)) if hasattr(piece, "children") else [] for piece in pieces]
    silent = _silent(source)
    for full_name in sorted(plugins.operator_names()):
        kind = plugins.get_operator(full_name)
        if kind.arguments():
            continue
        operator, occurrence = kind(), -1
        for number, within in enumerate(nodes):
            places = [place for node in within for place in operator.mutation_positions(node)]
            for here, (start, end) in enumerate(places):
                occurrence += 1
                if any(first <= start and end <= last for first, last in silent):
                    continue
                # A mutation changes the tree. Loading it is faster than parsing.
                piece = pickle.loads(stored[number])  # noqa: S301  our own bytes
                changed = MutationVisitor(here, operator).walk(piece)
                text = changed.get_code() if changed is not None else ""
                whole = "".join((*texts[:number], text, *texts[number + 1 :]))
                yield full_name.partition("/")[2], occurrence, whole


def _pieces(node: Any) -> Iterator[Any]:
    """Yield what a file consists of, down to methods and the statements beside them."""
    if node.type in {"file_input", "classdef", "decorated"} or (
        node.type == "suite" and node.parent.type == "classdef"
    ):
        for child in node.children:
            yield from _pieces(child)
    else:
        yield node


def _silent(source: str) -> list[tuple[_Position, _Position]]:
    """Return where annotations stand: what is changed there changes nothing that is done.

    The files of the reference put off their evaluation (`from __future__ import annotations`).
    """
    annotations: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            annotations.append(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign):
            annotations.append(node.annotation)
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
        for node in annotations
        if node is not None
    ]


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):  # `x is 1` is a mutant like any other
            compile(text, "mutant", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _mutant(  # noqa: PLR0913, PLR0917  what a mutant consists of
    path: str, before: str, text: str, operator: str, occurrence: int, functions: Sequence[_Span]
) -> Mutant:
    old, new = before.splitlines(keepends=True), text.splitlines(keepends=True)
    first = _alike(old, new)
    rest = _alike(old[first:][::-1], new[first:][::-1])
    end = len(old) - rest
    changed = new[first : len(new) - rest]
    return Mutant(
        file=path,
        line=first + 1,
        last=end,
        lines=tuple(changed),
        operator=operator,
        occurrence=occurrence,
        function=_holder(functions, max(end, first + 1)),
        before=_flat(old[first:end]),
        after=_flat(changed),
    )


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many lines two texts have in common at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _flat(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())


def _functions(tree: ast.Module) -> list[_Span]:
    """Return first line, last line and qualified name of every function and class."""
    found: list[_Span] = []

    def look(node: ast.AST, around: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = around
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{around}.{child.name}" if around else child.name
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                found.append((first, child.end_lineno or child.lineno, name))
            look(child, name)

    look(tree, "")
    return found


def _holder(functions: Sequence[_Span], line: int) -> str:
    holding = [(last - first, name) for first, last, name in functions if first <= line <= last]
    return min(holding)[1] if holding else ""
