"""Where to read more about a requirement: pages that a learner can understand."""

import re
from collections.abc import Iterator

import msgspec

from grader.results import Requirement


class Page(msgspec.Struct, frozen=True):
    """A page on the web."""

    title: str
    url: str


_AZURE = Page(
    "Azure Architecture Center: Circuit Breaker pattern",
    "https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker",
)
_SOURCES = {
    "AZ": _AZURE,
    "Azure": _AZURE,
    "FOW": Page(
        "Martin Fowler: CircuitBreaker", "https://martinfowler.com/bliki/CircuitBreaker.html"
    ),
    "AWS": Page(
        "AWS: Exponential Backoff and Jitter",
        "https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/",
    ),
    "POL": Page("Polly: Circuit breaker", "https://www.pollydocs.org/strategies/circuit-breaker"),
    "R4J": Page(
        "resilience4j: CircuitBreaker", "https://resilience4j.readme.io/docs/circuitbreaker"
    ),
    "AKKA": Page(
        "Akka: Circuit Breaker",
        "https://doc.akka.io/libraries/akka-core/current/common/circuitbreaker.html",
    ),
}
"""By the abbreviations of `spec_tests/README.md`, the ones that are easiest to read first."""
_TASKS = Page("Python: Coroutines and Tasks", "https://docs.python.org/3/library/asyncio-task.html")
_AREAS = {
    "states": _AZURE,
    "thresholds": _AZURE,
    "half-open": _AZURE,
    "backoff": _SOURCES["AWS"],
    "async": _TASKS,
    "exceptions": Page(
        "Python: Errors and Exceptions", "https://docs.python.org/3/tutorial/errors.html"
    ),
    "http": Page("HTTPX: Exceptions", "https://www.python-httpx.org/exceptions/"),
}
_PARTS = re.compile(r"[,;:]\s*")
_MOST = 2


def reading(requirement: Requirement) -> tuple[Page, ...]:
    """Return at most two pages: those that a requirement comes from, else one about its area."""
    found = list(dict.fromkeys(_named(requirement.source)))[:_MOST]
    if not found and requirement.area in _AREAS:
        found = [_AREAS[requirement.area]]
    return tuple(found)


def _named(source: str) -> Iterator[Page]:
    given = {part.strip() for part in _PARTS.split(source)}
    return (page for name, page in _SOURCES.items() if name in given)
