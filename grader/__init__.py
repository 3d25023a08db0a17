"""Grade circuit breakers by execution: an executable specification instead of an opinion.

    import grader

    result = grader.grade(answer)              # Markdown text
    result = await grader.grade_async(answer)
    print(result.score, result.requirements["bo-grows"].evidence)

`grader.Grader` is the same with settings, and several processes.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.results import CandidateResult
    from grader.service import Grader

# Nothing is imported before it is asked for: every command and the probe of a sandbox import this.
__all__ = ["Grader", "grade", "grade_async"]
__version__ = "0.1.0"


def grade(answer: str, *, id: str = "answer") -> "CandidateResult":  # noqa: A002  its name in results
    """Return what the specification finds about a Markdown answer (see `grader.Grader.grade`)."""
    from grader.service import shared  # noqa: PLC0415  not before it is asked for

    return shared().grade(answer, id=id)


async def grade_async(answer: str, *, id: str = "answer") -> "CandidateResult":  # noqa: A002  its name in results
    """Do as `grade` does, from asyncio or trio."""
    from grader.service import shared  # noqa: PLC0415  not before it is asked for

    return await shared().grade_async(answer, id=id)


def __getattr__(name: str) -> Any:
    if name == "Grader":
        from grader.service import Grader  # noqa: PLC0415  not before it is asked for

        return Grader
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
