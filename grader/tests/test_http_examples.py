"""Usage examples of many forms, each with the reference breaker: what is found, and how judged."""

from pathlib import Path

import msgspec
import pytest

from grader import scoring
from grader.answers import assembly, text
from grader.candidate import Candidate
from grader.defects import reference
from grader.grading import grade
from grader.sandbox import choose

FOLDER = Path(__file__).resolve().parent / "http_examples"
RAISES_FOR_404 = {"ht-4xx": "fail"}
RUN_AS_A_WHOLE = {"ht-recovers": "unknown"}
NOTHING_SENT = {
    "ht-example": "fail",
    **dict.fromkeys(
        ("ht-5xx", "ht-transport", "ht-4xx", "ht-open-silent", "ht-recovers", "ht-hygiene"),
        "blocked",
    ),
}
EXPECTED = {
    "aiohttp_in_context": RAISES_FOR_404,
    "urllib_decorated": RAISES_FOR_404,
    "inline_in_main": RUN_AS_A_WHOLE,
    "one_request_in_main": dict.fromkeys(
        ("ht-5xx", "ht-transport", "ht-open-silent", "ht-recovers"), "unknown"
    ),
    "plain_script": RUN_AS_A_WHOLE,
    "bad_breaker_anew_in_each_call": {
        "ht-5xx": "fail",
        "ht-transport": "fail",
        "ht-open-silent": "blocked",
        "ht-recovers": "blocked",
    },
    "bad_builtin_errors_only": {"ht-transport": "fail", **RAISES_FOR_404},
    "bad_name_error": NOTHING_SENT,
    "bad_pretends_to_send": NOTHING_SENT,
    "bad_session_left_open": {"ht-hygiene": "fail"},
    "bad_status_never_looked_at": {
        "ht-5xx": "fail",
        "ht-open-silent": "blocked",
        "ht-recovers": "blocked",
    },
}
"""Verdicts other than `pass`, by example."""


def with_example(path: Path, *, in_one_file: bool = False) -> Candidate:
    """Put an example beside the reference breaker, or below it in the same file."""
    breaker = next(file for file in reference().files if file.role == "implementation").text
    example = text.read(path)
    if in_one_file:
        own = "from circuit_breaker import"
        kept = [line for line in example.splitlines() if not line.startswith(own)]
        joined = breaker + "\n\n" + "\n".join(kept) + "\n"
        files = [assembly.source_file("circuit_breaker.py", joined)]
    else:
        files = [
            assembly.source_file("circuit_breaker.py", breaker),
            assembly.source_file("example.py", example, role="example"),
        ]
    return assembly.from_files(files, id=path.stem, name=path.stem)


def judged(candidate: Candidate) -> dict[str, tuple[str, str]]:
    """Return the verdicts on the scored http rows with their evidence."""
    graded = grade(candidate, choose(), scoring.load(), select="test_http")
    return {
        row: (str(found.verdict), found.evidence)
        for row, found in graded.result.requirements.items()
        if row.startswith("ht-") and row != "ht-per-host"
    }


def not_passed(verdicts: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {row: verdict for row, (verdict, _) in verdicts.items() if verdict != "pass"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_driven_and_judged(path: Path) -> None:
    verdicts = judged(with_example(path))
    assert not_passed(verdicts) == EXPECTED.get(path.stem, {}), verdicts


@pytest.mark.parametrize("name", ["aiohttp_lazy_session", "requests_with_retries"])
def test_an_example_in_the_file_of_the_breaker_is_driven_as_well(name: str) -> None:
    verdicts = judged(with_example(FOLDER / f"{name}.py", in_one_file=True))
    assert not_passed(verdicts) == {}, verdicts


def test_an_example_of_an_absent_package_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "absent.py"
    path.write_text("import httpx\nimport no_such_package_here\n\nhttpx.get('https://a.example')\n")
    assert set(not_passed(judged(with_example(path))).values()) == {"unknown"}


TRIED = (
    "try:\n    import no_such_package_here\nexcept ImportError:\n    no_such_package_here = None\n"
)
ABSENT = "import no_such_package_here\n\napp = no_such_package_here.App()\n"


def test_what_an_example_can_do_without_may_be_absent(tmp_path: Path) -> None:
    path = tmp_path / "tried.py"
    path.write_text(TRIED + text.read(FOLDER / "requests_with_retries.py"))
    assert not_passed(judged(with_example(path))) == {}


def test_of_two_examples_the_one_that_can_be_run_is_judged() -> None:
    whole = with_example(FOLDER / "requests_with_retries.py")
    other = assembly.source_file("app.py", ABSENT, role="example")
    both = msgspec.structs.replace(whole, files=(*whole.files, other))
    assert not_passed(judged(both)) == {}


def test_an_answer_without_any_example_fails_one_row_alone() -> None:
    files = [file for file in reference().files if file.role == "implementation"]
    verdicts = judged(assembly.from_files(files, id="bare", name="Bare"))
    assert verdicts["ht-example"] == ("fail", "no HTTP client is imported anywhere")
    assert not_passed(verdicts) == NOTHING_SENT


def test_an_example_that_breaks_off_is_blocked_where_its_end_is_missing() -> None:
    path = FOLDER / "aiohttp_lazy_session.py"
    breaker = next(file for file in reference().files if file.role == "implementation").text
    kept, _, _ = text.read(path).partition("        async with session.request(")
    files = [
        assembly.source_file("circuit_breaker.py", breaker),
        assembly.source_file("example.py", kept, role="example", open_fence=True),
    ]
    verdicts = judged(assembly.from_files(files, id="cut", name="Cut"))
    assert set(not_passed(verdicts).values()) == {"blocked"}


UNREADABLE = "\nbreaker = CircuitBreaker(“a”)\n\n\nasync def fetch(url):\n"
SENDS = "    return await httpx.AsyncClient().get(url)\n"


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        (UNREADABLE + SENDS, "httpx is used only in what follows line 4 of example.py, which does"),
        (UNREADABLE + "    pass\n", "httpx is imported and never used"),
    ],
)
def test_a_client_that_is_used_in_what_does_not_parse_is_not_unused(rest: str, why: str) -> None:
    breaker = next(file for file in reference().files if file.role == "implementation")
    start = "import httpx\n\nfrom circuit_breaker import CircuitBreaker\n"
    example = assembly.source_file("example.py", start + rest, role="example")
    files = [assembly.source_file("circuit_breaker.py", breaker.text), example]
    verdict, evidence = judged(assembly.from_files(files, id="typed", name="T"))["ht-example"]
    assert (verdict, evidence[: len(why)]) == ("blocked", why)
