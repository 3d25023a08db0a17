"""A later version of the breaker: whether it takes the place of the one before it.

People, and models, show a first version and then a better one. Whatever the words promise, an
excerpt replaces nothing; and one of several ways to do it, offered for comparison, does not
either.
"""

import ast
import re
from collections.abc import Sequence

from grader.answers import breaker, names, parsing, version_words
from grader.answers.blocks import Part
from grader.answers.joining import joined

_ELIDED = re.compile(
    r"#[ \t]*(?:\.\.\.|\u2026)|#[^\n]*\b(?:unchanged|same\s+as\s+(?:before|above)|as\s+before"
    r"|remains?\s+the\s+same|existing\s+(?:code|methods?)"
    r"|rest\s+of\s+the\s+(?:class|code|methods|implementation))\b",
    re.IGNORECASE,
)
"""A comment in place of code that stands elsewhere."""


def replaces(part: Part, before: Sequence[Part], after: Sequence[Part]) -> bool:
    """Tell whether *part* is what its author means instead of the parts *before* it.

    It has a whole breaker, and its words say that it is the better one; or those of the first
    call that a sketch; or the example that comes *after*, the first there is, uses what the
    later version alone defines.
    """
    first = [other for other in before if other.breakers & part.breakers]
    if not first or not _is_whole(part, first):
        return False
    known = {above.number for other in first for above in other.block.headings}
    words = version_words.words(part.block, known)
    if version_words.is_other(words):
        return False
    if version_words.is_replacing(words):
        return True
    promised = [word for other in first for word in version_words.words(other.block)]
    if version_words.is_fuller(promised):
        return False
    if version_words.is_fuller(words):
        return True
    defined = {name for other in before for name in other.defines}
    if not defined <= part.defines:
        return False
    next_to_it = part.number == before[-1].number + 1
    used = {name for other in after for name in other.uses}
    return version_words.is_sketch(promised) or (
        next_to_it and bool(used & (part.defines - defined))
    )


def with_replaced(before: list[Part], part: Part) -> list[Part]:
    """Return the parts of the file in which *part* replaces what it defines again.

    Where it leans on what it would replace, as on the imports, it comes below it: of two
    definitions of one name Python takes the later.
    """
    place = next(at for at, other in enumerate(before) if other.defines & part.defines)
    rest = [other for other in before[place:] if not other.defines & part.defines]
    wanted = [*before[:place], part, *rest]
    missing, missed = (
        names.undefined(joined([other.kept for other in parts])) for parts in (before, wanted)
    )
    return wanted if missed <= missing else [*before, part]


def _is_whole(part: Part, first: Sequence[Part]) -> bool:
    """Tell whether *part* has a breaker that can be built and called, as the *first* has."""
    if part.broken and part.closed:
        return False
    if _ELIDED.search(part.text):
        return False
    known = _methods(first)
    return all(
        breaker.has_call(methods) and ("__init__" in methods or "__init__" not in known[name])
        for name, methods in _methods([part]).items()
        if name in known
    )


def _methods(parts: Sequence[Part]) -> dict[str, set[str]]:
    """Return the methods of each breaker."""
    return {
        found.name: {method.name for method in breaker.definitions(found)}
        for part in parts
        for found in breaker.definitions(parsing.tree(part.kept))
        if isinstance(found, ast.ClassDef) and found.name in part.breakers
    }
