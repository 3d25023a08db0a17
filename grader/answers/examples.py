"""Which blocks of an answer are examples: they show the breaker and are no part of it."""

from collections.abc import Sequence

from grader.answers import names
from grader.answers.blocks import Part
from grader.answers.breaker import is_guard
from grader.answers.joining import joined
from grader.answers.modules import imports_client

_ANYWHERE = frozenset(
    {
        *("anyio", "attr", "attrs", "loguru", "pydantic", "pydantic_settings", "structlog"),
        "typing_extensions",
    }
)
"""Packages that any code may be written with: they do not tell what it is for."""


def examples(found: Sequence[Part]) -> set[int]:
    """Return the numbers of the blocks that show how the breaker is used.

    A block that defines a breaker is none. Neither is one that defines, without
    running anything, what the implementation needs and has nowhere else; and
    where all blocks look like examples, the first counts as the implementation.
    """
    shown = {part.number for part in found if _is_foretaste(part, found)}
    beside: set[int] = set()
    modules = {part.path.split("/")[0].removesuffix(".py") for part in found if part.path}
    for part in found:
        if part.number in shown:
            continue
        before = found[: part.number]
        core = [other for other in before if other.number not in shown]
        if _is_example(part, {name for other in core for name in other.breakers}, first=not core):
            shown.add(part.number)
        elif _goes_beyond(part, core, [p for p in before if p.number in shown], modules):
            shown.add(part.number)
            beside.add(part.number)
    return _unneeded(found, shown, beside)


def _unneeded(found: Sequence[Part], shown: set[int], beside: set[int]) -> set[int]:
    """Return those of the *shown* that the rest does without."""
    core = [part for part in found if part.number not in shown]
    needed = {name for part in core for name in part.uses}
    needed -= {name for part in core for name in part.defines}
    kept = {part.number for part in found if not part.runs and needed & part.defines}
    if beside:
        missing = names.undefined(joined([part.kept for part in core])) if core else set()
        kept |= {part.number for part in found if part.number in beside and missing & part.binds}
    shown = shown - kept
    return shown if len(shown) < len(found) else shown - {0}


def _is_foretaste(part: Part, found: Sequence[Part]) -> bool:
    """Tell whether a nameless block cannot run, for it calls what only a later one defines.

    It may call that as a decorator, and define what nobody goes on to use.
    """
    if part.path is not None or part.breakers:
        return False
    after = found[part.number + 1 :]
    later = {name for other in after for name in other.defines}
    if part.defines & {name for other in after for name in other.uses - later}:
        return False  # it defines something for them
    known = {name for other in found[: part.number] for name in other.defines}
    known |= {one.name for one in part.imports}
    return bool((part.calls | part.decorators) & (later - known))


def _is_example(part: Part, breakers: set[str], *, first: bool) -> bool:
    """Judge one block, given the *breakers* defined before it.

    *first* says that no implementation came before it.
    """
    if part.breakers:
        return False
    if part.says_usage or part.runs:
        return True
    if part.path is not None or part.indented or first:
        return False
    shows = not part.defines or part.calls & breakers or imports_client(part.imports)
    return bool(breakers and shows)


def _goes_beyond(part: Part, core: list[Part], shown: list[Part], modules: set[str]) -> bool:
    """Tell whether a nameless block builds something of its own on the breaker in *core*.

    It cannot be loaded without a package that the breaker does without, as a web framework's
    handlers or an exporter of metrics; or it uses what only the blocks *shown* before it
    define; or it decorates a function with the breaker. *modules* are the answer's own.
    """
    if part.path is not None or part.indented or part.breakers:
        return False
    if not any(other.breakers for other in core):
        return False
    bound = {name for other in core for name in other.binds}
    known = {one.top for one in part.imports if one.name in bound} | modules | _ANYWHERE
    known |= {module for other in core for module in other.requires}
    if part.requires - known or any(is_guard(name) for name in part.decorators & bound):
        return True
    only_shown = {name for other in shown for name in other.binds} - bound
    return bool(only_shown & part.uses and only_shown & names.undefined(part.kept))
