"""What a nameless block that goes on with others may use of them."""

from collections.abc import Sequence

from grader.answers import breaker, parsing
from grader.candidate import SourceFile


def continued(file: SourceFile, files: Sequence[SourceFile]) -> list[SourceFile]:
    """Return those of the *files* whose names *file* may use; empty where it stands alone.

    What it continues comes first, then the examples before it that continue the same. Of these
    an alternative is left out: what it defines again means something else there.
    """
    main = next((other for other in files if other.path == file.continues), None)
    if main is None:
        return []
    defined = _defines(main)
    before = files[: files.index(file)]
    earlier = [other for other in before if other.continues == main.path]
    return [main, *(other for other in earlier if not defined & _defines(other))]


def _defines(file: SourceFile) -> set[str]:
    return {found.name for found in breaker.definitions(parsing.tree(file.text))}
