"""Loading a published evaluation, and the one that was really published."""

import json
from pathlib import Path
from typing import Any

import pytest

from grader.answers import imports, load, save, undefined_names
from grader.candidate import Candidate, Unreadable
from grader.errors import InputError

ANSWER = "```python\nclass CircuitBreaker:\n    pass\n```\n"
PUBLISHED = Path(__file__).parents[3] / "shared" / "multivac" / "EVAL-20260402-131157.results.json"


def write(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "evaluation.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def response(**given: Any) -> dict[str, Any]:
    return {"model_key": "m_1", "model_name": "M 1", "response": ANSWER, "error": None} | given


def test_each_response_is_a_candidate(tmp_path: Path) -> None:
    path = write(tmp_path, {"responses": [response(), response(model_key="m.2", model_name=None)]})
    found = load(path)
    assert [(one.id, one.name, one.provenance) for one in found if isinstance(one, Candidate)] == [
        ("m_1", "M 1", "answer"),
        ("m.2", "m.2", "answer"),
    ]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (response(response=None), "the response of m_1 is empty"),
        (response(response=" \n"), "the response of m_1 is empty"),
        (response(response=7), "the response of m_1 is empty"),
        (response(response=None, error="timed\nout"), "the response of m_1 is missing: timed out"),
        (response(error="stopped"), "the response of m_1 ended in an error: stopped"),
        (response(response="a\0b"), "the response of m_1 has NUL characters"),
        (response(response="a\ud800"), "the response of m_1 has unpaired surrogates"),
        (response(response="x" * 2_100_000), "the response of m_1 larger than 2 MiB"),
        (
            response(response="```\nx\n```\n" * 1_001),
            "the response of m_1 has more than 1,000 code",
        ),
        ("no object", "responses[1] is no object"),
    ],
)
def test_a_response_without_an_answer_is_a_row_with_its_reason(
    tmp_path: Path, bad: Any, said: str
) -> None:
    good = response(model_key="good")
    first, second = load(write(tmp_path, {"responses": [good, bad]}))
    assert isinstance(first, Candidate)
    assert isinstance(second, Unreadable)
    assert said in second.problem
    assert "\n" not in second.problem


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no published evaluation"),
        ('{"schema": 1, "candidates": []}', "no published evaluation"),
        ('{"responses": []}', "no published evaluation"),
        ("", "is empty"),
    ],
)
def test_json_that_is_no_evaluation_is_refused(tmp_path: Path, data: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(write(tmp_path, data))


def test_answers_of_one_model_are_samples_with_ids_of_their_own(tmp_path: Path) -> None:
    given = [response(), response(), response(model_key="m_1-2", model_name=None), response()]
    found = load(write(tmp_path, {"responses": given}))
    assert [(one.id, one.model) for one in found] == [
        ("m_1", "M 1"),
        ("m_1-3", "M 1"),
        ("m_1-2", "m_1-2"),
        ("m_1-4", "M 1"),
    ]
    assert isinstance(found[1], Candidate)
    assert found[1].name == "M 1 #3"


def test_an_answer_that_is_missing_is_counted_for_its_model(tmp_path: Path) -> None:
    _, lost = load(write(tmp_path, {"responses": [response(), response(response="")]}))
    assert isinstance(lost, Unreadable)
    assert (lost.id, lost.model) == ("m_1-2", "M 1")


def test_a_key_that_cannot_be_an_id_is_made_one(tmp_path: Path) -> None:
    found = load(
        write(tmp_path, {"responses": [response(model_key="org/m: 1"), response(model_key=3)]})
    )
    assert [one.id for one in found] == ["org-m-1", "response-1"]


@pytest.fixture(scope="module")
def published() -> dict[str, Candidate]:
    if not PUBLISHED.is_file():
        pytest.skip(f"the published evaluation is not here: {PUBLISHED}")
    return {found.id: found for found in load(PUBLISHED) if isinstance(found, Candidate)}


@pytest.mark.parametrize(
    ("key", "cut_in", "kept", "function"),
    [
        ("gpt_5_4", "circuit_breaker.py", 217, None),
        ("claude_opus_46", "circuit_breaker.py", 212, None),
        ("gemini_31_pro", "circuit_breaker.py", 4, None),
        ("claude_sonnet_46", "circuit_breaker/config.py", 3, None),
        ("grok_420", "circuit_breaker.py", 280, None),
        ("deepseek_v4", "circuit_breaker.py", 220, "CircuitBreaker.acontext"),
        ("gpt_oss_120b", "circuit_breaker.py", 182, "CircuitBreaker.call"),
        ("minimax_m25", "circuit_breaker.py", 39, None),
        ("mimo_v2_flash", "example.py", 62, "main"),
    ],
)
def test_nine_of_the_published_answers_break_off(
    published: dict[str, Candidate], key: str, cut_in: str, kept: int, function: str | None
) -> None:
    found = published[key]
    cuts = [(file.path, file.cut.kept_lines, file.cut.function) for file in found.files if file.cut]
    assert cuts == [(cut_in, kept, function)]
    assert found.cut_off == (
        f"{cut_in} breaks off after line {kept}: the code fence is never closed",
    )


def test_the_published_answers_have_their_breaker_where_it_is_looked_for(
    published: dict[str, Candidate],
) -> None:
    main = {key: one.main for key, one in published.items()}
    assert main.pop("claude_sonnet_46") == "circuit_breaker.state"
    assert set(main.values()) == {"circuit_breaker"}


def test_one_published_answer_is_complete(published: dict[str, Candidate]) -> None:
    found = published["gemini_3_flash"]
    assert [(file.path, file.role, file.continues) for file in found.files] == [
        ("circuit_breaker.py", "implementation", None),
        ("example.py", "example", "circuit_breaker.py"),
    ]
    assert (found.cut_off, found.modified) == ((), False)


def test_the_published_package_has_its_files(published: dict[str, Candidate]) -> None:
    assert [file.path for file in published["claude_sonnet_46"].files] == [
        f"circuit_breaker/{name}.py" for name in ("state", "exceptions", "metrics", "config")
    ]


def test_the_published_answers_need_these_packages(published: dict[str, Candidate]) -> None:
    assert {key: one.requires for key, one in published.items() if one.requires} == {
        "mimo_v2_flash": ("aiohttp",)
    }
    required = {key: set(imports(one).required) for key, one in published.items()}
    assert {key: names for key, names in required.items() if names} == {"grok_420": {"httpx"}}


def test_two_published_answers_use_what_they_never_define(published: dict[str, Candidate]) -> None:
    found = {key: undefined_names(one) for key, one in published.items()}
    assert {key: sentences for key, sentences in found.items() if sentences} == {
        "claude_opus_46": ["circuit_breaker.py:42 uses CircuitBreaker, which is defined nowhere"],
        "deepseek_v4": [
            "circuit_breaker.py:158 uses CircuitBreakerError, which is defined nowhere"
        ],
    }


def test_the_published_answers_can_be_imported_as_folders(
    published: dict[str, Candidate], tmp_path: Path
) -> None:
    assert len(published) == 10
    for found in published.values():
        assert load(save(found, tmp_path)) == [found]
    assert {one.id for one in load(tmp_path)} == set(published)
