"""The packages an answer tells its reader to install."""

import re
from collections.abc import Iterable, Iterator

_COMMAND = re.compile(
    r"\b(?:(?:uv\s+)?pip[\d.]*\s+install|(?:uv|poetry|pdm|rye)\s+add|pipenv\s+install)"
    r"(?P<rest>(?:[ \t]+[^\s;&|#`]+)+)"
)
_INLINE = re.compile(r"(?<!`)(`{1,2})(?P<code>[^`]{1,400})\1(?!`)")
_NAME = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?=$|[\[=<>!~ ;@])")
_TAKES_VALUE = {
    *("-r", "-c", "-e", "-i", "-f", "-t", "--requirement", "--constraint", "--editable"),
    *("--index-url", "--extra-index-url", "--find-links", "--target", "--group", "-G"),
}
_TOOLS = {"pip", "setuptools", "wheel"}
_SHELLS = {"bash", "sh", "shell", "console", "zsh", "terminal", "shell-session", "text", "txt", ""}


def is_shell(info: str) -> bool:
    """Tell whether a block with this info string may hold shell commands."""
    words = info.lower().strip("{}").split()
    return not words or words[0].lstrip(".") in _SHELLS


def from_commands(text: str) -> Iterator[str]:
    """Yield the package names of each install command in *text*, normalised."""
    for match in _COMMAND.finditer(text.replace("\\\n", " ")):
        yield from _names(match["rest"].split())


def from_prose(text: str) -> Iterator[str]:
    """Yield the names of commands that are set as inline code in a paragraph."""
    for match in _INLINE.finditer(text):
        yield from from_commands(match["code"])


def from_comments(source: str) -> Iterator[str]:
    """Yield the names of commands in the comment lines of Python *source*."""
    for line in source.split("\n"):
        if line.lstrip().startswith("#"):
            yield from from_commands(line)


def from_requirements(text: str) -> Iterator[str]:
    """Yield the names in the lines of a `requirements.txt`."""
    for line in text.split("\n"):
        yield from _names(line.split("#")[0].split()[:1])


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return *names* sorted, each once."""
    return tuple(sorted(set(names)))


def _names(words: list[str]) -> Iterator[str]:
    skip = False
    for word in words:
        bare = word.strip("'\",")
        if skip or bare.startswith("-"):
            skip = not skip and bare in _TAKES_VALUE
            continue
        match = _NAME.match(bare)
        if match is None or "/" in bare or bare.endswith((".txt", ".whl", ".gz", ".toml")):
            continue
        name = re.sub(r"[-_.]+", "-", match["name"]).lower()
        if name not in _TOOLS:
            yield name
