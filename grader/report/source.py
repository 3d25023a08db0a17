"""A candidate's source, highlighted; what was cut off stands apart."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from markupsafe import Markup
from pygments import highlight  # type: ignore[import-untyped]
from pygments.filter import simplefilter  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import PythonLexer  # type: ignore[import-untyped]
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text  # type: ignore[import-untyped]

from grader.report import view
from grader.report.text import visible
from grader.results import SourceText

_MOST_LINES = 3000
_MOST_CHARACTERS = 200_000
_SHOWN = (
    (Comment, Comment),
    (String, String),
    (Number, Number),
    (Keyword, Keyword),
    (Operator.Word, Keyword),
    (Name.Decorator, Name.Decorator),
    (Name.Function, Name.Function),
    (Name.Class, Name.Function),
)


class SourceView(msgspec.Struct, frozen=True, kw_only=True):
    """One file, ready to be set in a `pre`."""

    path: str
    role: str
    kept: Markup
    cut: Markup
    """What was cut off; empty where the file is whole."""
    kept_lines: int
    cut_lines: int
    unshown: int
    """How many lines are left out of the page for its size."""


def views(sources: Iterable[SourceText]) -> tuple[SourceView, ...]:
    """Return the files, each highlighted up to a size that a page can carry."""
    return tuple(_view(source) for source in sources)


def _view(source: SourceText) -> SourceView:
    kept, cut = view.split_source(source)
    shown_kept, shown_cut = _shortened(kept), _shortened(cut)
    hidden = _lines(kept) - _lines(shown_kept) + _lines(cut) - _lines(shown_cut)
    return SourceView(
        path=source.path,
        role=source.role,
        kept=_highlighted(shown_kept),
        cut=_highlighted(shown_cut),
        kept_lines=_lines(kept),
        cut_lines=_lines(cut),
        unshown=hidden,
    )


def _shortened(text: str) -> str:
    return "".join(text[:_MOST_CHARACTERS].splitlines(keepends=True)[:_MOST_LINES])


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") and bool(text))


def _highlighted(text: str) -> Markup:
    """Return the text as escaped spans.

    Invisible characters are written out before the lexer sees them, so that
    code which reads other than it runs is seen for what it is.
    """
    if not text:
        return Markup()
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    lexer.add_filter(_few_colours())
    formatter = HtmlFormatter(nowrap=True, classprefix="t-")
    return Markup(highlight(visible(text), lexer, formatter))  # noqa: S704 - pygments escapes


@simplefilter  # type: ignore[untyped-decorator]
def _few_colours(
    _self: object, _lexer: object, stream: Iterable[tuple[Any, str]], _options: Any
) -> Iterator[tuple[Any, str]]:
    """Keep six kinds of token: a quieter page, and half the weight."""
    for kind, value in stream:
        shown = next((target for known, target in _SHOWN if kind in known), Text)
        yield shown, value
