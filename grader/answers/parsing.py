"""The tree of a text that nobody promised to be Python.

Scenarios are played by several threads, and until CPython 3.11.8 and 3.12.2 the conversion of
trees counted its depth for the whole interpreter (python/cpython issue 106905): two at a time
fail with a SystemError. So one is made at a time, and where a library beside us made one in that
moment, it is made again.
"""

import ast
import warnings
from functools import lru_cache
from threading import Lock

import msgspec

_ONE_AT_A_TIME = Lock()

_TRIES = 20
"""Of a conversion that another one disturbed; each lasts some milliseconds."""


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """Why a text does not parse."""

    line: int | None
    """Line of the error, from 1; None where the parser gave up without a place."""
    message: str


class Warned(msgspec.Struct, frozen=True, kw_only=True):
    """What the parser warns of, such as an escape that is none."""

    line: int
    """From 1."""
    message: str


def parse(text: str) -> ast.Module | Flaw:
    """Return the tree of *text*, in which `await` may stand at the top level.

    Code too deeply nested for this interpreter counts as code that does not parse.
    """
    return _read(text)[0]


def tree(text: str) -> ast.Module:
    """Return the tree of *text*, that of an empty module where it does not parse.

    It is shared by all who ask for it, and not to be changed.
    """
    result, _ = read(text)
    return result if isinstance(result, ast.Module) else ast.Module(body=[], type_ignores=[])


@lru_cache(maxsize=64)
def nodes(text: str) -> tuple[ast.AST, ...]:
    """Return every node of the tree of *text*, as `ast.walk` does.

    Many look through a whole text, each for something else; this goes over it once for all.
    """
    return tuple(ast.walk(tree(text)))


def warned(text: str) -> tuple[Warned, ...]:
    """Return what the parser warns of in *text*, as far as it parses."""
    return read(text)[1]


@lru_cache(maxsize=64)
def read(text: str) -> tuple[ast.Module | Flaw, tuple[Warned, ...]]:
    """Return what `parse` does, and what the parser warns of; once for all who ask."""
    return _read(text)


def _read(text: str) -> tuple[ast.Module | Flaw, tuple[Warned, ...]]:
    try:
        return _parsed(text)
    except SyntaxError as error:
        flaw = Flaw(line=error.lineno, message=error.msg)
    except (RecursionError, MemoryError):
        flaw = Flaw(line=None, message="nested too deeply")
    except (ValueError, OverflowError) as error:
        flaw = Flaw(line=None, message=str(error))
    return flaw, ()


def _parsed(text: str) -> tuple[ast.Module, tuple[Warned, ...]]:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    for left in reversed(range(_TRIES)):
        with _ONE_AT_A_TIME, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                module = compile(text, "<answer>", "exec", flags, dont_inherit=True)
            except SystemError:
                if left:
                    continue
                raise
        assert isinstance(module, ast.Module)  # noqa: S101 - what PyCF_ONLY_AST means
        return module, tuple(Warned(line=w.lineno, message=str(w.message)) for w in caught)
    raise AssertionError("the last try returns or raises")
