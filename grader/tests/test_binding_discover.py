"""From the shape of an API to proposals, constructors and corrections by hand; nothing runs."""

from typing import Any

import pytest

from grader.binding.construct import constructor
from grader.binding.discover import propose, propose_unlisted
from grader.binding.model import Accessor, Argument, Binding, Constructor, Surface
from grader.binding.override import override
from grader.binding.shape import ClassShape, FunctionShape, MethodShape, ParameterShape
from grader.conversation.messages import Opaque
from grader.errors import InputError

NO_PARAMETER = "_"


def parameter(name: str, default: Any = NO_PARAMETER, annotation: str = "") -> ParameterShape:
    kind = "positional_or_keyword"
    if name.startswith("*"):
        kind = "var_keyword" if name.startswith("**") else "var_positional"
    required = default is NO_PARAMETER
    return ParameterShape(
        name=name.lstrip("*"),
        kind=kind,
        annotation=annotation,
        required=required,
        default=None if required else default,
    )


def method(name: str, *names: str, is_async: bool = False, **fields: bool) -> MethodShape:
    shape: dict[str, Any] = {"context": False, "async_context": False, "generator": False, **fields}
    return MethodShape(
        name=name, is_async=is_async, parameters=tuple(parameter(n) for n in names), **shape
    )


def a_class(name: str, *members: MethodShape | ParameterShape, **fields: Any) -> ClassShape:
    plain: dict[str, Any] = {"error": False, "bases": (), "enum": (), "dataclass": False}
    return ClassShape(
        module="made",
        name=name,
        parameters=tuple(m for m in members if isinstance(m, ParameterShape)),
        methods=tuple(m for m in members if isinstance(m, MethodShape)),
        attributes=(),
        **{**plain, **fields},
    )


def a_function(name: str, *parameters: ParameterShape) -> FunctionShape:
    return FunctionShape(
        module="made", name=name, is_async=False, generator=False, parameters=parameters
    )


# --- constructors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "concepts"),
    [
        (
            [parameter("failure_threshold", 5), parameter("recovery_timeout", 30.0)],
            {"threshold": "failure_threshold", "base": "recovery_timeout"},
        ),
        (
            [parameter("timeout", 60.0), parameter("max_failures", 3)],
            {"threshold": "max_failures", "base": "timeout"},
        ),
        (
            [parameter("timeout", 5.0), parameter("reset_timeout", 60.0)],
            {"base": "reset_timeout", "call_timeout": "timeout"},
        ),
        ([parameter("failure_threshold", 0.5)], {"rate": "failure_threshold"}),
        (
            [parameter("backoff_base", 2), parameter("recovery_timeout", 30)],
            {"base": "recovery_timeout", "multiplier": "backoff_base"},
        ),
        ([parameter("max_open_millis", 1000), parameter("note", "x")], {"cap": "max_open_millis"}),
        ([parameter("permitted_calls_in_half_open", 3)], {"limit": "permitted_calls_in_half_open"}),
        ([parameter("threshold", "high")], {}),
        ([parameter("*args"), parameter("**kwargs")], {}),
    ],
    ids=lambda value: None if isinstance(value, dict) else " ".join(p.name for p in value),
)
def test_parameters_are_told_by_name_default_and_company(
    parameters: list[ParameterShape], concepts: dict[str, str]
) -> None:
    kind = a_class("CircuitBreaker", *parameters)
    assert constructor(kind, (kind,), frozenset()).concepts == concepts


def test_a_parameter_that_is_never_read_is_none_beside_one_that_is() -> None:
    names = ("fail_max", "reset_timeout", "recovery_timeout")
    kind = a_class("CircuitBreaker", *(parameter(name, 5) for name in names))
    for unread, read in (names[1:], reversed(names[1:])):
        found = constructor(kind, (kind,), frozenset({unread})).concepts
        assert found == {"threshold": "fail_max", "base": read}


def test_a_parameter_that_is_never_read_and_has_no_other_beside_it_is_a_promise() -> None:
    kind = a_class("CircuitBreaker", parameter("fail_max", 5), parameter("half_open_max_calls", 1))
    found = constructor(kind, (kind,), frozenset({"half_open_max_calls"})).concepts
    assert found == {"threshold": "fail_max", "limit": "half_open_max_calls"}


def test_a_configuration_object_is_built_inside() -> None:
    config = a_class("BreakerConfig", parameter("failure_threshold", 5), dataclass=True)
    breaker = a_class("CircuitBreaker", parameter("config", annotation="BreakerConfig | None"))
    found = constructor(breaker, (config, breaker), frozenset())
    assert found.concepts == {"threshold": "config.failure_threshold"}
    assert found.expression({"threshold": 3}) == {
        "$call": "made:CircuitBreaker",
        "args": [],
        "kwargs": {
            "config": {
                "$call": "made:BreakerConfig",
                "args": [],
                "kwargs": {"failure_threshold": 3},
            }
        },
    }


@pytest.mark.parametrize("name", ["delay", "cooldown", "recovery_timeout", "threshold"])
def test_a_parameter_that_takes_an_object_is_no_number_whatever_it_is_called(name: str) -> None:
    policy = a_class("Policy", parameter("first", 1.0), parameter("max_failures", 3))
    breaker = a_class("CircuitBreaker", parameter(name, annotation="Policy | None"))
    found = constructor(breaker, (policy, breaker), frozenset()).concepts
    assert found["threshold"] == f"{name}.max_failures", f"found {found}"
    or_number = a_class("CircuitBreaker", parameter(name, annotation="Policy | float"))
    found = constructor(or_number, (policy, or_number), frozenset()).concepts
    assert name in found.values(), f"found {found}"


def test_an_object_that_holds_counts_is_no_configuration() -> None:
    counts = a_class("Metrics", parameter("successes", 0), parameter("max_failures", 0))
    breaker = a_class(
        "CircuitBreaker", parameter("fail_max", 5), parameter("metrics", annotation="Metrics")
    )
    found = constructor(breaker, (counts, breaker), frozenset()).concepts
    assert found == {"threshold": "fail_max"}


def test_settings_that_are_handed_on_as_keywords_are_found_where_they_arrive() -> None:
    inner = a_class("Core", parameter("fail_max", 5), parameter("reset_timeout", 60))
    outer = a_class("CircuitBreaker", parameter("name"), parameter("**settings"))
    found = constructor(outer, (inner, outer), frozenset())
    assert found.concepts == {"threshold": "fail_max", "base": "reset_timeout"}


@pytest.mark.parametrize(
    ("shape", "setting", "passed"),
    [
        (parameter("recovery_timeout", 30, "int"), {"base": 10.0}, 10),
        (parameter("recovery_timeout", 30, "int"), {"base": 10.5}, 10.5),
        (parameter("recovery_timeout", 30.0, "float"), {"base": 10.0}, 10.0),
        (parameter("recovery_timeout_ms", 30_000), {"base": 10.0}, 10_000),
        (
            parameter("recovery_timeout", Opaque("timedelta")),
            {"base": 10.0},
            {"$timedelta": 10.0},
        ),
        (parameter("failure_percentage", 50), {"rate": 0.5}, 50.0),
        (parameter("jitter", default=True), {"jitter": 0}, False),
        (
            parameter("expected_exception", Opaque("type")),
            {"counted": ["KeyError"]},
            {"$errors": ["KeyError"], "$as": "type"},
        ),
        (
            parameter("excluded_exceptions", Opaque("frozenset")),
            {"ignored": ["KeyError"]},
            {"$errors": ["KeyError"], "$as": "frozenset"},
        ),
    ],
)
def test_a_setting_is_passed_in_the_kind_that_the_parameter_takes(
    shape: ParameterShape, setting: dict[str, Any], passed: Any
) -> None:
    kind = a_class("CircuitBreaker", shape)
    built = constructor(kind, (kind,), frozenset()).expression(setting)
    value = built["kwargs"][shape.name]
    assert (value, type(value)) == (passed, type(passed))


def test_settings_that_a_breaker_does_not_have_are_left_out() -> None:
    kind = a_class("CircuitBreaker", parameter("fail_max", 5))
    built = constructor(kind, (kind,), frozenset()).expression({"threshold": 3, "cap": 60})
    assert built["kwargs"] == {"fail_max": 3}


def test_a_required_parameter_of_no_meaning_gets_something() -> None:
    kind = a_class("CircuitBreaker", parameter("service"), parameter("retries", annotation="int"))
    assert constructor(kind, (kind,), frozenset()).expression({})["kwargs"] == {
        "service": {"$fresh": "graded"},
        "retries": 5,
    }


# --- proposals ------------------------------------------------------------------------------------


def surfaces(*members: MethodShape) -> list[str]:
    (proposal,) = propose((a_class("CircuitBreaker", *members),))
    return [f"{s.mode} {s.style} {s}" for s in proposal.surfaces]


def test_an_async_call_comes_before_a_plain_one() -> None:
    found = surfaces(
        method("call", "func", "*args"), method("call_async", "func", "*args", is_async=True)
    )
    assert found == ["async call call_async", "async call call", "sync call call"]


def test_a_call_without_arguments_for_the_function_is_closed_over_them() -> None:
    (proposal,) = propose((a_class("CircuitBreaker", method("execute", "operation")),))
    assert [surface.closed for surface in proposal.surfaces] == [True, True]


def test_an_async_call_that_takes_one_thing_may_take_a_coroutine() -> None:
    (proposal,) = propose((a_class("CircuitBreaker", method("call", "work", is_async=True)),))
    assert [surface.coroutine for surface in proposal.surfaces] == [False, True]


def test_a_context_manager_is_used_as_what_it_is() -> None:
    assert surfaces(method("__aenter__")) == ["async context the object itself"]
    assert surfaces(method("section", async_context=True, context=True)) == [
        "async context section()"
    ]


def test_a_permit_needs_two_ways_to_record() -> None:
    allow, success, failure = (
        method("allow_request"),
        method("record_success"),
        method("record_failure", "error"),
    )
    assert surfaces(allow, success, failure) == [
        "async permit allow_request / record_success / record_failure",
        "sync permit allow_request / record_success / record_failure",
    ]
    assert surfaces(allow, success) == []


@pytest.mark.parametrize(("takes", "untold"), [((), True), (("error",), False)])
def test_a_permit_that_is_not_told_the_exception_leaves_what_counts_to_the_caller(
    takes: tuple[str, ...],
    untold: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    kind = a_class(
        "CircuitBreaker",
        parameter("failure_threshold", 5),
        method("allow_request"),
        method("record_success"),
        method("record_failure", *takes),
    )
    assert [surface.untold for surface in propose((kind,))[0].surfaces] == [untold, untold]


def test_the_class_that_can_be_called_is_the_breaker() -> None:
    shape = (
        a_class("CircuitBreakerError", error=True),
        a_class("CircuitBreakerConfig", parameter("failure_threshold", 5)),
        a_class("CircuitBreakerRegistry", method("call", "f")),
        a_class("BaseCircuitBreaker", method("call", "f")),
        a_class("Breaker", method("call", "f"), bases=("BaseCircuitBreaker",)),
    )
    assert propose(shape)[0].constructor.call == "made:Breaker"


def test_a_function_may_build_the_decorator() -> None:
    shape = (a_function("circuit_breaker", parameter("failure_threshold", 5)),)
    (proposal,) = propose(shape)
    assert proposal.is_factory
    assert proposal.constructor.concepts == {"threshold": "failure_threshold"}


def test_a_function_of_any_name_with_a_breakers_settings_may_build_the_decorator() -> None:
    settings = (parameter("failures", 5), parameter("open_for", 1.0))
    (proposal,) = propose_unlisted((a_function("fuse", *settings),))
    assert proposal.is_factory
    assert proposal.constructor.call == "made:fuse"


@pytest.mark.parametrize("name", ["fuse", "_fuse"])
def test_a_function_with_other_settings_or_a_private_name_builds_none(name: str) -> None:
    more = () if name == "fuse" else (parameter("open_for", 1.0),)
    assert propose_unlisted((a_function(name, parameter("failures", 5), *more),)) == []


@pytest.mark.parametrize(("takes", "is_call"), [("job", True), ("key", False)])
def test_a_method_that_asks_which_circuit_is_meant_is_no_call(takes: str, *, is_call: bool) -> None:
    settings = (parameter("threshold", 5), parameter("base", 1.0), parameter("cap", 9.0))
    board = a_class("Board", *settings, method("guard", takes))
    proposed = [*propose((board,)), *propose_unlisted((board,))]
    styles = {surface.style for proposal in proposed for surface in proposal.surfaces}
    assert ("call" in styles) == is_call, styles


def test_a_module_without_a_breaker_proposes_nothing() -> None:
    assert propose((a_class("Client", method("get", "url")), a_function("main"))) == []


# --- by hand ----------------------------------------------------------------------------------

FOUND = Binding(
    constructor=Constructor(
        call="made:CircuitBreaker", arguments=(Argument(name="timeout", concept="base"),)
    ),
    surfaces=(Surface(style="call", mode="sync", name="call"),),
    sure=False,
    doubts=("no number of failures led to a rejection",),
)


def test_an_empty_correction_changes_nothing() -> None:
    assert override(FOUND, {}) == FOUND


def test_a_correction_goes_before_what_was_found_and_settles_the_doubts() -> None:
    written = {"call": "run", "state": "machine.state", "parameters": {"threshold": "limit"}}
    corrected = override(FOUND, written)
    assert corrected.surfaces[0] == Surface(style="call", mode="async", name="run")
    assert corrected.surfaces[1:] == FOUND.surfaces
    assert corrected.state == Accessor(path=("machine", "state"))
    assert corrected.parameters == {"base": "timeout", "threshold": "limit"}
    assert (corrected.sure, corrected.doubts) == (True, ())


def test_another_class_starts_without_the_parameters_of_the_first() -> None:
    corrected = override(FOUND, {"class": "Other", "parameters": {"base": "wait"}})
    assert corrected.constructor.call == "made:Other"
    assert corrected.parameters == {"base": "wait"}


def test_a_permit_can_be_written_by_hand() -> None:
    call = {"style": "permit", "mode": "sync", "allow": "a", "success": "s", "failure": "f"}
    assert str(override(FOUND, {"call": call}).surfaces[0]) == "a / s / f"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"klass": "X"}, r"\[binding\] has no key 'klass'; it may have class, parameters"),
        ({"call": {"style": "call"}}, r"missing required field `mode` - at `\$.call`"),
        ({"call": 3}, r"got `int` - at `\$.call`"),
    ],
)
def test_a_correction_that_cannot_be_meant_is_refused_with_its_reason(
    written: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        override(FOUND, written)
