"""Blocks that build something on the breaker, and blocks that are part of it."""

import pytest

from grader.answers import assembly
from grader.candidate import SourceFile

BREAKER = """\
import enum


class CircuitBreaker:
    async def call(self, function):
        return await function()


def circuit_breaker(function):
    return function
"""
USE = "breaker = CircuitBreaker()\nawait breaker.call(print)\n"


def files(*codes: str) -> dict[str, SourceFile]:
    text = "\n\nand then\n\n".join(f"```python\n{code}```" for code in codes)
    return {file.path: file for file in assembly.from_markdown(text, id="x", name="X").files}


FORETASTE = "class Client:\n    @circuit_breaker\n    async def get(self): ...\n"


def test_a_foretaste_may_define_what_nobody_goes_on_to_use() -> None:
    found = files(FORETASTE, BREAKER)
    assert found["circuit_breaker.py"].text == BREAKER
    assert found["example.py"].role == "example", f"it is a file of {found['example.py'].role}"
    used = files(FORETASTE, BREAKER + "\n\nCLIENT = Client()\n")
    assert {file.role for file in used.values()} == {"implementation"}


@pytest.mark.parametrize(
    "code",
    [
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/')\ndef home(): ...\n",
        (
            "from prometheus_client import Gauge\n\nFAILED = Gauge('failed', 'Calls.')\n\n\n"
            "def export(breaker: CircuitBreaker):\n    FAILED.set(1)\n"
        ),
        "import redis\n\n\nclass RedisStore:\n    pass\n",
        "from circuitbreaker import circuit\n\n\n@circuit\ndef get():\n    pass\n",
        "@circuit_breaker\nasync def get():\n    pass\n",
        "class Client:\n    @circuit_breaker\n    async def get(self):\n        pass\n",
    ],
)
def test_what_needs_more_than_the_breaker_does_is_an_example(code: str) -> None:
    found = files(BREAKER, code)
    assert found["circuit_breaker.py"].text == BREAKER
    assert (found["example.py"].role, found["example.py"].text) == ("example", code)
    assert found["example.py"].continues == "circuit_breaker.py"


def test_what_goes_on_with_an_example_is_an_example() -> None:
    code = "class Handler:\n    async def get(self):\n        return await breaker.call(print)\n"
    assert list(files(BREAKER, USE, code)) == ["circuit_breaker.py", "example.py", "example_2.py"]


@pytest.mark.parametrize(
    "code",
    [
        "class Registry:\n    def get(self):\n        return CircuitBreaker()\n",
        "import time\n\n\nclass Window:\n    pass\n",
        "import statsd\n\n\nclass CountingCircuitBreaker(CircuitBreaker):\n    pass\n",
        "import structlog\n\n\nclass Listener:\n    pass\n",
        (
            "try:\n    import statsd\nexcept ImportError:\n    statsd = None\n\n\n"
            "class Log:\n    pass\n"
        ),
        "from breaker import CircuitBreaker\n\n\nclass Registry:\n    pass\n",
        "def guarded(function):\n    breaker = CircuitBreaker()\n    return function\n",
        (
            "from functools import wraps\n\n\ndef guarded(function):\n    @wraps(function)\n"
            "    def inner():\n        pass\n\n    return inner\n"
        ),
    ],
)
def test_a_supplement_is_part_of_the_implementation(code: str) -> None:
    found = files(BREAKER, USE, code)
    assert "example_2.py" not in found
    main = next(file for file in found.values() if file.role == "implementation")
    assert main.text == BREAKER + code


@pytest.mark.parametrize(
    ("needs", "code"),
    [
        ("TOTAL.inc()", "from prometheus_client import Counter\n\nTOTAL = Counter('a', 'b')\n"),
        ("log_it()", "import statsd\n\n\ndef log_it():\n    statsd.incr()\n"),
    ],
)
def test_what_the_breaker_needs_is_part_of_it_whatever_it_imports(needs: str, code: str) -> None:
    breaker = BREAKER.replace("return await", f"{needs}\n        return await")
    code += "\n\nclass Report:\n    pass\n"
    assert list(files(breaker, code)) == ["circuit_breaker.py"]


def test_a_package_that_the_breaker_imports_anyway_tells_nothing() -> None:
    code = "import statsd\n\n\nclass Log:\n    pass\n"
    assert list(files("import statsd\n" + BREAKER, code)) == ["circuit_breaker.py"]
    assert list(files(BREAKER, code)) == ["circuit_breaker.py", "example.py"]
