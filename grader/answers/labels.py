"""What the words around a block say about it: its language, its file, its purpose."""

import re
from collections.abc import Iterator

from grader.answers import paths
from grader.answers.markdown import Block
from grader.answers.text import lines

_PYTHON = re.compile(r"\{?\s*\.?(?:i?python|py)[\d.]*(?![\w+-])", re.IGNORECASE)
_PATH = r"(?P<path>(?:\b[A-Za-z]:)?[\w./\\~-]*\w\.py)\b"
_ANY_PATH = re.compile(_PATH)
_COMMENT = re.compile(
    r"#[\s#=*─-]*(?:(?:file(?:name)?|path|module)\s*:?\s*)?[`'\"]?" + _PATH + r"[`'\"]?"
    r"\s*(?:$|[\s:(#=*\u2500\u2013\u2014-].*)",
    re.IGNORECASE,
)
_DOCSTRING = re.compile(
    r"[rRuU]?(?P<quote>\"\"\"|''')\s*[`]?" + _PATH + r"[`]?\s*(?:$|\n|(?P=quote)|[:\u2013\u2014-])"
)
_CLIENT_OF = re.compile(
    r"\b(?:run|running|python3?|imports?|use|using|uses|from|with|extends?|like|see|than)"
    r"\s*(?:the\s+)?[`*_'\"]*$",
    re.IGNORECASE,
)
_USAGE = re.compile(
    r"\b(?:usage|examples?|demo|demonstration|quick\s?-?\s?start|how\s+to\s+use|getting\s+started"
    r"|try\s+it|in\s+action|unit\s+tests?|tests?|testing)\b",
    re.IGNORECASE,
)
_USAGE_FILE = re.compile(
    r"(?:.*/)?(?:(?:example|usage|demo|test|quickstart)s?(?:[_.].*|/.*)"
    r"|.*_(?:example|usage|demo|test)s?\.py|main\.py)"
)
_ANYTHING = {"text", "txt", "code", "jupyter", "notebook", "plaintext", "source"}
_ESCAPED = re.compile(r"\\([_.*-])")
r"""Marks that Markdown would take for markup, as in `\_\_init\_\_.py`."""
_LOOKED_AT = 400
"""Characters of a text that are searched for a name: searching is quadratic at worst."""
_LABEL = 60
"""Characters a label may have beside the file name; what is longer is prose."""


def is_python(info: str) -> bool:
    """Tell whether an info string says Python, as `py`, `{.python}` and `python:x.py` do."""
    return _PYTHON.match(info) is not None


def may_be_python(info: str) -> bool:
    """Tell whether an info string leaves open what the block is; none at all does so too."""
    words = info.lower().split()
    return not words or words[0] in _ANYTHING


def says_usage(block: Block) -> bool:
    """Tell whether a block's lead-in or one of its headings announces an example.

    A heading of the first level with others below it titles the whole answer, so
    it says nothing about one block.
    """
    near = [above.text for above in block.headings[-1:]]
    above = [above.text for above in block.headings[:-1] if above.level > 1]
    return any(_USAGE.search(words[-_LOOKED_AT:]) for words in [*near, *above, block.lead_in])


def is_usage_file(path: str) -> bool:
    """Tell whether a file's name says that it is an example, a demonstration or a test."""
    return _USAGE_FILE.fullmatch(path.lower()) is not None


def own_path(block: Block) -> str | None:
    """Return the file name a block carries: in its info string, first lines or lead-in."""
    for found in _own_paths(block):
        path = _clean(found)
        if path:
            return path
    return None


def heading_path(block: Block) -> str | None:
    """Return the file name in the heading directly above a block, as in `### x.py`."""
    if not block.headings:
        return None
    found = _label(block.headings[-1].text)
    return _clean(found) if found else None


def _own_paths(block: Block) -> Iterator[str]:
    info = _ANY_PATH.search(_PYTHON.sub("", block.info[:_LOOKED_AT], count=1))
    if info:
        yield info["path"]
    source = block.text.lstrip("\n")[:_LOOKED_AT]
    for line in lines(source)[:3]:
        if line.startswith(("#!", "# -*-")):
            continue
        comment = _COMMENT.match(line.rstrip())
        if comment:
            yield comment["path"]
        break
    docstring = _DOCSTRING.match(source)
    if docstring:
        yield docstring["path"]
    label = _label(block.lead_in.rsplit("\n", 1)[-1])
    if label:
        yield label


def _label(text: str) -> str | None:
    """Return the path in a text that does nothing but name a file."""
    text = _ESCAPED.sub(r"\1", text)
    found = list(_ANY_PATH.finditer(text)) if len(text) <= _LOOKED_AT else []
    if len(found) != 1 or len(text) - len(found[0]["path"]) > _LABEL:
        return None
    return None if _CLIENT_OF.search(text[: found[0].start()]) else found[0]["path"]


def _clean(path: str) -> str | None:
    """Return *path* as seen from the folder that is imported from; None if it is unsafe.

    `src/` and folders that no import statement can name (`my-project/`) hold
    packages and are none.
    """
    parts = path.removeprefix("./").split("/")
    while len(parts) > 1 and (parts[0] == "src" or not parts[0].isidentifier()):
        if parts[0] in {"", "~", "..", "."} or ":" in parts[0] or "\\" in parts[0]:
            return None
        parts = parts[1:]
    cleaned = "/".join(parts)
    good = cleaned == "__init__.py" or paths.refusal(cleaned) is None
    return cleaned if good else None  # the layout finds `__init__.py` its folder
