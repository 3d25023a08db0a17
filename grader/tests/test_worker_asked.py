"""What counts for many breakers may ask for the name of the one that is meant."""

import pytest

from grader.worker.surfaces import asked


class Counters:
    def of(self, name: str) -> str:
        return f"counts of {name}"

    def both(self, name: str, other: str) -> str:
        return f"{name} and {other}"

    def since(self, seconds: float) -> str:
        return f"since {seconds}"

    def everything(self) -> str:
        return "everything"


class Breaker:
    name = "orders"

    def __init__(self) -> None:
        self.metrics = Counters()

    def rename(self, name: str) -> str:
        return name


def test_a_method_that_asks_for_a_name_is_told_it() -> None:
    breaker = Breaker()
    assert asked(breaker.metrics, "of", breaker) == ("counts of orders", True)
    assert asked(breaker.metrics, "everything", breaker) == ("everything", True)


@pytest.mark.parametrize("name", ["both", "since"])
def test_a_method_that_asks_for_something_else_cannot_be_asked(name: str) -> None:
    breaker = Breaker()
    with pytest.raises(TypeError, match="missing"):
        asked(breaker.metrics, name, breaker)


def test_the_breaker_is_not_told_its_own_name() -> None:
    breaker = Breaker()
    with pytest.raises(TypeError, match="missing"):
        asked(breaker, "rename", breaker)
