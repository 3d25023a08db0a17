"""Code that an answer sets as HTML, `<pre><code>…</code></pre>`, as fenced blocks."""

import html
import re
from collections.abc import Collection

_PRE = re.compile(
    r"^ {0,3}<pre\b(?P<pre>[^>\n]*)>(?:\s*<code\b(?P<code>[^>\n]*)>)?\n?"
    r"(?P<text>.*?)(?:\n?[ \t]*(?P<end>(?:</code>\s*)?</pre>)|\Z)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_LANGUAGE = re.compile(
    r"\b(?:lang=['\"]?|class=['\"](?:lang(?:uage)?-)?)(?P<name>\w+)", re.IGNORECASE
)
_COLOUR = re.compile(r"</?(?:span|font|b|i|em|strong)\b[^>\n]*>", re.IGNORECASE)
_TICKS = re.compile(r"`{3,}")


def is_possible(text: str) -> bool:
    """Tell, at a glance, whether *text* may have such code."""
    return "<pre" in text or "<PRE" in text


def fenced(text: str, code: Collection[int]) -> str:
    """Return *text* with fences in place of tags; *code* are the lines, from 0, that have some."""
    pieces: list[str] = []
    at = line = 0
    for match in _PRE.finditer(text):
        pieces.append(text[at : match.start()])
        line += text.count("\n", at, match.start())
        pieces.append(match[0] if line in code else _fence(match))
        line += match[0].count("\n")
        at = match.end()
    return "".join([*pieces, text[at:]])


def _fence(match: re.Match[str]) -> str:
    language = _LANGUAGE.search(f"{match['code'] or ''} {match['pre']}")
    inner = html.unescape(_COLOUR.sub("", match["text"]))
    ticks = max(["``", *_TICKS.findall(inner)], key=len) + "`"
    end = f"\n{ticks}\n" if match["end"] else ""
    return f"\n{ticks}{language['name'] if language else ''}\n{inner}{end}"
