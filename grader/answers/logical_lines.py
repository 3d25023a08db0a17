"""The logical lines of a text that may break off anywhere."""

from collections.abc import Iterator

from parso.python.token import PythonTokenTypes
from parso.python.tokenize import tokenize
from parso.utils import parse_version_string

_LAYOUT = {PythonTokenTypes.INDENT, PythonTokenTypes.DEDENT, PythonTokenTypes.ERROR_DEDENT}


def logical_lines(whole: list[str]) -> Iterator[tuple[str, tuple[int, int], str, int]]:
    """Yield the first token, where it starts, the last token and the last line of each."""
    first, start, last = "", (0, 0), ""
    for token in tokenize("".join(whole), version_info=parse_version_string()):
        if token.type in _LAYOUT:
            continue
        if token.type is PythonTokenTypes.ENDMARKER:
            if first:  # not ended: nothing that starts here is finished
                yield "@", start, last, len(whole)
            return
        if token.type is PythonTokenTypes.NEWLINE:
            if first:
                yield first, start, last, token.start_pos[0]
            first = ""
        else:
            if not first:
                first, start = token.string, token.start_pos
            last = token.string
