"""What a requirement does that leans on many others: it asks them, before it speaks itself."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import spec_tests
from grader.conversation.failures import Blocked, CandidateFailure, Interrupted, Unknown
from grader.specification import MARK


def blocked_unless_all_hold(rows: tuple[str, ...], request: pytest.FixtureRequest) -> None:
    """End the test as `blocked` by the first of these rows that does not hold by itself.

    It ends as `unknown` where one of them cannot be judged. Rows that nobody tests are passed over.
    """
    tests = _tests()
    for row in rows:
        for test in tests.get(row, []):
            try:
                for arguments in _cases(test, request):
                    test(**arguments)
            except Blocked as blocked:
                raise Blocked(blocked.because, str(blocked)) from None
            except (AssertionError, CandidateFailure) as error:
                raise Blocked(row, str(error).splitlines()[0]) from None
            except Unknown as unknown:
                raise Unknown(f"{row} cannot be judged: {unknown}") from None
            except Interrupted:
                continue  # not offered, or a choice that was recorded


def _tests() -> dict[str, list[Callable[..., None]]]:
    """Return the tests that judge each row."""
    found: dict[str, list[Callable[..., None]]] = {}
    for module in pkgutil.iter_modules(spec_tests.__path__, f"{spec_tests.__name__}."):
        if not module.name.rpartition(".")[2].startswith("test_"):
            continue
        for name, test in vars(importlib.import_module(module.name)).items():
            for mark in getattr(test, "pytestmark", ()) if name.startswith("test_") else ():
                if mark.name == MARK:
                    found.setdefault(mark.kwargs["row"], []).append(test)
    return found


def _cases(test: Callable[..., None], request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Yield the arguments of each case of a test: those it is parametrised with, and values."""
    cases: list[dict[str, Any]] = [{}]
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize":
            name, values = mark.args[:2]
            cases = [{**case, name: value} for case in cases for value in values]
    for case in cases:
        wanted = [name for name in inspect.signature(test).parameters if name not in case]
        yield {**case, **{name: request.getfixturevalue(name) for name in wanted}}
