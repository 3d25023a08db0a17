"""Metrics of one name that each breaker makes are in the way of those that are needed together."""

import prometheus_client
import pytest

from grader.worker.exported import Registered


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> prometheus_client.CollectorRegistry:
    """Use a registry of the test's own."""
    own = prometheus_client.CollectorRegistry()
    monkeypatch.setattr(prometheus_client, "REGISTRY", own)
    return own


def a_breaker() -> prometheus_client.Counter:
    return prometheus_client.Counter("calls", "Calls.", registry=prometheus_client.REGISTRY)


def test_what_is_built_instead_of_another_may_use_its_name() -> None:
    registered = Registered()
    first, second = (registered.making(a_breaker, beside=False) for _ in range(2))
    assert first is not second


def test_what_is_built_beside_another_may_not() -> None:
    registered = Registered()
    registered.making(a_breaker, beside=False)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registered.making(a_breaker, beside=True)


def test_what_the_module_registered_is_never_taken_away(
    registry: prometheus_client.CollectorRegistry,
) -> None:
    prometheus_client.Counter("of_the_module", "Calls.", registry=registry)
    registered = Registered()
    for _ in range(2):
        registered.making(a_breaker, beside=False)
    names = {family.name for family in registry.collect()}
    assert names == {"of_the_module", "calls"}, f"found {names}"


def test_any_other_refusal_is_the_candidates() -> None:
    def refuses() -> None:
        raise ValueError("no such threshold")

    with pytest.raises(ValueError, match="no such threshold"):
        Registered().making(refuses, beside=False)
