"""What the words before a block say of it as one of several versions of a thing."""

import re

from grader.answers.markdown import Block

_THING = (
    r"(?:version|implementation|code|class|breaker|solution|one|module|file|script|listing|rewrite"
    r"|block|answer|methods?)\b"
)
_REPLACING = r"(?:improved|corrected|fixed|final|revised|updated|refined|rewritten)"
_FULLER = (
    r"(?:complete|full|fuller|production(?:[\s-](?:ready|grade|quality))?|enhanced|advanced"
    r"|hardened|robust|polished|better|consolidated)"
)


def _announcing(quality: str, others: str) -> re.Pattern[str]:
    """Match a *quality* of a thing some words on, or one that is all there is to a heading."""
    near = r"(?:[\s,:/-]+[\w`'*]+){0,3}?[\s,:-]+[`*_]*"
    pattern = rf"\b{quality}\b{near}{_THING}|^\W*{quality}\W*$|{others}"
    return re.compile(pattern, re.IGNORECASE)


_SAYS_REPLACING = _announcing(
    _REPLACING,
    r"\b(?:replaces?|supersedes?)\s+(?:it|this|that|the|my|what|both|everything)\b",
)
_SAYS_FULLER = _announcing(
    _FULLER, r"\b(?:version\s+(?:2|two)|v2|all\s+together|in\s+one\s+file)\b|\brecommend"
)
_SKETCH = re.compile(
    r"\b(?:sketch|na[iï]ve|basic|simple|simplest|minimal|rough|toy|starting\s+point"
    r"|(?:first|initial)\s+(?:draft|attempt|version|cut|pass|try))\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:alternativ\w*|alternate|options?|optional(?:ly)?|variants?|variations?|simpler"
    r"|simplified|lightweight|bonus|redis|distributed|sync|synchronous|blocking"
    r"|thread(?:s|ed|ing)|instead(?!\s+of\s+(?:the|that|this|my|it)\b)"
    r"|another\s+(?:way|approach|option|version|implementation|style|take)"
    r"|if\s+you(?:\s+(?:also|only|just|would|do|are))*"
    r"\s+(?:prefer|need|want|use|like|using|rather))\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?]\s+")
_LOOKED_AT = 400
"""Characters from the end of a text that are looked at."""


def is_replacing(words: list[str]) -> bool:
    """Tell whether they announce what takes the place of something before it."""
    return any(_SAYS_REPLACING.search(last) for last in map(_last_sentence, words))


def is_fuller(words: list[str]) -> bool:
    """Tell whether they announce the full thing."""
    return any(_SAYS_FULLER.search(last) for last in map(_last_sentence, words))


def is_sketch(words: list[str]) -> bool:
    """Tell whether they announce something smaller than the thing itself."""
    return any(_SKETCH.search(text[-_LOOKED_AT:]) for text in words) and not is_fuller(words)


def is_other(words: list[str]) -> bool:
    """Tell whether they announce one of several ways, of which the first was another one."""
    return any(_OTHER.search(text[-_LOOKED_AT:]) for text in words)


def words(block: Block, known: set[int] | frozenset[int] = frozenset()) -> list[str]:
    """Return the words before *block*: its last heading and its lead-in.

    A heading whose number is *known* stood above an earlier version too, and tells no difference.
    """
    near = [above.text for above in block.headings[-1:] if above.number not in known]
    return [*near, block.lead_in]


def _last_sentence(text: str) -> str:
    return _SENTENCE.split(text[-_LOOKED_AT:].rstrip())[-1]
