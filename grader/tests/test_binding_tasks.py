"""Plain methods are meant for threads, unless the answer is of tasks alone."""

from textwrap import dedent

import pytest

from grader.binding.model import Binding, Constructor, Surface
from grader.binding.tasks import is_for_tasks_alone
from grader.tests.driver_helpers import candidate_of

PERMIT = Surface(style="permit", mode="sync", allow="admit", success="good", failure="bad")
BY_NAME = Surface(style="context", mode="sync", name="admit", parentheses=True)
USED_BY_TASKS = """
    class Valve:
        def admit(self): ...

    async def fetch(valve):
        with valve.admit():
            await send()
"""


def alone(source: str, *surfaces: Surface) -> bool:
    binding = Binding(constructor=Constructor(call="cand_made:Valve"), surfaces=surfaces)
    return is_for_tasks_alone(binding, candidate_of(dedent(source)))


@pytest.mark.parametrize("surface", [PERMIT, BY_NAME], ids=["a permit", "a context manager"])
def test_what_coroutines_alone_use_is_for_tasks(surface: Surface) -> None:
    assert alone(USED_BY_TASKS, surface)


@pytest.mark.parametrize(
    "more",
    [
        "    import threading\n",
        "    from concurrent.futures import ThreadPoolExecutor\n",
        "\n    def plain(valve):\n        with valve.admit():\n            send()\n",
        "\n    again = lambda valve: valve.admit()\n",
    ],
    ids=["a lock of threads", "a pool", "a plain function uses it", "so does a lambda"],
)
def test_where_anything_knows_of_threads_it_is_for_them(more: str) -> None:
    assert not alone(USED_BY_TASKS + more, PERMIT)


def test_what_is_used_nowhere_may_be_for_threads() -> None:
    assert not alone("class Valve:\n    def admit(self): ...\n", PERMIT)


@pytest.mark.parametrize(
    "surface",
    [Surface(style="call", mode="sync", name="admit"), Surface(style="context", mode="sync")],
    ids=["a call", "the object itself is entered"],
)
def test_a_plain_call_is_for_threads(surface: Surface) -> None:
    assert not alone(USED_BY_TASKS, surface)
