"""The delivered answer: what arrived, whether it is whole, what it contains."""

from grader.specification import (
    ATTESTED,
    MUST,
    SHOULD,
    blocked_unless,
    requirement,
    unknown_unless,
)
from spec_tests.scenarios.delivery import Delivery, Imported, Parts, Usable
from spec_tests.scenarios.importing import Watched


@requirement("de-code", MUST, source="the question")
def test_there_is_python_code(delivered: Delivery) -> None:
    """The answer contains Python code."""
    assert delivered.python_files, "there is no Python block or file in it"


@requirement("de-complete", MUST, source="the question: production-ready")
def test_nothing_is_cut_off(delivered: Delivery) -> None:
    """Nothing is cut off: every fence is closed and every Python block parses as delivered."""
    blocked_unless(delivered.python_files, "de-code", "there is no Python code")
    assert not delivered.cut_off, "; ".join(delivered.cut_off)


@requirement("de-names", MUST, source="the published answers")
def test_every_name_is_defined(delivered: Delivery) -> None:
    """No name is used that is defined nowhere."""
    blocked_unless(delivered.python_files, "de-code", "there is no Python code")
    assert not delivered.undefined, "; ".join(delivered.undefined[:3])


@requirement("de-imports", MUST, source="the question: production-ready", known=ATTESTED)
def test_it_imports_in_a_clean_interpreter(imported: Imported) -> None:
    """The main module imports in a clean interpreter, with the packages that the answer names."""
    unknown_unless(
        not imported.error or not imported.absent,
        f"package absent: {', '.join(imported.absent)}",
    )
    assert not imported.error, imported.error


@requirement("de-quiet-import", SHOULD, source="the question: production-ready", known=ATTESTED)
def test_importing_it_sets_nothing_in_motion(watched_import: Watched) -> None:
    """Importing starts no request, server, event loop or thread and leaves the root logger."""
    seen = watched_import
    done = [f"started {what}" for what in seen.started]
    done += ["reconfigured the root logger"] if "the root logger" in seen.changed else []
    assert not done, f"importing it {', '.join(done)}"
    blocked_unless(not seen.error, "de-imports", seen.error)


@requirement("de-breaker", MUST, source="the question")
def test_a_breaker_can_be_built_and_called(usable: Usable) -> None:
    """A breaker can be built and a call made through it."""
    blocked_unless(not usable.cut_off, "cut off", usable.why_not)
    assert usable.works, usable.why_not


@requirement("de-part-states", MUST, source="the question", known=ATTESTED)
def test_a_type_names_the_three_states(parts: Parts) -> None:
    """A type names the three states."""
    assert parts.states, "no type names closed, open and half-open"


@requirement("de-part-error", MUST, source="the question", known=ATTESTED)
def test_there_is_a_rejection_error(parts: Parts) -> None:
    """There is an error type for rejections."""
    assert parts.error, "no error type for rejections is defined"


@requirement("de-part-config", MUST, source="the question", known=ATTESTED)
def test_thresholds_and_backoff_are_parameters(parts: Parts) -> None:
    """The thresholds and the backoff are parameters, with defaults."""
    found = {parameter.partition(":")[0] for parameter in parts.parameters}
    threshold = found & {"threshold", "rate", "minimum_calls"}
    unknown_unless(
        threshold or not parts.unreadable,
        "the constructor takes settings whose names its signature does not tell",
    )
    assert threshold, "no parameter with a default sets a failure threshold"
    assert "base" in found, "no parameter with a default sets the open period"
    assert found & {"multiplier", "cap", "exponential"}, (
        f"no parameter with a default shapes the backoff; there are {', '.join(parts.parameters)}"
    )


@requirement("de-part-metrics", MUST, source="the question", known=ATTESTED)
def test_there_are_metrics(parts: Parts) -> None:
    """There is a type or an accessor for metrics."""
    assert parts.metrics, "neither a metrics type nor an accessor is defined"


@requirement("de-part-usage", MUST, source="the question")
def test_a_usage_example_names_an_http_client(delivered: Delivery) -> None:
    """There is a usage example that wraps an HTTP client."""
    blocked_unless(delivered.python_files, "de-code", "there is no Python code")
    assert delivered.clients, "no HTTP client is imported anywhere"
