"""What of an answer is read as Python, whatever its fence says and what stands between the code."""

import pytest

from grader.tests.test_answers_layout import BREAKER, USE, block, candidate, files


@pytest.mark.parametrize(
    ("code", "is_code"),
    [
        ("CLOSED --> OPEN\n", False),
        ("x\n", False),
        ("pip install httpx\n", False),
        ("def f():\n    pass\n", True),
        ("import enum\n", True),
        ("class A:\n", False),
    ],
)
def test_an_untagged_block_is_python_if_it_parses_and_says_something(
    code: str, *, is_code: bool
) -> None:
    assert bool(files(block(code, ""))) == is_code


@pytest.mark.parametrize("info", ["text", "code", "Jupyter", "txt title"])
def test_a_block_that_is_called_a_text_is_python_if_it_defines_something(info: str) -> None:
    assert files(block(BREAKER, info))["circuit_breaker.py"].text == BREAKER
    assert files(block("import enum\n", info), block("CLOSED --> OPEN\n", info)) == {}
    assert files(block(BREAKER, "javascript")) == {}


@pytest.mark.parametrize("info", ["python", "jupyter", ""])
def test_commands_to_a_notebook_are_no_code(info: str) -> None:
    found = candidate(block("!pip install -q httpx\n%autoreload 2\n" + BREAKER, info))
    assert found.files[0].text == "# !pip install -q httpx\n# %autoreload 2\n" + BREAKER
    assert not found.cut_off
    assert found.requires == (() if info == "jupyter" else ("httpx",))
    text = 'TEXT = """\n!pip install x\n"""\n' + BREAKER
    assert candidate(block(text, info)).files[0].text == text


@pytest.mark.parametrize("info", ["bash", "sh", "console", ""])
def test_a_file_that_the_shell_writes_is_a_file_of_the_answer(info: str) -> None:
    commands = (
        f"mkdir -p pkg\ncat > pkg/cb.py <<'EOF'\n{BREAKER}EOF\n"
        f"tee main.py << END >/dev/null\nfrom pkg.cb import CircuitBreaker\n{USE}END\n"
        "cat <<EOF > notes.txt\nimport this\nEOF\npython main.py\n"
    )
    found = files(block(commands, info))
    assert {path: file.role for path, file in found.items()} == {
        "pkg/cb.py": "implementation",
        "main.py": "example",
    }
    assert found["pkg/cb.py"].text == BREAKER
    cut = candidate(f"```bash\ncat > pkg/cb.py <<EOF\n{BREAKER}    def re")
    assert cut.files[0].text == BREAKER
    assert len(cut.cut_off) == 1


def test_a_byte_order_mark_before_a_block_of_code_is_no_code() -> None:
    assert candidate(block("\ufeff" + BREAKER)).files[0].text == BREAKER


def test_an_untagged_block_may_be_cut_off_too() -> None:
    found = candidate(f"```\n{BREAKER}    def re")
    assert found.files[0].text == BREAKER
    assert found.cut_off == (
        "circuit_breaker.py breaks off after line 7: the code fence is never closed",
    )


def test_an_answer_of_bare_python_is_python() -> None:
    assert candidate(BREAKER).files[0].text == BREAKER
    cut = candidate(BREAKER + "    def re")
    assert cut.files[0].text == BREAKER
    assert cut.modified
