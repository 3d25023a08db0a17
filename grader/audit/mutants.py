"""Generated mutants: the reference, changed in one place by an operator of Cosmic Ray.

Its operators say where they can change a file and how; all of them are used that take no
arguments. What comes out is no mutant where it does not compile, where only an annotation is
changed, and where another operator has made it already.
"""

import ast
import difflib
import pickle
import warnings
from collections.abc import Iterator, Sequence

import msgspec

from grader.answers import assembly
from grader.candidate import Candidate, SourceFile
from grader.errors import InputError

PROVENANCE = "mutant"

_Position = tuple[int, int]
"""Line and column, as both syntax trees have them: the reference is ASCII before its operators."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One changed file of the reference."""

    file: str
    line: int
    """The first line that is changed."""
    operator: str
    occurrence: int
    """Which of the places where the operator can change the file, from 0."""
    function: str
    """Qualified name of the function or class that holds the line; empty at the top of a file."""
    before: str
    """The changed lines as they were, without indentation."""
    after: str
    text: str
    """The whole file, changed."""

    @property
    def id(self) -> str:
        """Unique among all mutants."""
        return f"{self.file}:{self.line}:{self.operator}:{self.occurrence}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same when lines above it come or go."""
        return self.function, self.before, self.after


def mutants(base: Candidate) -> list[Mutant]:
    """Return the mutants of all files of a candidate, by file, line, operator and occurrence."""
    return [mutant for file in base.files for mutant in _of_file(file)]


def build(mutant: Mutant, base: Candidate) -> Candidate:
    """Return the candidate that a mutant is."""
    files = [
        assembly.source_file(
            file.path, mutant.text if file.path == mutant.file else file.delivered, role=file.role
        )
        for file in base.files
    ]
    return assembly.from_files(
        files,
        id="mutant",
        name=mutant.id,
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
        line, old, new = _difference(before, text)
        found.append(
            Mutant(
                file=file.path,
                line=line,
                operator=operator,
                occurrence=occurrence,
                function=_holder(functions, line),
                before=old,
                after=new,
                text=text,
            )
        )
    yield from sorted(found, key=lambda mutant: (mutant.line, mutant.operator, mutant.occurrence))


def _changed(source: str) -> Iterator[tuple[str, int, str]]:
    """Yield every text that an operator makes of a source, with its name and the occurrence."""
    try:
        from cosmic_ray import plugins  # noqa: PLC0415  an extra: only the audit needs it
        from cosmic_ray.ast import ast_nodes, get_ast  # noqa: PLC0415
        from cosmic_ray.mutating import MutationVisitor  # noqa: PLC0415
    except ImportError as error:
        raise InputError("mutants need Cosmic Ray: pip install 'breaker-grader[audit]'") from error
    tree = get_ast(source)
    stored = pickle.dumps(tree)  # a mutation changes the tree, and loading is faster than parsing
    nodes = list(ast_nodes(tree))
    silent = _silent(source)
    for full_name in sorted(plugins.operator_names()):
        kind = plugins.get_operator(full_name)
        if kind.arguments():
            continue
        operator = kind()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(places):
            if any(first <= start and end <= last for first, last in silent):
                continue
            visitor = MutationVisitor(occurrence, operator)
            changed = visitor.walk(pickle.loads(stored))  # noqa: S301  our own bytes
            yield full_name.partition("/")[2], occurrence, changed.get_code()


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
            compile(text, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _difference(before: str, after: str) -> tuple[int, str, str]:
    """Return the first line that differs, and the lines that do, before and after."""
    old, new = before.splitlines(), after.splitlines()
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    differ = [block for block in blocks if block[0] != "equal"]
    first, last = differ[0], differ[-1]
    return (
        first[1] + 1,
        _flat(old[first[1] : last[2]]),
        _flat(new[first[3] : last[4]]),
    )


def _flat(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())


def _functions(tree: ast.Module) -> list[tuple[int, int, str]]:
    """Return first line, last line and qualified name of every function and class."""
    found: list[tuple[int, int, str]] = []

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


def _holder(functions: Sequence[tuple[int, int, str]], line: int) -> str:
    holding = [(last - first, name) for first, last, name in functions if first <= line <= last]
    return min(holding)[1] if holding else ""
