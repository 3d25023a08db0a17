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


def parse(text: str) -> ast.Module | Flaw:
    """Return the tree of *text*, in which `await` may stand at the top level.

    Code too deeply nested for this interpreter counts as code that does not parse.
    """
    try:
        return _parsed(text)
    except SyntaxError as error:
        return Flaw(line=error.lineno, message=error.msg)
    except (RecursionError, MemoryError):
        return Flaw(line=None, message="nested too deeply")
    except (ValueError, OverflowError) as error:
        return Flaw(line=None, message=str(error))


@lru_cache(maxsize=64)
def tree(text: str) -> ast.Module:
    """Return the tree of *text*, that of an empty module where it does not parse.

    It is shared by all who ask for it, and not to be changed.
    """
    result = parse(text)
    return result if isinstance(result, ast.Module) else ast.Module(body=[], type_ignores=[])


def _parsed(text: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    for left in reversed(range(_TRIES)):
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `"\d"` is the candidate's affair
            try:
                module = compile(text, "<answer>", "exec", flags, dont_inherit=True)
            except SystemError:
                if left:
                    continue
                raise
        assert isinstance(module, ast.Module)  # noqa: S101 - what PyCF_ONLY_AST means
        return module
    raise AssertionError("the last try returns or raises")
