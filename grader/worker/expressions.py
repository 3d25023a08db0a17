"""Builds what the trusted side asks for: constructor calls as data, evaluated here.

An expression is a scalar, a list of expressions, or an object with one of
`$call` (a dotted name in the candidate, with `args` and `kwargs`),
`$timedelta` (seconds), `$errors` (names of exception classes, as a `$as`
container or a single class), `$predicate` (a function that holds for those
classes), `$ear` (a listener, see `listening`) or `$kept` (a value that an earlier
expression kept by name).
"""

import datetime
import importlib
from collections.abc import Callable
from typing import Any

from .surfaces import member
from .upstream import error_class

_CONTAINERS: dict[str, Any] = {"tuple": tuple, "list": list, "set": set, "frozenset": frozenset}


class Builder:
    """Evaluates expressions against the candidate's modules."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self.ear: Callable[[dict[str, Any]], Any] = lambda _wanted: None

    def build(self, expression: Any) -> Any:
        """Return the value of an expression."""
        if isinstance(expression, list):
            return [self.build(entry) for entry in expression]
        if not isinstance(expression, dict):
            return expression
        if "$call" in expression:
            return self._call(expression)
        if "$timedelta" in expression:
            return datetime.timedelta(seconds=expression["$timedelta"])
        if "$ear" in expression:
            return self.ear(expression["$ear"])
        if "$kept" in expression:
            return self._kept[expression["$kept"]]
        errors = [error_class(name) for name in expression["$errors"]]
        if expression["$as"] == "predicate":
            kinds = tuple(errors)
            return lambda error, *_more: isinstance(error, kinds)
        container = _CONTAINERS.get(expression["$as"])
        return container(errors) if container else errors[0]

    def _call(self, expression: dict[str, Any]) -> Any:
        module, _, name = expression["$call"].partition(":")
        function = member(importlib.import_module(module), name)
        args = [self.build(entry) for entry in expression.get("args", ())]
        kwargs = {k: self.build(v) for k, v in expression.get("kwargs", {}).items()}
        value = function(*args, **kwargs)
        if "keep" in expression:
            self._kept[expression["keep"]] = value
        return value
