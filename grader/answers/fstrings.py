"""f-strings as Python 3.12 and later read them (PEP 701).

What stands in their braces may there use the quotes of the string itself, backslashes, comments
and several lines; before, each of these was a syntax error.
"""

import re

from grader.answers.parsing import Flaw, parse

_TOKEN = re.compile(
    r"""\#[^\n]* | (?P<prefix>[rR]?[fF]|[fF][rR]|[bB][rR]?|[rR][bB]?|[uU]|)
    (?P<quote>\"{3}|'{3}|"|') | \w+ | .""",
    re.VERBOSE | re.DOTALL,
)
_LITERAL = re.compile(r"\{\{ | \}\} | \\N\{[^}]*\} | \\[^{}] | [^{]", re.VERBOSE | re.DOTALL)
_CONVERSION = re.compile(r"![a-z]\s*")
_STAND_IN = "{_}"
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 4
"""Strings within strings that are looked into: each is read again for each around it."""


class _UnreadableError(Exception):
    """There is no such f-string in any version of Python."""


def plain(text: str) -> str:
    """Return Python code with a name in every brace of its f-strings, which any version can read.

    From the first string on that no version can read, it is as it was.
    """
    parts: list[str] = []
    read = 0
    try:
        while token := _TOKEN.match(text, read):
            part, read = _string(text, token, 0) if token["quote"] else (token[0], token.end())
            parts.append(part)
    except _UnreadableError:
        parts.append(text[read:])
    return "".join(parts)


def _string(text: str, token: re.Match[str], depth: int) -> tuple[str, int]:
    """Return a string, what stands in its braces replaced by a name, and where it ends."""
    if depth > _DEEPEST:
        raise _UnreadableError
    formatted = "f" in token["prefix"].lower()
    at, quote, parts = token.end(), token["quote"], [token[0]]
    while not text.startswith(quote, at):
        if at >= len(text) or (text[at] == "\n" and len(quote) == 1):
            raise _UnreadableError
        if formatted and (literal := _LITERAL.match(text, at)) is None:
            at = _end_of_field(text, at + 1, depth)
            parts.append(_STAND_IN)
            continue
        end = literal.end() if formatted and literal else at + 1 + (text[at] == "\\")
        parts.append(text[at:end])
        at = end
    return "".join([*parts, quote]), at + len(quote)


def _end_of_field(text: str, start: int, depth: int) -> int:
    """Return where a replacement field ends whose brace stands before *start*."""
    at, brackets = start, list[str]()
    while token := _TOKEN.match(text, at):
        here = token[0]
        if not brackets and (here in {"}", ":"} or (here == "!" and text[at + 1 : at + 2] != "=")):
            break
        if here in _CLOSES:
            brackets.append(_CLOSES[here])
        elif here in _CLOSES.values() and (not brackets or brackets.pop() != here):
            raise _UnreadableError
        at = _string(text, token, depth + 1)[1] if token["quote"] else token.end()
    _hold_an_expression(text[start:at])
    return _end_of_format(text, at, depth)


def _hold_an_expression(field: str) -> None:
    shown = field.rstrip().endswith("=")  # `{name=}` shows its own text as well
    inner = plain(field.rstrip().removesuffix("=") if shown else field)
    if not inner.strip() or isinstance(parse(f"(\n{inner}\n)"), Flaw):
        raise _UnreadableError


def _end_of_format(text: str, at: int, depth: int) -> int:
    """Return where a field ends that has come to its conversion, its format or its end."""
    if conversion := _CONVERSION.match(text, at):
        at = conversion.end()
    if text.startswith(":", at):
        at += 1
        while at < len(text) and text[at] not in "}\n":
            at = _end_of_field(text, at + 1, depth + 1) if text[at] == "{" else at + 1
    if not text.startswith("}", at):
        raise _UnreadableError
    return at + 1
