"""Leaving out what a model thought aloud before it answered.

Models that reason mark it with `<think>` and the like, and what stands there is a draft. A
section goes from its tag at the beginning of a line to the next closing one. Where the opening
tag is missing, as prompts that already open it leave it, all before the closing one is
thought. Where an answer begins with a thought that never ends, it broke off before the answer
began: nothing of it is one, whatever the thought was about to say.
"""

import re
from collections.abc import Collection, Iterator

import msgspec

from grader.answers.text import lines

_NAMES = "think|thinking|reasoning|scratchpad"
_OPENING = re.compile(rf" {{0,3}}<(?P<name>{_NAMES})>", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?P<name>{_NAMES})>", re.IGNORECASE)


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """An opening or closing tag."""

    name: str
    start: int
    end: int
    """Offsets in the text."""
    opens: bool
    fenced: bool
    """It stands in a block of code."""
    inside: bool
    """Other words stand on both sides of it, as where it is only spoken of."""


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """What of an answer is said to its reader."""

    text: str
    endless: bool = False
    """The answer is nothing but a thought that breaks off."""


def is_possible(text: str) -> bool:
    """Tell, at a glance, whether there may be any thought in *text*."""
    return _CLOSING.search(text) is not None or _OPENING.match(text.lstrip("\n")) is not None


def without(text: str, fenced: Collection[int]) -> Spoken:
    """Return *text* without thought; *fenced* are the numbers of the lines of code, from 0."""
    tags = list(_tags(text, fenced))
    kept: list[str] = []
    at = 0
    first = next((tag for tag in tags if not tag.fenced and not tag.inside), None)
    if first is not None and not first.opens and text[first.end :].strip():
        at = first.end
    while True:
        opening = next((t for t in tags if t.opens and not t.fenced and t.start >= at), None)
        if opening is None:
            break
        closing = _closing(opening, tags)
        if closing is None:
            if not text[: opening.start].strip():
                return Spoken(text="", endless=True)
            break
        kept.append(text[at : opening.start] + "\n")
        at = closing.end
    return Spoken(text="".join([*kept, text[at:]]))


def _closing(opening: Tag, tags: list[Tag]) -> Tag | None:
    """Return the end of a section; one in a block of code only where there is no other.

    A draft that broke off in such a block leaves it open, and what follows looks like code.
    """
    after = [
        tag
        for tag in tags
        if not tag.opens and tag.name == opening.name and tag.start >= opening.end
    ]
    return next((tag for tag in after if not tag.fenced), next(iter(after), None))


def _tags(text: str, fenced: Collection[int]) -> Iterator[Tag]:
    start = 0
    for number, line in enumerate(lines(text)):
        opening = _OPENING.match(line)
        for match in [*([opening] if opening else []), *_CLOSING.finditer(line)]:
            yield Tag(
                name=match["name"].lower(),
                start=start + match.start(),
                end=start + match.end(),
                opens=match is opening,
                fenced=number in fenced,
                inside=bool(line[: match.start()].strip() and line[match.end() :].strip()),
            )
        start += len(line)
