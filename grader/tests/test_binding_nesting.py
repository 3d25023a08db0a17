"""What a parameter takes may be made by a function, or be the core that does the work."""

import msgspec
import pytest

from grader.binding.builders import builders
from grader.binding.construct import constructor
from grader.binding.shape import ClassShape, FunctionShape
from grader.conversation.messages import Opaque
from grader.tests.test_binding_discover import a_class, a_function, method, parameter

SCHEDULE = "Callable[[int], float]"


def a_maker(name: str, returns: str) -> FunctionShape:
    made = a_function(name, parameter("initial", 1.0), parameter("maximum", 60.0))
    return msgspec.structs.replace(made, returns=returns)


def breaker_with(annotation: str) -> ClassShape:
    return a_class(
        "CircuitBreaker", parameter("fail_max", 5), parameter("backoff", None, annotation)
    )


@pytest.mark.parametrize(
    ("annotation", "returns"),
    [
        (f"Optional[{SCHEDULE}]", SCHEDULE),
        (f"{SCHEDULE} | None", SCHEDULE),
        ("Optional[Backoff]", "Backoff"),
        ("", SCHEDULE),
    ],
)
def test_a_function_that_returns_a_schedule_is_called_with_its_settings(
    annotation: str, returns: str
) -> None:
    breaker, exponential = breaker_with(annotation), a_maker("exponential", returns)
    built = constructor(breaker, (a_maker("linear", returns), exponential, breaker), frozenset())
    assert built.concepts == {
        "threshold": "fail_max",
        "base": "backoff.initial",
        "cap": "backoff.maximum",
    }
    assert built.expression({"base": 10.0})["kwargs"]["backoff"]["$call"] == "made:exponential"


@pytest.mark.parametrize(
    ("annotation", "returns"),
    [
        ("Callable[[Exception], bool]", SCHEDULE),
        ("float", "float"),
        ("int", SCHEDULE),
        ("Backoff", "float"),
        ("Optional[T]", "T"),
        ("BackoffPolicy", "Backoff"),
    ],
)
def test_a_function_that_returns_something_else_is_left_alone(
    annotation: str, returns: str
) -> None:
    breaker = breaker_with(annotation)
    built = constructor(breaker, (a_maker("exponential", returns), breaker), frozenset())
    assert "cap" not in built.concepts, f"found {built.concepts}"


def test_a_function_that_says_when_to_trip_is_told_the_counts() -> None:
    settings = a_class(
        "Settings",
        parameter("timeout", 60.0),
        parameter("ready_to_trip", Opaque(opaque="function"), "Callable[[Counts], bool]"),
        dataclass=True,
    )
    built = constructor(settings, (settings,), frozenset())
    assert built.concepts == {"base": "timeout", "threshold": "ready_to_trip"}
    assert built.expression({"threshold": 3})["kwargs"] == {"ready_to_trip": {"$trips": 3}}
    counted = a_class("Settings", *settings.parameters, parameter("max_failures", 5))
    found = constructor(counted, (counted,), frozenset()).concepts
    assert found["threshold"] == "max_failures", "a number says more"


def test_the_core_behind_a_facade_is_built_with_its_configuration() -> None:
    config = a_class("BreakerConfig", parameter("failure_threshold", 5), dataclass=True)
    core = a_class(
        "BreakerCore", method("acquire"), parameter("config", None, "Optional[BreakerConfig]")
    )
    facade = a_class("AsyncCircuitBreaker", parameter("core", annotation="BreakerCore"))
    built = constructor(facade, (config, core, facade), frozenset())
    assert built.concepts == {"threshold": "core.config.failure_threshold"}


def test_a_configuration_holds_settings_and_does_nothing() -> None:
    trips = a_class("TripPolicy", method("record", "ok"), parameter("threshold", 5))
    config = a_class("BreakerConfig", method("period", "attempt"), parameter("threshold", 5))
    plain = a_class("Limits", method("validate"), parameter("threshold", 5))
    told = {
        kind.name: constructor(kind, (kind,), frozenset(), 1).is_configuration
        for kind in (trips, config, plain)
    }
    assert told == {"TripPolicy": False, "BreakerConfig": True, "Limits": True}


def test_a_builders_method_sets_with_its_first_argument_what_its_name_says() -> None:
    stays_open = method("stay_open", "first", "longest")
    optional = msgspec.structs.replace(stays_open.parameters[1], required=False, default=60.0)
    stays_open = msgspec.structs.replace(
        stays_open, parameters=(stays_open.parameters[0], optional)
    )
    builder = a_class("BreakerBuilder", stays_open, method("throttle", "a", "b"), method("build"))
    breaker = a_class("CircuitBreaker", method("call", "func"), parameter("settings"))
    ((built, made),) = builders((builder, breaker), frozenset())
    assert made.name == "CircuitBreaker"
    assert built.concepts == {"base": "stay_open.first", "cap": "stay_open.longest"}
    assert [argument.name for argument in built.arguments] == ["stay_open"], (
        "no other is understood"
    )
