"""A breaker whose methods are left to the reader fails: that is no limit of the grader."""

from textwrap import dedent

import pytest

from grader.binding.stubs import stubs_read
from grader.candidate import Candidate, SourceFile
from grader.grading import grade
from grader.sandbox import choose
from grader.scoring import load

SKETCH = '''
class CircuitBreaker:
    def __init__(self, failure_threshold=5, reset_timeout=30.0, max_timeout=300.0):
        self.failure_threshold = failure_threshold
        self.reset_timeout = reset_timeout
        self.max_timeout = max_timeout
        self.state = "closed"

    async def call(self, func, *args, **kwargs):
        """Run a function under protection."""
        {body}
'''


def candidate(source: str) -> Candidate:
    file = SourceFile(path="sketch.py", delivered=source, text=source)
    return Candidate(id="sketch", name="Sketch", main="sketch", files=(file,), kind="library")


@pytest.mark.parametrize("body", ["pass", "...", "raise NotImplementedError('left out here')"])
def test_a_sketch_is_no_breaker_and_that_is_sure(body: str) -> None:
    graded = grade(candidate(SKETCH.format(body=body)), choose(), load())
    verdicts = {str(found.verdict) for found in graded.result.requirements.values()}
    assert graded.result.binding["sure"], graded.result.binding["doubts"]
    assert "unknown" not in verdicts, f"found {verdicts}"
    assert graded.result.score == graded.result.score_high


def test_what_does_something_is_no_stub() -> None:
    found = stubs_read(
        candidate(
            dedent("""
                from abc import ABC
                from typing import Protocol, TypeVar

                T = TypeVar("T")

                class Store(ABC):
                    def get(self): ...

                class Clock(Protocol[T]):
                    def now(self): ...

                class Breaker:
                    def call(self, func):
                        '''Run.'''
                        return func()
                    def reset(self):
                        raise NotImplementedError
                    def trip(self):
                        raise ValueError
            """)
        )
    )
    assert found == {"Breaker.reset"}
