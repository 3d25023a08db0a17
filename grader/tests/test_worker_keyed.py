"""One circuit of an object that keeps many is looked at as a breaker of its own."""

from grader import scoring
from grader.bench import Bench
from grader.grading import grade
from grader.sandbox import choose
from grader.tests.driver_helpers import candidate_of

BOARD = """
    import time

    class CircuitOpenError(Exception):
        pass

    class HostBreakers:
        def __init__(self, failure_threshold=3, recovery_timeout=10.0, clock=None):
            self.failure_threshold = failure_threshold
            self.recovery_timeout = recovery_timeout
            self._clock = clock or time.monotonic
            self._circuits = {}

        async def call(self, host, func, *args, **kwargs):
            new = {"state": "closed", "failures": 0, "failed": 0, "succeeded": 0, "rejected": 0}
            circuit = self._circuits.setdefault(host, new)
            if circuit["state"] == "open":
                if self._clock() - circuit["since"] < self.recovery_timeout:
                    circuit["rejected"] += 1
                    raise CircuitOpenError(host)
                circuit["state"] = "half_open"
            try:
                result = await func(*args, **kwargs)
            except Exception:
                circuit["failures"] += 1
                circuit["failed"] += 1
                if circuit["failures"] >= self.failure_threshold:
                    circuit.update(state="open", since=self._clock())
                raise
            circuit.update(state="closed", failures=0, succeeded=circuit["succeeded"] + 1)
            return result

        def metrics(self):
            return {host: dict(circuit) for host, circuit in self._circuits.items()}
"""


def test_its_state_is_read_among_those_of_all_once_it_is_used() -> None:
    with Bench(candidate_of(BOARD), choose()) as bench:
        assert bench.binding.constructor.keys, "it is one circuit of many"
        assert str(bench.binding.state) == "metrics.graded.state"
    graded = grade(candidate_of(BOARD), choose(), scoring.load(), select="three_states")
    found = graded.result.requirements["st-three-states"]
    assert found.verdict == "pass", found.evidence


def test_what_the_object_keeps_of_its_settings_is_seen() -> None:
    graded = grade(candidate_of(BOARD), choose(), scoring.load(), select="refused")
    found = graded.result.requirements
    assert "failure_threshold=0 was accepted" in found["th-validation"].evidence
    assert found["th-validation"].verdict == "fail"


def test_the_clock_that_it_keeps_is_found() -> None:
    certificate = grade(
        candidate_of(BOARD), choose(), scoring.load(), select="refused"
    ).result.clock
    assert certificate is not None
    assert any("_clock" in kept.where for kept in certificate.keeps), f"{certificate.keeps}"
