"""What imports a package that is not here cannot be seen, unless there is nothing to be seen."""

import pytest

from grader.bench import Bench
from grader.conversation.failures import Blocked, Interrupted, Unknown
from grader.sandbox import choose
from grader.tests.driver_helpers import candidate_of


@pytest.mark.parametrize(
    ("more", "kind", "told"),
    [
        ("", Blocked, "nothing in the code defines a class or a function"),
        ("class CircuitBreaker:\n    pass\n", Unknown, "package absent: quantum_toolkit"),
        ("def protect(f):\n    return f\n", Unknown, "package absent: quantum_toolkit"),
    ],
)
def test_a_package_that_is_absent_excuses_no_empty_answer(
    more: str, kind: type[Interrupted], told: str
) -> None:
    candidate = candidate_of(f"import quantum_toolkit\n{more}")
    with Bench(candidate, choose()) as bench, pytest.raises(kind, match=told):
        _ = bench.binding
