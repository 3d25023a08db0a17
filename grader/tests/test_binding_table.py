"""How the correct breakers and the published answers are understood, written down.

A change of discovery shows here as a change of a line, and is meant or it is not.
"""

from pathlib import Path
from typing import Any

import pytest

from grader import answers
from grader.bench import Bench
from grader.binding.model import Binding
from grader.candidate import Candidate
from grader.conversation.failures import Interrupted
from grader.sandbox import choose
from grader.tests.driver_helpers import CANDIDATES, CORRECT


def found(**expected: Any) -> dict[str, Any]:
    """Return a line of the table; what it leaves out is absent, and three failures trip."""
    return {"state": None, "metrics": None, "trips_at": 3, "sure": True, **expected}


KEY_PARAMETERS = ("threshold", "rate", "base", "cap", "limit")
BINDINGS: dict[str, dict[str, Any] | str] = {
    "async_config": found(
        class_="breaker:CircuitBreaker",
        call="async call call",
        threshold="config.failure_threshold",
        base="config.recovery_timeout",
        cap="config.max_recovery_timeout",
        limit="config.half_open_max_calls",
        state="state",
        metrics="get_metrics",
    ),
    "async_with": found(
        class_="circuit:CircuitBreaker",
        call="async context the object itself",
        threshold="fail_max",
        base="reset_timeout",
        cap="max_reset_timeout",
        limit="half_open_max_requests",
        state="state",
        metrics="snapshot",
    ),
    "backoff_registry": found(
        class_="registry:Breaker",
        call="async call execute",
        threshold="threshold",
        base="backoff.initial",
        cap="backoff.maximum",
        limit="max_probes",
        state="status",
        metrics="statistics",
    ),
    "datetime_clock": found(
        class_="dated:CircuitBreaker",
        call="async call run",
        threshold="failure_limit",
        base="open_duration",
        cap="max_open_duration",
        limit="half_open_limit",
        state="state",
        metrics="statistics",
    ),
    "decorator_only": found(
        class_="guarded:circuit_breaker",
        call="async decorate the object itself",
        threshold="failure_threshold",
        base="recovery_timeout",
        cap="max_recovery_timeout",
        limit="half_open_max_calls",
        state="@breaker.state",
        metrics="@breaker.metrics",
    ),
    "exported_metrics": found(
        class_="exported:CircuitBreaker",
        call="async call run",
        threshold="max_failures",
        base="cooldown",
        cap="max_cooldown",
        state="state",
        metrics="what is exported to Prometheus",
    ),
    "metrics_per_state": found(
        class_="windows:CircuitBreaker",
        call="async call execute",
        rate="failure_rate_threshold",
        base="wait_duration_in_open_state",
        cap="wait_duration_in_open_max",
        limit="permitted_calls_in_half_open",
        state="state",
        metrics="get_metrics",
    ),
    "permit_record": found(
        class_="permits:PermitBreaker",
        call="async permit allow_request / record_success / record_failure",
        threshold="threshold",
        base="cooldown",
        cap="max_cooldown",
        limit="max_probes",
        state="_state",
        metrics="get_stats",
    ),
    "rate_window": found(
        class_="rate_breaker:RateCircuitBreaker",
        call="async call execute",
        rate="failure_rate_threshold",
        base="wait_duration_in_open",
        cap="wait_duration_in_open_max",
        limit="permitted_calls_in_half_open",
        state="state",
        metrics="metrics.snapshot",
    ),
    "state_objects": found(
        class_="breaker:CircuitBreaker",
        call="async call call",
        threshold="policy.max_failures",
        base="policy.open_for",
        cap="policy.open_for_at_most",
        limit="policy.max_probes",
        state="current_state",
        metrics="get_metrics",
    ),
    "sync_core": found(
        class_="core:AsyncCircuitBreaker",
        call="async call call",
        threshold="maximum_failures",
        base="open_timeout",
        cap="max_open_timeout",
        limit="probes",
        state="is_closed, is_open, is_half_open",
        metrics="get_stats",
    ),
    "sync_executor": found(
        class_="pooled_breaker:CircuitBreaker",
        call="async call execute_async",
        threshold="max_failures",
        base="reset_timeout",
        cap="max_reset_timeout",
        limit="max_trials",
        state="state",
        metrics="stats",
    ),
    "sync_facade": found(
        class_="facade:SyncCircuitBreaker",
        call="async call arun",
        threshold="max_errors",
        base="base_timeout",
        cap="max_timeout",
        limit="half_open_requests",
        state="_status",
        metrics="info",
    ),
    "timer_recovery": found(
        class_="timed:AsyncCircuitBreaker",
        call="async call invoke",
        threshold="trip_threshold",
        base="cooldown_seconds",
        cap="max_cooldown_seconds",
        limit="max_concurrent_probes",
        state="state",
        metrics="metrics",
    ),
    "claude_opus_46": "nothing in the code looks like a circuit breaker",
    "claude_sonnet_46": "nothing in the code looks like a circuit breaker",
    "deepseek_v4": found(
        class_="circuit_breaker:CircuitBreaker",
        call="async call call_async",
        threshold="failure_threshold",
        base="recovery_timeout",
        cap="max_recovery_timeout",
        state="state",
        metrics="get_metrics",
    ),
    "gemini_31_pro": "nothing in the code looks like a circuit breaker",
    "gemini_3_flash": found(
        class_="circuit_breaker:CircuitBreaker",
        call="async call call",
        threshold="failure_threshold",
        base="recovery_timeout",
        state="state",
        metrics="metrics",
    ),
    "gpt_5_4": found(
        class_="circuit_breaker:CircuitBreaker",
        call="",
        threshold="config.failure_threshold",
        base="config.recovery_timeout",
        cap="config.max_recovery_timeout",
        limit="config.half_open_max_calls",
        trips_at=None,
    ),
    "gpt_oss_120b": found(
        class_="circuit_breaker:CircuitBreaker",
        call="async call call",
        threshold="config.failure_threshold",
        base="config.recovery_timeout",
        cap="config.max_recovery_timeout",
        trips_at=None,
    ),
    "grok_420": found(
        class_="circuit_breaker:CircuitBreaker",
        call="async call execute",
        threshold="failure_threshold",
        base="recovery_timeout",
        cap="max_timeout",
        state="state",
        metrics="get_metrics",
    ),
    "mimo_v2_flash": found(
        class_="circuit_breaker:CircuitBreaker",
        call="async call __call__",
        threshold="failure_threshold",
        base="recovery_timeout",
        limit="half_open_max_calls",
        state="state",
        metrics="metrics",
    ),
    "minimax_m25": found(class_="circuit_breaker:CircuitBreaker", call="", trips_at=None),
    "reference": found(
        class_="circuit_breaker:CircuitBreaker",
        call="async call call_async",
        threshold="config.failure_threshold",
        base="config.recovery_timeout",
        cap="config.max_recovery_timeout",
        limit="config.half_open_max_calls",
        state="state",
        metrics="metrics",
    ),
}
FOLDERS = [
    folder
    for home in (CORRECT, CANDIDATES)
    for folder in sorted(home.iterdir())
    if (folder / "candidate.toml").is_file()
]


def as_line(binding: Binding) -> dict[str, Any]:
    """Return a binding as a line of the table."""
    surface = binding.surfaces[0] if binding.surfaces else None
    parameters = {k: v for k, v in binding.parameters.items() if k in KEY_PARAMETERS}
    return {
        "class_": binding.constructor.call,
        "call": f"{surface.mode} {surface.style} {surface}" if surface else "",
        **parameters,
        "state": str(binding.state) if binding.state else None,
        "metrics": str(binding.metrics) if binding.metrics else None,
        "trips_at": binding.trips_at,
        "sure": binding.sure,
    }


def test_every_folder_stands_in_the_table() -> None:
    assert [folder.name for folder in FOLDERS] == list(BINDINGS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_a_breaker_is_understood_as_written_down(folder: Path) -> None:
    (candidate,) = answers.load(folder)
    assert isinstance(candidate, Candidate)
    with Bench(candidate, choose()) as bench:
        line: dict[str, Any] | str
        try:
            line = as_line(bench.binding)
        except Interrupted as interrupted:
            line = str(interrupted)
    assert line == BINDINGS[folder.name]
