r"""Text that a candidate had a hand in, made fit to be shown.

A name, a piece of evidence or a source file may hold anything: escape
sequences that repaint a terminal, bidirectional overrides that make code read
other than it runs, a NUL that no XML parser takes, half of a surrogate pair
that no encoder takes. All of them are shown as Python would write them
(`\x1b`, `\u202e`, `\udc80`): nothing acts, and nothing is hidden either.

Escaping for HTML, XML or Markdown is the business of whoever writes those.
"""

import re
from typing import Any

# Zero-width joiner and non-joiner stay: real scripts and emoji need them.
_UNFIT = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"  # C0 and C1 but for tab and newline
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\U000e0000-\U000e0fff]"  # invisible tags and selectors
)
_SPACES = re.compile(r"\s+")
_ELLIPSIS = "…"


def _written_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFF:  # noqa: PLR2004 - the widths that Python's own escapes have
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - as above


def visible(text: str) -> str:
    """Return `text` with everything that acts instead of showing written out.

    Tab and newline stay; carriage returns before a newline go.
    """
    return _UNFIT.sub(_written_out, text.replace("\r\n", "\n"))


def one_line(text: str, limit: int = 400) -> str:
    """Return `text` on one line, visible, at most `limit` characters long."""
    # Cut before the costly part as well: evidence may be megabytes.
    head = text if len(text) <= 4 * limit else text[: 4 * limit]
    line = _SPACES.sub(" ", visible(_SPACES.sub(" ", head))).strip()
    if len(line) <= limit and len(head) == len(text):
        return line
    return line[: limit - 1].rstrip() + _ELLIPSIS


def encodable(value: Any) -> Any:
    """Return plain data with lone surrogates in its strings and keys written out.

    Such a string is legal in Python and can be encoded by nothing.
    """
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {encodable(key): encodable(item) for key, item in value.items()}
        case list() | tuple():
            return [encodable(item) for item in value]
        case _:
            return value
