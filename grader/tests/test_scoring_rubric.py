"""The rubric: the weights of the catalogue, and one clear line for every mistake in a file."""

from pathlib import Path

import pytest

from grader.errors import InputError
from grader.scoring import load
from grader.verdicts import Level


def test_the_built_in_weights_are_those_of_the_catalogue() -> None:
    rubric = load()
    assert rubric.areas == {
        "states": 15,
        "thresholds": 10,
        "backoff": 20,
        "half-open": 15,
        "async": 15,
        "metrics": 10,
        "http": 5,
        "exceptions": 4,
        "robustness": 4,
        "delivery": 2,
    }
    assert rubric.levels == {Level.MUST: 3, Level.SHOULD: 1, Level.INFORMATIVE: 0}


def test_a_report_can_record_the_weights_as_plain_tables() -> None:
    data = load().as_data()
    assert data["areas"]["backoff"] == 20
    assert data["levels"] == {"MUST": 3, "SHOULD": 1, "INFORMATIVE": 0}


def test_what_a_table_does_not_name_weighs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "rubric.toml"
    file.write_text("[areas]\nbackoff = 1\n", encoding="utf-8")
    rubric = load(file)
    assert rubric.areas["backoff"] == 1
    assert rubric.areas["states"] == 0
    assert rubric.levels == load().levels, "a table that is left out is the built-in one"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[areas]\nbackof = 20\n", "areas.backof"),
        ("[areas]\nbackoff = -1\n", "areas.backoff"),
        ("[areas]\nbackoff = nan\n", "areas.backoff"),
        ("[areas]\nbackoff = inf\n", "areas.backoff"),
        ("[areas]\nbackoff = true\n", "areas.backoff"),
        ("[areas]\nbackoff = '20'\n", "areas.backoff"),
        ("[areas]\nbackoff = 0\n", "areas"),
        ("areas = 3\n", "areas"),
        ("[levels]\nMAY = 1\n", "levels.MAY"),
        ("[levels]\nMUST = 3\nINFORMATIVE = 1\n", "levels.INFORMATIVE"),
        ("[levels]\nMUST = 0\nSHOULD = 0\n", "levels"),
        ("[weights]\nMUST = 1\n", "weights"),
        ("[areas\n", "TOML"),
    ],
)
def test_a_mistake_is_told_in_one_line_that_names_file_and_key(
    tmp_path: Path, text: str, key: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert key in message
    assert "\n" not in message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.toml: cannot be read"):
        load(tmp_path / "missing.toml")


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes(b"[areas]\n# \xe4\n")
    with pytest.raises(InputError, match=r"latin\.toml: not UTF-8 at byte 10"):
        load(file)
