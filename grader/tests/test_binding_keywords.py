"""What a constructor looks up in its `**settings`, told by its source."""

from textwrap import dedent

import pytest

from grader.binding.keywords import keywords_read, with_keywords
from grader.binding.shape import ClassShape, ParameterShape
from grader.candidate import Candidate, SourceFile


def read(body: str) -> dict[str, object]:
    """Return the settings that a class with this constructor body looks up, with defaults."""
    text = "class Breaker:\n    def __init__(self, name='x', **settings):\n"
    text += "".join(f"        {line}\n" for line in dedent(body).strip().splitlines())
    return {p.name: p.default for p in keywords_read(candidate(text)).get("Breaker", ())}


def candidate(text: str) -> Candidate:
    return Candidate(
        id="c", name="c", files=(SourceFile(path="cand.py", delivered=text, text=text),)
    )


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("self.n = settings.get('limit', 5)", {"limit": 5}),
        ("self.n = settings.pop('limit')", {"limit": None}),
        ("self.n = settings['limit']", {"limit": None}),
        ("merged = {'limit': 3, **settings}\nself.n = merged['limit']", {"limit": 3}),
        ("a = dict(settings)\nb = {**a}\nself.n = b.get('limit', 2.5)", {"limit": 2.5}),
        ("a = DEFAULTS | settings\nself.n = a['limit']", {"limit": None}),
        ("self.n = settings.get('limit', compute())", {"limit": None}),
    ],
)
def test_what_is_looked_up_is_found_with_its_default(body: str, found: dict[str, object]) -> None:
    assert read(body) == found


@pytest.mark.parametrize(
    "body",
    [
        "self.settings = settings",
        "self.n = other.get('limit', 5)",
        "self.n = settings.get(name, 5)",
        "self.n = settings.get('not a name')",
        "self.n = len(settings)\nother = {}\nother['limit'] = 1",
    ],
)
def test_nothing_else_is_taken_for_a_setting(body: str) -> None:
    assert read(body) == {}


def test_what_cannot_be_parsed_tells_nothing() -> None:
    assert keywords_read(candidate("class Breaker(:\n")) == {}


def test_the_names_take_the_place_of_the_open_end() -> None:
    own = ParameterShape(name="name", kind="positional_or_keyword", required=False)
    rest = ParameterShape(name="settings", kind="var_keyword")
    shape = ClassShape(
        module="m",
        name="Breaker",
        error=False,
        bases=(),
        enum=(),
        dataclass=False,
        parameters=(own, rest),
        methods=(),
        attributes=(),
    )
    limit = ParameterShape(name="limit", kind="keyword_only", required=False, default=5)
    (named,) = with_keywords((shape,), {"Breaker": (own, limit)})
    assert named.parameters == (own, limit)
    assert with_keywords((shape,), {}) == (shape,)


UNPACKED = """
    from typing import TypedDict, Unpack

    class Settings(TypedDict, total=False):
        failure_threshold: int
        reset_after: float

    class Others(TypedDict):
        color: str

    DEFAULTS: Settings = {"failure_threshold": 5}

    class Breaker:
        def __init__(self, **settings: Unpack[Settings]) -> None:
            self.settings = DEFAULTS | settings
"""


def test_the_fields_of_an_unpacked_type_are_the_settings() -> None:
    found = keywords_read(candidate(dedent(UNPACKED)))["Breaker"]
    assert [(p.name, p.default, p.annotation) for p in found] == [
        ("failure_threshold", 5, "int"),
        ("reset_after", None, "float"),
    ]


def test_a_type_that_is_not_unpacked_tells_nothing_of_the_settings() -> None:
    text = dedent(UNPACKED).replace("Unpack[Settings]", "Settings")
    assert "Breaker" not in keywords_read(candidate(text))
