"""What the system calls random is the same in every worker: a verdict has to be reproducible."""

from grader.tests.driver_helpers import lab_of, session_of, told

DRAWS = """
    import os, random, secrets, uuid

    class Probe:
        at_the_class = os.urandom

        def draws(self):
            return {
                "urandom": os.urandom(8).hex(),
                "at the class": self.at_the_class(8).hex(),
                "getrandom": getattr(os, "getrandom", os.urandom)(8).hex(),
                "secrets": secrets.token_hex(8),
                "uuid": str(uuid.uuid4()),
                "generator": random.Random().random(),
                "of the system": random.SystemRandom().random(),
            }
"""


def test_two_workers_draw_the_same() -> None:
    drawn = []
    with session_of(DRAWS) as session:
        for _ in range(2):
            with lab_of(session) as lab:
                drawn.append(told(lab, lab.breaker(), "draws"))
    first, second = drawn
    assert first == second
    bytes_drawn = [value for value in first.values() if isinstance(value, str)]
    assert len(set(bytes_drawn)) == len(bytes_drawn), f"one draw is not the next: {first}"
