"""The reference's HTTP example as its users would test it: with respx, and with freezegun.

What the worker's own scripted network and clock say of it (`test_http_examples.py`) is said here
by libraries that know nothing of this project.
"""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import anyio
import httpx
import pytest
import respx
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from grader.tests.driver_helpers import CANDIDATES

URL = "https://upstream.test"


@pytest.fixture
def clock() -> Iterator[FrozenDateTimeFactory]:
    with freeze_time("2030-01-01") as frozen:
        assert isinstance(frozen, FrozenDateTimeFactory)
        yield frozen


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, clock: FrozenDateTimeFactory) -> Iterator[ModuleType]:
    """Import it while time stands still: a default argument keeps the clock that it finds."""
    clock.move_to("2030-01-02")
    monkeypatch.syspath_prepend(str(CANDIDATES / "reference"))
    yield importlib.import_module("example")
    for name in ("example", "circuit_breaker"):
        sys.modules.pop(name, None)


def test_no_request_leaves_while_it_is_open_and_one_when_it_is_due(
    example: ModuleType, clock: FrozenDateTimeFactory
) -> None:
    async def story() -> None:
        with respx.mock(base_url=URL) as upstream:
            status = upstream.get("/").respond(503)
            async with example.ResilientClient(URL) as client:
                for _ in range(3):
                    with pytest.raises(httpx.HTTPStatusError):
                        await client.get("/")
                with pytest.raises(example.CircuitOpenError):
                    await client.get("/")
                assert status.call_count == 3, "a request left while it was open"
                clock.tick(5.25)
                upstream.get("/").respond(200, text="well again")
                assert (await client.get("/")).text == "well again"
                assert str(client.breaker.state) == "closed"

    anyio.run(story)


@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("late")])
def test_what_fails_below_http_opens_it_as_well(
    example: ModuleType, failure: httpx.TransportError
) -> None:
    async def story() -> None:
        with respx.mock(base_url=URL) as upstream:
            asked = upstream.get("/").mock(side_effect=failure)
            async with example.ResilientClient(URL) as client:
                for _ in range(3):
                    with pytest.raises(type(failure)):
                        await client.get("/")
                with pytest.raises(example.CircuitOpenError):
                    await client.get("/")
            assert asked.call_count == 3

    anyio.run(story)


def test_an_answer_that_says_the_request_was_wrong_opens_nothing(example: ModuleType) -> None:
    async def story() -> None:
        with respx.mock(base_url=URL) as upstream:
            asked = upstream.get("/").respond(404)
            async with example.ResilientClient(URL) as client:
                for _ in range(10):
                    assert (await client.get("/")).status_code == 404
            assert asked.call_count == 10

    anyio.run(story)
