"""Further names of what has one already are passed over, however many there are."""

from grader.driver.loading import described
from grader.tests.driver_helpers import session_of

MANY_NAMES = """
    class _Breaker:
        pass

    def make():
        return _Breaker()

    CircuitBreaker = _Breaker
    build = make
""" + "\n".join(f"    Alias{n} = CircuitBreaker" for n in range(1_000))


def test_a_class_is_described_by_its_first_name_and_its_first_public_one() -> None:
    with session_of(MANY_NAMES) as session, session.worker() as worker:
        assert worker.request("load", modules=["cand_made"]).error is None
        found = [member.path for member in described(worker)]
    assert found == ["cand_made:_Breaker", "cand_made:make", "cand_made:CircuitBreaker"]
