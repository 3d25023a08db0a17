"""Names that a candidate uses and defines nowhere."""

import ast
import warnings

from pyflakes import checker, messages  # type: ignore[import-untyped]

from grader.answers import parsing
from grader.answers.continuing import continued
from grader.answers.joining import ended
from grader.candidate import Candidate, SourceFile


def undefined_names(candidate: Candidate) -> list[str]:
    """Return one sentence for each name of each file that is defined nowhere.

    An example that continues another file may use its names, and those of the examples
    before it that continue the same. What is judged is the kept text. `import *`
    makes every name possible, so it silences the file.
    Sorted by file and line; a name is told once per file, where it is used first.
    """
    return [
        f"{file.path}:{line} uses {name}, which is defined nowhere"
        for file in sorted(candidate.files, key=lambda file: file.path)
        for line, name in _undefined(file, continued(file, candidate.files))
    ]


def undefined(text: str) -> set[str]:
    """Return the names that *text* uses and defines nowhere; empty where it does not parse."""
    return {name for name, _ in _found(parsing.tree(text))}


def _undefined(file: SourceFile, others: list[SourceFile]) -> list[tuple[int, str]]:
    before = "".join(ended(other.text) for other in others)
    offset = before.count("\n")
    first: dict[str, int] = {}
    for name, line in _found(parsing.tree(before + file.text)):
        if line > offset:
            first[name] = min(first.get(name, line), line)
    return sorted((line - offset, name) for name, line in first.items())


def _found(tree: ast.Module) -> list[tuple[str, int]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = checker.Checker(tree, "<answer>", builtins=(), withDoctest=False).messages
    except (RecursionError, AssertionError):
        # Too deep to look into, or a future import within a class, at which pyflakes gives up:
        # nothing is claimed.
        return []
    return [
        (str(message.message_args[0]), int(message.lineno))
        for message in found
        if isinstance(message, messages.UndefinedName)
    ]
