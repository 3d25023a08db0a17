"""Python source for the expressions that a breaker is built with (see `grader.worker`)."""

import math
from typing import Any

PLAIN_FAILURE = "ServiceFailure"
_LONG = 1e6
_BUILTIN = frozenset({"ConnectionError", "TimeoutError", "ValueError"})


class NoScriptError(Exception):
    """There is no stand-alone script for this, and the message says why."""


class Imports:
    """The names that a piece of source needs, and those that it gives."""

    def __init__(self) -> None:
        self._modules: dict[str, set[str]] = {}
        self.own_errors: set[str] = set()
        """Exception classes that the script has to define."""
        self._fresh = 0

    def name(self, path: str) -> str:
        """Return how `module:Name` is written once it is imported."""
        module, _, dotted = path.partition(":")
        if module == "builtins":
            return dotted
        self._modules.setdefault(module, set()).add(dotted.partition(".")[0])
        return dotted

    def error(self, told: str) -> str:
        """Return how a class of exceptions is written, by the name that a binding has for it."""
        if ":" in told:
            return self.name(told)
        if told not in _BUILTIN:
            self.own_errors.add(told)
        return told

    def fresh(self, text: str) -> str:
        """Return a text that is another one each time."""
        self._fresh += 1
        return text if self._fresh == 1 else f"{text}_{self._fresh}"

    def lines(self) -> list[str]:
        """Return the import statements."""
        return [f"from {m} import {', '.join(sorted(n))}" for m, n in self._modules.items()]


def written(expression: Any, imports: Imports) -> str:
    """Return the source of an expression.

    Raises NoScriptError for what only a worker can make, such as a listener that it counts with.
    """
    if isinstance(expression, list):
        return f"[{', '.join(written(entry, imports) for entry in expression)}]"
    if isinstance(expression, float) and not math.isfinite(expression):
        return f'float("{expression}")'
    if isinstance(expression, float) and expression >= _LONG:
        return f"{expression:g}".replace("e+0", "e")
    if not isinstance(expression, dict):
        return repr(expression)
    if "$call" in expression:
        return _call(expression, imports)
    if "$timedelta" in expression:
        return f"{imports.name('datetime:timedelta')}(seconds={expression['$timedelta']!r})"
    if "$float" in expression:
        return f'float("{expression["$float"]}")'
    if "$fresh" in expression:
        return repr(imports.fresh(expression["$fresh"]))
    if "$errors" in expression:
        return _errors(expression, imports)
    raise NoScriptError("its breaker is built in a way that no short script can show")


def _call(expression: dict[str, Any], imports: Imports) -> str:
    arguments = [written(entry, imports) for entry in expression.get("args", ())]
    arguments += [f"{k}={written(v, imports)}" for k, v in expression.get("kwargs", {}).items()]
    if "on" in expression:
        function = f"{written(expression['on'], imports)}.{expression['$call']}"
    else:
        function = imports.name(expression["$call"])
    return f"{function}({', '.join(arguments)})"


def _errors(expression: dict[str, Any], imports: Imports) -> str:
    names = [imports.error(name) for name in expression["$errors"]]
    one, several = names[0], f"({', '.join(names)},)"
    return {
        "tuple": several,
        "list": f"[{', '.join(names)}]",
        "set": f"{{{', '.join(names)}}}",
        "frozenset": f"frozenset({several})",
        "predicate": f"lambda error, *more: isinstance(error, {several})",
    }.get(expression["$as"], one)
