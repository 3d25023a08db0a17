"""Many answers through one grader: whether cost grows with their number, and what a cache saves."""

import contextlib
import functools
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from grader import cache
from grader.service import Grader

HANGS = """```python
class CircuitBreaker:
    def __init__(self, failure_threshold=3, recovery_timeout=10.0):
        self.failure_threshold, self.recovery_timeout = failure_threshold, recovery_timeout

    async def call(self, func, *args, **kwargs):
        while True:
            pass
```
"""


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """Gradings one after the other, in two passes; the second one reads what the first kept."""

    seconds: tuple[float, ...]
    """Wall time of each grading of the first pass."""
    again: float
    """Wall time of the whole second pass."""
    memory: float
    """Megabytes that this process had at most."""

    @property
    def last_to_first(self) -> float:
        """What the last tenth cost, as a multiple of the first; its beginning is a warm-up."""
        tenth = max(1, len(self.seconds) // 10)
        first, last = self.seconds[1 : 1 + tenth], self.seconds[-tenth:]
        return statistics.fmean(last) / statistics.fmean(first)

    @property
    def fresh_to_cached(self) -> float:
        """How many times faster the second pass was."""
        return sum(self.seconds) / self.again


def grow(answer: str, count: int) -> Growth:
    """Grade `count` variants of an answer, twice."""
    texts = [variant(answer, number) for number in range(count)]
    with tempfile.TemporaryDirectory() as place, _kept_in(Path(place)), Grader() as grader:
        seconds = tuple(_timed(functools.partial(grader.grade, text)) for text in texts)
        again = _timed(lambda: [grader.grade(text) for text in texts])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Growth(seconds=seconds, again=again, memory=memory)


def calls(answer: str, count: int) -> tuple[Sequence[float], float]:
    """Return the seconds of so many calls, and those of one whose answer hangs."""
    with Grader(cache=False) as grader:
        grader.grade(answer)  # the first one starts the process
        seconds = [_timed(lambda: grader.grade(answer)) for _ in range(count)]
        hanging = _timed(lambda: grader.grade(HANGS))
    return seconds, hanging


def variant(answer: str, number: int) -> str:
    """Return an answer that does the same and that no cache takes for another one."""
    return answer.replace("```python\n", f"```python\n# variant {number}\n", 1)


def _timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


@contextlib.contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Have gradings kept in a folder meanwhile."""
    before = os.environ.get(cache.PLACE)
    os.environ[cache.PLACE] = str(folder)
    try:
        yield
    finally:
        del os.environ[cache.PLACE]
        if before is not None:
            os.environ[cache.PLACE] = before
