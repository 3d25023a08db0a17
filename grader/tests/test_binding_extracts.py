"""Single calls that are taken out of a program, and what is made once for all of them."""

import ast
from textwrap import dedent

import pytest

from grader.binding.example_source import names
from grader.binding.extracts import Locals

GUARDS = {"breaker", "Breaker", "make", "connect"}


def taken_out(program: str, call: str) -> list[str]:
    """Return what is made of the call with this text."""
    body = ast.parse(f"async def main():\n{dedent(program).strip()}".replace("\n", "\n    ")).body[
        0
    ]
    found = Locals(body)
    (wanted,) = [c for c in found.calls if ast.unparse(c) == call]
    return list(found.sources(wanted, GUARDS, lambda node: names(node) == {"Breaker"}))


def single(call: str, *before: str) -> str:
    lines = (*before, "async def single():", f"    made = {call}")
    return "\n".join((*lines, "    return await made if hasattr(made, '__await__') else made\n"))


@pytest.mark.parametrize(
    ("call", "once", "left"),
    [
        ("make()(url)", "make()", "single_0(url)"),
        ("make(Breaker(3))(url)", "make(Breaker(3))", "single_0(url)"),
        ("send(Breaker(), url)", "Breaker()", "send(single_0, url)"),
        ("send(url, through=Breaker())", "Breaker()", "send(url, through=single_0)"),
        ("again(lambda: make()(url))", "make()", "again(lambda: single_0(url))"),
        ("Breaker().call(fetch, url)", "Breaker()", "single_0.call(fetch, url)"),
    ],
)
def test_what_is_made_in_passing_is_made_once(call: str, once: str, left: str) -> None:
    assert taken_out(f"print(await {call})", call) == [single(left, f"single_0 = {once}")]


def test_what_may_be_an_answer_is_tried_both_ways() -> None:
    assert taken_out("connect().get(url)", "connect().get(url)") == [
        single("single_0.get(url)", "single_0 = connect()"),
        single("connect().get(url)"),
    ]


@pytest.mark.parametrize(
    "call",
    [
        "breaker.call(fetch, url)",
        "breaker.call(lambda: fetch(url).json())",
        "breaker.call(lambda x: make(x)(url), 1)",
    ],
)
def test_a_call_that_makes_nothing_stays_as_it_is(call: str) -> None:
    assert taken_out(f"await {call}", call) == [single(call)]


@pytest.mark.parametrize(
    ("loop", "first"),
    [
        ("for url in ['a', 'b'] * 2:", "url = next(iter(['a', 'b'] * 2))"),
        ("for n, url in enumerate(URLS):", "n, url = next(iter(enumerate(URLS)))"),
    ],
)
def test_a_variable_of_a_loop_is_that_of_its_first_round(loop: str, first: str) -> None:
    (code,) = taken_out(f"{loop}\n    await breaker.call(fetch, url)", "breaker.call(fetch, url)")
    assert first in code.replace("(n, url)", "n, url")


@pytest.mark.parametrize("values", ["range(3)", "asyncio.as_completed(fetch(u) for u in urls)"])
def test_a_variable_is_a_number_where_its_values_are_worked_for(values: str) -> None:
    loop = f"for n in {values}:\n    await breaker.call(fetch, n)"
    assert taken_out(loop, "breaker.call(fetch, n)") == [single("breaker.call(fetch, n)", "n = 1")]


def test_a_loop_without_a_variable_is_no_trouble() -> None:
    loop = "for () in [()]:\n    await breaker.call(fetch, 1)"
    assert taken_out(loop, "breaker.call(fetch, 1)") == [single("breaker.call(fetch, 1)")]


def test_a_loop_makes_what_it_needs_each_time() -> None:
    loop = "for n in range(5):\n    await make()(n)"
    assert taken_out(loop, "make()(n)") == [single("make()(n)", "n = 1")]


def test_what_a_call_needs_is_made_before_it() -> None:
    program = "import httpx\nguard: Breaker = Breaker()\nother = 1\nguard.call(httpx.get, url)"
    assert taken_out(program, "guard.call(httpx.get, url)") == [
        single("guard.call(httpx.get, url)", "import httpx", "guard: Breaker = Breaker()")
    ]


def test_a_call_that_makes_the_function_of_another_is_told() -> None:
    found = Locals(ast.parse("if True:\n fetch = make()\n fetch(1)\n value = fetch(2)").body[0])
    assert [found.makes(call, found.calls) for call in found.calls] == [True, False, False]


def test_an_argument_of_the_program_has_its_default() -> None:
    program = ast.parse(
        "async def main(url='/1', *, n=2):\n await breaker.call(fetch, url, n)"
    ).body[0]
    found = Locals(program)
    assert list(found.sources(found.calls[0], GUARDS, lambda _: False)) == [
        single("breaker.call(fetch, url, n)", "url = '/1'", "n = 2")
    ]
