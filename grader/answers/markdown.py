"""The fenced blocks of a Markdown answer, each with the words that stand around it.

Only the block structure is parsed: inline markup decides nothing here, and it is
where hostile text is slow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from grader.answers import html_code, lost_fences, thought
from grader.answers.text import lines

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_NESTING = 20
"""Levels of quotes and lists that are followed; deeper ones are not looked into."""

_WRAPPED = 3
"""Levels of ```` ```markdown ```` around an answer that are unwrapped."""


_FORGOTTEN = 10
"""Closing fences that are set where they were forgotten."""


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """A heading above a block."""

    level: int
    """1..6."""
    text: str
    """As written, with its inline markup."""
    number: int
    """Its place among the answer's headings, which tells equal ones apart."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One fenced block."""

    info: str
    """What follows the opening fence: the language, perhaps a file name."""
    text: str
    closed: bool
    """Whether the closing fence arrived; only an answer's last block can be open."""
    headings: tuple[Heading, ...] = ()
    """The headings it stands under, outermost first."""
    lead_in: str = ""
    """The paragraph directly before it, if there is one."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is made of, as far as code is concerned."""

    text: str
    """Without what the model thought aloud."""
    blocks: tuple[Block, ...]
    prose: tuple[str, ...]
    """Paragraphs and headings, with their inline markup."""
    indented: tuple[str, ...]
    """Code that is set off by indentation alone."""
    outside: str = ""
    """The text, with three backticks for each line of a block."""
    endless_thought: bool = False
    """The answer broke off before it began."""


def read(text: str) -> Document:
    """Take *text* apart. Never raises: every text is Markdown."""
    spoken = thought.Spoken(text=text)
    if thought.is_possible(text):
        spoken = thought.without(text, _lines_of_code(text))
    text = spoken.text
    if html_code.is_possible(text):
        text = html_code.fenced(text, _lines_of_code(text))
    document = _read(text, _WRAPPED)
    return msgspec.structs.replace(document, endless_thought=spoken.endless)


def _lines_of_code(text: str) -> set[int]:
    fences = [token for token in _parser("html_block").parse(text) if token.type == "fence"]
    return {line for token in fences for line in range(*(token.map or (0, 0)))}


def _read(text: str, depth: int) -> Document:
    text, tokens = _parsed(text)
    last_line = text.rstrip().count("\n") + 1
    if any(_ends_early(token, last_line) for token in tokens):
        # Code written further left than the list item it belongs to: CommonMark
        # ends the block there, its author did not.
        tokens = _parser("html_block", "reference", "list").parse(text)
    blocks: list[Block] = []
    for block in _blocks(tokens, last_line):
        words = block.info.lower().split()
        if words and words[0] in {"markdown", "md"} and depth:
            blocks.extend(
                msgspec.structs.replace(inner, closed=inner.closed or block.closed)
                for inner in _read(block.text, depth - 1).blocks
            )
        elif block.closed or block.info or block.text.strip():
            blocks.append(block)
        # An open fence with nothing after it is a closing fence too many.
    return Document(
        text=text,
        blocks=tuple(blocks),
        prose=tuple(token.content for token in tokens if token.type == "inline"),
        outside=_outside(text, tokens),
        indented=tuple(token.content for token in tokens if token.type == "code_block"),
    )


def _parsed(text: str) -> tuple[str, list[Token]]:
    """Return *text*, each fence that was forgotten in it set, and what it consists of."""
    parser = _parser("html_block", "reference")
    for _ in range(_FORGOTTEN):
        tokens = parser.parse(text)
        code = [t for t in tokens if t.type == "fence" and not t.level and _says_python(t)]
        ends = ((token, lost_fences.place(token.content)) for token in code)
        token, end = next(((t, end) for t, end in ends if end is not None), (None, 0))
        if token is None or token.map is None or end is None:
            return text, tokens
        whole = lines(text)
        at = token.map[0] + 1 + end
        text = "".join([*whole[:at], token.markup + "\n", *whole[at:]])
    return text, parser.parse(text)


def _says_python(token: Token) -> bool:
    return token.info.lower().lstrip(" {.").startswith("py")


def _outside(text: str, tokens: list[Token]) -> str:
    kept = lines(text)
    for token in tokens:
        if token.type == "fence" and token.map is not None:
            first, end = token.map
            kept[first:end] = ["```\n"] * len(kept[first:end])
    return "".join(kept)


def _parser(*without: str) -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415  most runs read folders

    parser = MarkdownIt("commonmark", {"maxNesting": _NESTING}).disable(list(without))
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _blocks(tokens: list[Token], last_line: int) -> Iterator[Block]:
    headings: list[Heading] = []
    lead_in = ""
    number = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "inline" and before is not None:
            if before.type == "heading_open":
                level = int(before.tag[1:])
                number += 1
                headings = [above for above in headings if above.level < level]
                headings.append(Heading(level=level, text=token.content, number=number))
                lead_in = ""
            else:
                lead_in = token.content
        elif token.type == "fence":
            closed = _is_closed(token) or _ends_early(token, last_line)
            yield Block(
                info=token.info.strip(),
                text=token.content,
                closed=closed,
                headings=tuple(headings),
                lead_in=lead_in,
            )
            lead_in = ""


def _is_closed(token: Token) -> bool:
    first, end = token.map or (0, 0)
    return end - first - 1 > len(lines(token.content))


def _ends_early(token: Token, last_line: int) -> bool:
    """Tell whether the list or quote around an open fence ended before the text did."""
    if token.type != "fence" or token.map is None or _is_closed(token):
        return False
    return token.map[1] < last_line
