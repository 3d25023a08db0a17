"""Laying out a Markdown answer as files, with a main module and what it needs."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answers import assembly, installs, save, undefined_names
from grader.candidate import Candidate, SourceFile

BREAKER = """\
class RejectedError(Exception):
    pass


class CircuitBreaker:
    async def call(self, function):
        return await function()
"""
USE = "breaker = CircuitBreaker()\n"


def block(code: str, info: str = "python") -> str:
    return f"```{info}\n{code}```\n\n"


def candidate(*pieces: str) -> Candidate:
    return assembly.from_markdown("".join(pieces), id="x", name="X")


def files(*pieces: str) -> dict[str, SourceFile]:
    return {file.path: file for file in candidate(*pieces).files}


def roles(*pieces: str) -> dict[str, str]:
    return {path: file.role for path, file in files(*pieces).items()}


@pytest.mark.parametrize(
    "answer",
    [
        "### `pkg/cb.py`\n\n" + block(BREAKER),
        "### 1. The breaker (`pkg/cb.py`)\n\nIt has three states.\n\n" + block(BREAKER),
        "**pkg/cb.py**\n\n" + block(BREAKER),
        "**pkg/cb.py**\n" + block(BREAKER),
        r"**pkg/cb\.py**" + "\n\n" + block(BREAKER),
        "File: pkg/cb.py\n\n" + block(BREAKER),
        block(BREAKER, 'python title="pkg/cb.py"'),
        block(BREAKER, "python:src/pkg/cb.py"),
        block("# pkg/cb.py\n" + BREAKER),
        block("# src/pkg/cb.py\n" + BREAKER),
        block("# --- pkg/cb.py ---\n" + BREAKER),
        block("#!/usr/bin/env python\n# File: pkg/cb.py - the breaker\n" + BREAKER),
        block('"""pkg/cb.py\n\nA breaker.\n"""\n' + BREAKER),
        block("# my-project/pkg/cb.py\n" + BREAKER),
        "## `other.py`\n\n" + block("# pkg/cb.py\n" + BREAKER),
    ],
)
def test_a_file_is_named_by_the_words_around_it_and_in_it(answer: str) -> None:
    found = candidate(answer)
    assert [file.path for file in found.files] == ["pkg/cb.py"]
    assert found.main == "pkg.cb"


@pytest.mark.parametrize(
    "name",
    ["../cb.py", "/etc/cb.py", "C:/cb.py", "a/../cb.py", "conftest.py", "typing.py", "~/a.py"],
)
def test_an_unsafe_name_counts_as_none(name: str) -> None:
    assert list(files(f"# {name}\n\n", block(f"# {name}\n" + BREAKER))) == ["circuit_breaker.py"]


@pytest.mark.parametrize(
    "words",
    ["Run it with `python cb.py`:", "Here we import from `cb.py`:", "Like `a.py` and `b.py`:"],
)
def test_prose_that_mentions_a_file_does_not_name_the_block(words: str) -> None:
    assert list(files(f"{words}\n\n", block(BREAKER))) == ["circuit_breaker.py"]


@pytest.mark.parametrize("name", ["p/__init__.py", r"p/\_\_init\_\_.py", r"p/\_\_init__.py"])
@pytest.mark.parametrize("label", ["**{}**", "### {}", "File: {}"])
def test_a_name_may_be_escaped_for_markdown(name: str, label: str) -> None:
    assert list(files(label.format(name) + "\n\n", block(BREAKER))) == ["p/__init__.py"]


def test_a_heading_names_only_the_first_block_below_it() -> None:
    found = files(
        "### `cb.py`\n\n", block(BREAKER), "and\n\n", block("class Registry:\n    pass\n")
    )
    assert list(found) == ["cb.py"]
    assert found["cb.py"].delivered.endswith("class Registry:\n    pass\n")


def test_nameless_blocks_are_one_file_in_their_order() -> None:
    found = candidate(block("import enum\n"), block("class State: ...\n"), block(BREAKER))
    assert [file.path for file in found.files] == ["circuit_breaker.py"]
    assert found.files[0].text == "import enum\nclass State: ...\n" + BREAKER
    assert found.main == "circuit_breaker"
    assert not found.modified


def test_a_nameless_file_gets_the_name_that_the_example_imports_it_by() -> None:
    use = "from resilience.breaker import CircuitBreaker\n" + USE
    found = files(block(BREAKER), "## Usage\n\n", block(use))
    assert found["resilience/breaker.py"].role == "implementation"
    assert found["example.py"].continues == "resilience/breaker.py"


FLAT = (
    "### `state.py`\n\n"
    + block("class State:\n    pass\n")
    + "### `breaker.py`\n\n"
    + block("from .state import State\n\n\n" + BREAKER)
    + "### `__init__.py`\n\n"
    + block("from .breaker import CircuitBreaker\n")
)


@pytest.mark.parametrize(
    ("use", "package"),
    [("from resilience import CircuitBreaker\n", "resilience"), (USE, "circuit_breaker")],
)
def test_files_that_import_each_other_with_a_dot_are_a_package(use: str, package: str) -> None:
    found = candidate(FLAT, "## Usage\n\n", block(use))
    assert [file.path for file in found.files] == [
        f"{package}/state.py",
        f"{package}/breaker.py",
        f"{package}/__init__.py",
        "example.py",
    ]
    assert found.main == f"{package}.breaker"


def test_a_package_that_is_put_in_a_folder_replaces_nothing_there() -> None:
    there = "### `p/state.py`\n\n" + block("x = 1\n")
    assert list(files(there, FLAT)) == [
        "p/state.py",
        *(f"p_2/{name}.py" for name in ("state", "breaker", "__init__")),
    ]


@pytest.mark.parametrize(
    "answer", [FLAT, FLAT.replace("__init__", "extra"), FLAT.replace("### `", "### `p/")]
)
def test_a_package_can_be_imported_as_it_is_laid_out(tmp_path: Path, answer: str) -> None:
    found = candidate(answer)
    folder = save(found, tmp_path)
    code = f"import sys; sys.path[:0] = [{str(folder)!r}]; import {found.main}"
    done = subprocess.run(  # noqa: S603 - our own text, above
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_nameless_file_does_not_hide_a_package_of_the_answer() -> None:
    found = files("### `circuit_breaker/state.py`\n\n", block("# x.py\nimport enum\n"))
    assert list(found) == ["x.py"]
    found = files(
        "## Usage\n\n",
        block(USE),
        block("# circuit_breaker/example.py\nimport enum\n"),
        block(BREAKER),
    )
    assert "circuit_breaker.py" not in found


@pytest.mark.parametrize(
    "example",
    [
        "## Usage\n\n" + block(USE),
        "## Example: an HTTP client\n\nSome words.\n\n" + block("async def get():\n    pass\n"),
        "**Quick start:**\n" + block("def get():\n    pass\n"),
        block(f'if __name__ == "__main__":\n    {USE}'),
        block(f"import asyncio\n{USE}asyncio.run(breaker.call(print))\n"),
        block(USE + "await breaker.call(print)\n"),
        block(USE + "async with breaker:\n    pass\n"),
        block("import httpx\n\n\nclass Client:\n    http = httpx.AsyncClient()\n"),
        block(USE),
        block("@CircuitBreaker()\nasync def get():\n    pass\n"),
        "## Tests\n\n" + block("import pytest\n\n\ndef test_it():\n    pass\n"),
    ],
)
def test_an_example_is_a_file_of_its_own_that_continues_the_implementation(example: str) -> None:
    found = files("# Breaker\n\n", block(BREAKER), example)
    assert list(found) == ["circuit_breaker.py", "example.py"]
    assert found["example.py"].role == "example"
    assert found["example.py"].continues == "circuit_breaker.py"
    assert found["circuit_breaker.py"].text == BREAKER


def test_examples_are_numbered() -> None:
    found = roles(block(BREAKER), "## Usage\n\n", block(USE), block(USE))
    assert list(found) == ["circuit_breaker.py", "example.py", "example_2.py"]


def test_an_example_before_the_implementation_continues_it_too() -> None:
    found = files("## Quick start\n\n", block(USE), "## Code\n\n", block(BREAKER))
    assert list(found) == ["circuit_breaker.py", "example.py"]
    assert found["example.py"].continues == "circuit_breaker.py"


def test_a_block_with_the_breaker_is_no_example_whatever_its_heading() -> None:
    assert roles("## Example\n\n", block(BREAKER + 'if __name__ == "__main__":\n    pass\n')) == {
        "circuit_breaker.py": "implementation"
    }


def test_where_all_looks_like_an_example_the_first_is_the_implementation() -> None:
    found = candidate("## Usage\n\n", block("import httpx\n"), block("httpx.get('x')\n"))
    assert found.main == "circuit_breaker"
    assert [file.role for file in found.files] == ["implementation", "example"]


def test_of_files_that_all_begin_as_examples_the_first_is_the_implementation() -> None:
    begun = "### `a.py`\n\n" + block("import asyncio\n\nasyncio.run(main())\n")
    found = candidate(begun, "### `a.py`\n\n", block("x = 1\n"))
    assert [(file.path, file.role) for file in found.files] == [("a.py", "implementation")]
    assert found.main == "a"


def test_what_the_implementation_needs_is_no_example() -> None:
    needs = BREAKER + "\n\nSTATE = State()\n"
    found = files(
        "## Example of states\n\n", block("class State:\n    pass\n"), "## B\n\n", block(needs)
    )
    assert list(found) == ["circuit_breaker.py"]
    module = "### `pkg/example.py`\n\n" + block("class State:\n    pass\n")
    user = "### `pkg/cb.py`\n\n" + block("from .example import State\n\n" + BREAKER)
    assert set(roles(module, user).values()) == {"implementation"}


def test_a_second_version_is_not_glued_over_the_first() -> None:
    second = BREAKER.replace("await function()", "function()")
    found = files(block(BREAKER), "## Simpler\n\n", block(second))
    assert found["circuit_breaker.py"].text == BREAKER
    assert (found["alternative.py"].role, found["alternative.py"].text) == ("example", second)


def test_an_alternative_may_leave_out_what_stands_before_it() -> None:
    excerpt = "class CircuitBreaker:\n    def trip(self):\n        raise RejectedError\n"
    for first in (block(BREAKER), "### `cb.py`\n\n" + block(BREAKER)):
        found = candidate(first, "Or:\n\n", block(excerpt), "## Usage\n\n", block(USE))
        assert [file.role for file in found.files] == ["implementation", "example", "example"]
        assert {file.continues for file in found.files[1:]} == {found.files[0].path}
        assert undefined_names(found) == []


def test_a_named_file_that_comes_whole_again_replaces_the_first() -> None:
    second = "# cb.py\n" + BREAKER + "\n\nclass More:\n    pass\n"
    assert files("### `cb.py`\n\n", block(BREAKER), block(second))["cb.py"].text == second


def test_a_named_file_that_goes_on_is_appended() -> None:
    found = files("### `cb.py`\n\n", block(BREAKER), "### `cb.py`\n\n", block("class More: ...\n"))
    assert found["cb.py"].text == BREAKER + "class More: ...\n"


def test_an_excerpt_of_a_named_file_does_not_replace_it() -> None:
    excerpt = "class CircuitBreaker:\n    def reset(self):\n        pass\n"
    found = files("### `cb.py`\n\n", block(BREAKER), "### `cb.py`\n\n", block(excerpt))
    assert found["cb.py"].text == BREAKER
    assert found["alternative.py"].text == excerpt


def test_methods_that_follow_in_a_block_of_their_own_belong_to_the_class() -> None:
    more = "    def reset(self):\n        pass\n"
    found = candidate(block(BREAKER), "and\n\n", block(more))
    assert [file.text for file in found.files] == [BREAKER + more]
    assert not found.cut_off


def test_an_illustration_that_is_no_code_does_not_cut_the_implementation() -> None:
    found = candidate(
        block(BREAKER), block("breaker.call(...) -> result\n"), block("class More: ...\n")
    )
    assert found.files[0].text == BREAKER + "class More: ...\n"
    assert len(found.cut_off) == 1


def test_an_answer_without_python_is_a_candidate_without_files() -> None:
    found = candidate("A circuit breaker is a pattern.\n\n```mermaid\na --> b\n```\n")
    assert (found.files, found.main, found.cut_off, found.modified) == ((), None, (), False)


def test_another_block_that_is_never_closed_is_a_cut_too() -> None:
    found = candidate(block(BREAKER), "```bash\npip install ht")
    assert found.cut_off == (
        "the answer breaks off in a bash block: the code fence is never closed",
    )
    assert not found.modified


def test_a_fence_that_opens_and_has_nothing_in_it_is_where_an_answer_breaks_off() -> None:
    found = assembly.from_markdown(
        f"```python\n{BREAKER}```\n\nNow `demo.py`:\n\n```pyt", id="x", name="X"
    )
    assert found.cut_off == (
        "the answer breaks off in a pyt block: the code fence is never closed",
    )


def test_a_closed_block_that_does_not_parse_is_a_cut() -> None:
    found = candidate(block(BREAKER + "    def re(\n"))
    assert found.files[0].text == BREAKER
    assert found.modified
    assert "after line 7: the rest does not parse" in found.cut_off[0]


@pytest.mark.parametrize(
    ("code", "module"),
    [
        ({"a.py": "class Helper: ...\n", "b.py": BREAKER}, "b"),
        ({"a.py": "class CircuitBreakerConfig: ...\n", "b.py": "class Breaker: ...\n"}, "b"),
        ({"a.py": "class CircuitBreaker: ...\n", "b.py": BREAKER}, "b"),
        ({"p/__init__.py": "from p.cb import CircuitBreaker\n", "p/cb.py": BREAKER}, "p.cb"),
        ({"a.py": "x = 1\n", "p/__init__.py": "from gone import CircuitBreaker\n"}, "p"),
        ({"a.py": "x = 1\n", "b.py": "def circuit_breaker(f):\n    return f\n"}, "b"),
        ({"a.py": "class CircuitOpen(Exception): ...\n", "b.py": "x = 1\n"}, "a"),
        ({"a.py": "class BreakerProtocol: ...\n", "b.py": "class MyBreaker: ...\n"}, "b"),
        ({"a.py": "class Breaker(Protocol): ...\n", "b.py": "class HttpBreaker: ...\n"}, "b"),
    ],
)
def test_the_main_module_is_the_one_that_defines_the_breaker(
    code: dict[str, str], module: str
) -> None:
    found = candidate(*(f"### `{path}`\n\n{block(text)}" for path, text in code.items()))
    assert found.main == module


@pytest.mark.parametrize(
    ("answer", "requires"),
    [
        (block("pip install httpx\n", "bash"), ("httpx",)),
        (block("$ pip install 'httpx[http2]>=0.27' -U aiohttp==3.10\n", ""), ("aiohttp", "httpx")),
        (block("python -m pip install -r requirements.txt httpx\n", "sh"), ("httpx",)),
        (
            block("uv add httpx && echo tenacity\npoetry add structlog\n", "shell"),
            ("httpx", "structlog"),
        ),
        (
            block("pip install prometheus_client \\\n  httpx # then\n", "console"),
            ("httpx", "prometheus-client"),
        ),
        ("Install it with `pip install httpx`.\n", ("httpx",)),
        (block("# pip install httpx\n" + BREAKER), ("httpx",)),
        (
            "`requirements.txt`:\n\n" + block("httpx>=0.27  # client\nanyio\n", "text"),
            ("anyio", "httpx"),
        ),
        (
            block(
                "pip install --upgrade pip\npip install .\npip install git+https://x/y\n", "bash"
            ),
            (),
        ),
        ("You could pip install many things.\n", ()),
    ],
)
def test_packages_that_the_answer_says_to_install(answer: str, requires: tuple[str, ...]) -> None:
    assert candidate(answer).requires == requires


ANSWER = (
    "# Breaker\n\n`pip install httpx`\n\n### `cb/state.py`\n\n"
    + block("import enum\n\n\nclass State(enum.Enum):\n    OPEN = 1\n")
    + "### `cb/breaker.py`\n\n"
    + block("from cb.state import State\n\n\n" + BREAKER)
    + "## Usage\n\n"
    + block("import asyncio\n\nfrom cb.breaker import CircuitBreaker\n\n" + USE)
    + "The end.\n"
)


@given(st.integers(0, len(ANSWER)))
def test_any_beginning_of_an_answer_loads_and_keeps_what_was_written(end: int) -> None:
    found = candidate(ANSWER[:end])
    for file in found.files:
        assert file.delivered.startswith(file.text)
        compile(file.text, file.path, "exec")
    assert found.modified == any(file.text != file.delivered for file in found.files)
    undefined_names(found)


@given(
    st.lists(
        st.sampled_from(
            ["```", "python", "py", "\n", "x.py", "__init__.py", "# ", BREAKER, USE, "a (", " "]
        )
    )
)
def test_no_answer_breaks_it(pieces: list[str]) -> None:
    found = candidate("".join(pieces))
    assert (found.main is None) == (not found.files)
    assert len({file.path for file in found.files}) == len(found.files)


@given(st.text(alphabet="pip install-r[=<>]httpx`$&\n\\ "))
def test_no_command_breaks_it(text: str) -> None:
    assert all(name == name.lower() for name in installs.from_commands(f"pip install {text}"))


@pytest.mark.parametrize(
    ("code", "home"),
    [
        ("def export(made):\n    return isinstance(made, Proxy)\n", "proxy.py"),
        ("def shown(error):\n    return isinstance(error, RejectedError)\n", "circuit.py"),
        ("def lost(made):\n    return Nowhere(made)\n", "proxy.py"),
    ],
)
def test_a_nameless_block_goes_where_all_it_uses_is_defined(code: str, home: str) -> None:
    proxy = "from circuit import CircuitBreaker\n\n\nclass Proxy:\n    made = CircuitBreaker\n"
    files = ("### `circuit.py`\n\n", block(BREAKER), "### `proxy.py`\n\n", block(proxy))
    found = candidate(*files, "### Metrics\n\n", block(code)).files
    assert [file.path for file in found if code in file.text] == [home]
