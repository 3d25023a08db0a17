"""What has to be found out about each of the breakers in `shapes`."""

import msgspec


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be found out about one shape."""

    built: str
    """How it is come by."""
    parameters: str
    """`concept=parameter`, or `concept=parameter:kind` where the value is not just a number."""
    surfaces: tuple[str, ...]
    """All of them, the preferred one first."""
    state: str = "state"
    metrics: str = "stats"
    counts: str = "calls successes failures rejected transitions"
    """Where total, successes, failures, rejections and transitions stand; `-` for none."""
    words: dict[str, str] = {}
    """What the states are called, where the words do not tell."""


CALL = ("async call call",)
EXPECTED = {
    "config_first": Expected(
        built="AsyncCircuitBreaker",
        parameters="threshold=config.error_threshold base=config.cool_down_secs"
        " multiplier=config.backoff_factor cap=config.max_cooldown_secs"
        " limit=config.max_half_open_calls successes=config.successes_to_close",
        surfaces=("async call execute",),
        metrics="get_metrics",
        counts="total_requests successful_requests failed_requests rejected_requests"
        " state_transitions",
    ),
    "pydantic_second": Expected(
        built="Breaker",
        parameters="threshold=settings.maximum_failures base=settings.sleep_window"
        " multiplier=settings.recovery_multiplier cap=settings.max_timeout"
        " limit=settings.max_requests successes=settings.success_threshold",
        surfaces=("async call invoke",),
        state="current_state",
        counts="calls successes errors short_circuited state_changes",
    ),
    "nested_backoff": Expected(
        built="CircuitBreaker",
        parameters="threshold=max_failures base=backoff.initial multiplier=backoff.multiplier"
        " cap=backoff.max jitter=backoff.jitter limit=half_open_limit"
        " successes=required_successes",
        surfaces=("async call acall",),
        state="status",
        metrics="snapshot",
        counts="attempts successes failures rejections transitions",
    ),
    "timedeltas": Expected(
        built="ProductionCircuitBreaker",
        parameters="threshold=fail_threshold base=break_duration:timedelta multiplier=factor"
        " cap=max_open_duration:timedelta limit=half_open_max_probes"
        " successes=recovery_successes",
        surfaces=("async call run",),
        state="status",
        metrics="report",
        counts="- outcomes.succeeded outcomes.failed outcomes.rejected trips",
    ),
    "minutes": Expected(
        built="CircuitBreaker",
        parameters="threshold=failure_limit base=cooldown_minutes:minutes multiplier=multiplier"
        " cap=max_cooldown_minutes:minutes limit=half_open_max_requests"
        " successes=close_threshold",
        surfaces=("async call protect",),
        metrics="metrics",
        counts="- calls_succeeded_total.value calls_failed_total.value"
        " calls_rejected_total.value state_transitions_total.value",
    ),
    "count_window": Expected(
        built="ResilientCircuitBreaker",
        parameters="rate=failure_ratio minimum_calls=minimum_throughput"
        " window_size=sliding_window_size base=open_timeout_ms:milliseconds"
        " multiplier=backoff_multiplier cap=max_open_timeout_ms:milliseconds"
        " limit=max_concurrent_probes",
        surfaces=("async call call_async",),
        metrics="info",
        counts="counts.calls counts.success counts.failure counts.not_permitted counts.transitions",
    ),
    "time_window": Expected(
        built="CircuitBreaker",
        parameters="rate=failure_rate_percent:percent minimum_calls=min_calls"
        " window_time=window_seconds base=wait_duration_in_open_state"
        " multiplier=wait_duration_backoff_multiplier cap=wait_duration_in_open_max"
        " limit=half_open_requests",
        surfaces=CALL,
        state="is_closed, is_open, is_half_open",
        metrics="to_dict",
        counts="call_count success_count failure_count rejected times_opened",
    ),
    "runs_when_called": Expected(
        built="Circuit",
        parameters="threshold=max_errors base=reset_timeout multiplier=timeout_multiplier"
        " cap=max_reset_timeout limit=max_probes successes=recovery_threshold",
        surfaces=("async call __call__",),
        metrics="statistics",
        counts="- ok failed refused trips",
        words={"0": "closed", "2": "open"},
    ),
    "decorates_when_called": Expected(
        built="CircuitBreaker",
        parameters="threshold=trip_threshold base=retry_timeout multiplier=exponential_base"
        " cap=backoff_cap limit=half_open_max_concurrent successes=success_count_threshold",
        surfaces=("async decorate the object itself",),
        metrics="get_stats",
        counts="attempts successes failures rejections reopens",
    ),
    "factory_both_ways": Expected(
        built="circuit_breaker",
        parameters="threshold=failure_threshold base=recovery_timeout"
        " multiplier=backoff_multiplier cap=max_recovery_timeout limit=half_open_max_calls"
        " successes=success_threshold",
        surfaces=("async decorate the object itself",),
        state="@.state",
        metrics="@.stats",
    ),
    "guards": Expected(
        built="CircuitBreaker",
        parameters="threshold=failure_count_threshold base=open_duration"
        " multiplier=exponential_backoff_factor cap=max_backoff limit=half_open_max_attempts"
        " successes=half_open_success_threshold",
        surfaces=("async context protecting()",),
        state="get_state",
        metrics="metrics",
    ),
    "asks_first": Expected(
        built="CircuitBreaker",
        parameters="threshold=threshold base=base_delay multiplier=backoff_factor cap=max_delay"
        " limit=permitted_calls_in_half_open",
        surfaces=("async permit can_execute / record_success / record_failure",),
        metrics="get_metrics",
    ),
    "permit_objects": Expected(
        built="CircuitBreaker",
        parameters="threshold=consecutive_failures base=initial_timeout"
        " multiplier=recovery_timeout_multiplier cap=recovery_timeout_max"
        " limit=half_open_limit",
        surfaces=(
            "async permit acquire_permission / success / failure",
            "sync permit acquire_permission / success / failure",
        ),
        metrics="snapshot",
    ),
    "further_ways": Expected(
        built="CircuitBreaker",
        parameters="threshold=max_failures base=open_for multiplier=growth cap=longest"
        " limit=probes failure_predicate=counts_if:predicate",
        surfaces=(*CALL, "async context turn()", "async decorate armoured"),
    ),
    "registry_get": Expected(
        built="BreakerRegistry.get",
        parameters="threshold=default_failure_threshold base=default_reset_timeout"
        " multiplier=backoff_multiplier cap=max_reset_timeout limit=half_open_max_calls",
        surfaces=("async call call", "async decorate the object itself"),
    ),
    "getter_function": Expected(
        built="get_breaker",
        parameters="threshold=failure_threshold base=recovery_timeout multiplier=multiplier"
        " cap=max_timeout limit=half_open_max_calls",
        surfaces=CALL,
    ),
    "builder": Expected(
        built="CircuitBreaker.builder.build",
        parameters="threshold=failure_threshold base=with_recovery_timeout"
        " multiplier=with_backoff_multiplier cap=with_max_timeout limit=with_max_probes",
        surfaces=("async call execute",),
    ),
    "named_constructor": Expected(
        built="CircuitBreaker.create",
        parameters="threshold=failure_threshold base=recovery_time multiplier=recovery_backoff"
        " cap=max_recovery_time limit=probe_limit",
        surfaces=CALL,
    ),
    "overrides": Expected(
        built="MemoryBreaker",
        parameters="threshold=failure_threshold base=recovery_timeout"
        " multiplier=backoff_multiplier cap=max_recovery_timeout limit=half_open_max_calls",
        surfaces=CALL,
    ),
    "options_dict": Expected(
        built="CircuitBreaker",
        parameters="threshold=failure_threshold base=reset_timeout multiplier=backoff_factor"
        " cap=max_backoff limit=max_probes",
        surfaces=CALL,
    ),
    "metrics_by_name": Expected(
        built="CircuitBreaker",
        parameters="threshold=failure_threshold base=recovery_timeout",
        surfaces=CALL,
    ),
    "config_dict": Expected(
        built="CircuitBreaker",
        parameters="threshold=config.failure_threshold base=config.recovery_timeout"
        " multiplier=config.backoff_multiplier cap=config.max_recovery_timeout"
        " limit=config.half_open_max_calls",
        surfaces=CALL,
    ),
    "typed_dict": Expected(
        built="Breaker",
        parameters="threshold=options.failure_threshold base=options.open_seconds"
        " multiplier=options.growth cap=options.max_open_seconds limit=options.half_open_limit",
        surfaces=CALL,
    ),
    "token_permit": Expected(
        built="CircuitBreaker",
        parameters="threshold=failure_limit base=wait multiplier=wait_factor cap=max_wait"
        " limit=probes",
        surfaces=(
            "async permit before_call / on_success / on_failure",
            "sync permit before_call / on_success / on_failure",
        ),
    ),
    "around_a_function": Expected(
        built="CircuitBreaker",
        parameters="threshold=error_threshold base=reset_timeout multiplier=backoff_factor"
        " cap=max_reset_timeout",
        surfaces=("async decorate fire",),
        state="@.state",
        metrics="@.stats",
    ),
    "called_itself": Expected(
        built="CircuitBreaker",
        parameters="threshold=failure_threshold base=recovery_timeout multiplier=backoff_factor"
        " cap=max_recovery_timeout",
        surfaces=("async decorate the object itself",),
        state="@.state",
        metrics="@.stats",
    ),
    "keyed": Expected(
        built="CircuitBreaker",
        parameters="threshold=failure_threshold base=recovery_timeout"
        " multiplier=backoff_multiplier cap=max_recovery_timeout limit=half_open_trials",
        surfaces=(
            "async permit allow / record_success / record_failure",
            "sync permit allow / record_success / record_failure",
        ),
    ),
    "keyed_call": Expected(
        built="ServiceCircuitBreaker",
        parameters="threshold=failure_threshold base=reset_timeout multiplier=backoff_factor"
        " cap=max_backoff limit=max_probes",
        surfaces=CALL,
        state="get_state",
        metrics="get_metrics",
    ),
    "two_classes": Expected(
        built="AsyncCircuitBreaker",
        parameters="threshold=failure_threshold base=recovery_timeout multiplier=multiplier"
        " cap=max_recovery_timeout limit=half_open_max_calls",
        surfaces=CALL,
    ),
    "odd_names": Expected(
        built="CircuitBreaker",
        parameters="threshold=tolerance base=rest multiplier=stretch cap=ceiling limit=scouts"
        " successes=proofs ignored=spared:tuple",
        surfaces=CALL,
        state="mode",
    ),
    "policy_protocols": Expected(
        built="CircuitBreaker",
        parameters="threshold=trip.number base=waits.base multiplier=waits.factor cap=waits.cap"
        " limit=probes",
        surfaces=CALL,
    ),
    "builder_of_steps": Expected(
        built="FuseBuilder.build",
        parameters="threshold=blow_after base=stay_open_for:timedelta multiplier=back_off.by"
        " cap=back_off.up_to:timedelta limit=probe_with",
        surfaces=CALL,
    ),
    "wrapper_objects": Expected(
        built="Circuit",
        parameters="threshold=policy.bucket_size base=policy.open_periods:table"
        " multiplier=policy.open_periods cap=policy.open_periods limit=policy.trial_calls",
        surfaces=("async decorate acall",),
        state="phase",
    ),
    "defaults_written_out": Expected(
        built="CircuitBreaker",
        parameters="threshold=settings.failure_threshold base=settings.open_seconds"
        " multiplier=settings.backoff_factor cap=settings.max_open_seconds"
        " limit=settings.half_open_probes ignored=settings.ignore:tuple",
        surfaces=CALL,
    ),
    "closure_with_attributes": Expected(
        built="make_breaker",
        parameters="threshold=max_failures base=open_for multiplier=growth cap=longest"
        " limit=probes",
        surfaces=("async decorate the object itself",),
        state="phase",
    ),
    "options_handed_on": Expected(
        built="AsyncBreaker",
        parameters="rate=failure_ratio minimum_calls=min_calls base=open_time"
        " multiplier=open_time_factor cap=max_open_time limit=max_probes",
        surfaces=("async call run",),
    ),
    "domain_words": Expected(
        built="Fuse",
        parameters="threshold=rating.tolerance base=rating.rest multiplier=rating.stretch"
        " cap=rating.ceiling limit=rating.scouts successes=rating.quorum",
        surfaces=("async call carry",),
        state="closed, open, half_open",
        metrics="meter",
        counts="- current.carried current.faulted current.refused switches.*",
    ),
    "table_of_settings": Expected(
        built="TrafficLight",
        parameters="threshold=patience base=red_for multiplier=slower cap=red_limit limit=lanes",
        surfaces=("async call __call__",),
        state="showing",
        metrics="the breaker",
        counts="- tally.passed tally.crashed tally.turned_away tally.*->*",
    ),
    "stand_ins": Expected(
        built="Relay",
        parameters="threshold=trigger.strikes base=pauses.first multiplier=pauses.ratio"
        " cap=pauses.longest limit=testers",
        surfaces=("async call drive",),
        state="picture.position",
        metrics="the breaker",
        counts="- picture.numbers.good picture.numbers.broke picture.numbers.denied"
        " picture.numbers.moves",
    ),
    "kit_of_functions": Expected(
        built="make_breaker",
        parameters="threshold=limit base=nap multiplier=nap_growth cap=nap_max limit=testers",
        surfaces=("async call acall", "async context guard()", "async decorate wrap"),
    ),
    "facade_for_asyncio": Expected(
        built="CircuitBuilder.build",
        parameters="threshold=interrupt_after base=stay_open:timedelta multiplier=growing.growth"
        " cap=growing.up_to:timedelta limit=probing_with",
        surfaces=("async call aio.execute", "sync call execute"),
    ),
    "declared_settings": Expected(
        built="BudgetBreaker",
        parameters="threshold=budget.drops base=budget.lockout multiplier=budget.escalation"
        " cap=budget.lockout_limit limit=budget.seats",
        surfaces=("async call spend",),
        state="where",
        metrics="exposition",
        counts="- spent_total.result=ok spent_total.result=failed spent_total.result=rejected"
        " moves_total",
    ),
    "pairs_of_counts": Expected(
        built="Breaker",
        parameters="threshold=spec.fails base=spec.wait multiplier=spec.grow cap=spec.most"
        " limit=spec.probes ignored=neutral:predicate",
        surfaces=CALL,
        state="position",
        metrics="the breaker",
        counts="- counts.good counts.bad counts.refused counts.moves",
    ),
    "functions_beside": Expected(
        built="Gate",
        parameters="threshold=stumbles base=shut_for multiplier=shut_factor cap=longest_shut"
        " limit=inside",
        surfaces=("async call functions_beside:ainvoke",),
        state="mode",
        metrics="tally",
        counts="- good bad barred moves",
    ),
    "state_classes": Expected(
        built="CircuitBreaker",
        parameters="threshold=failure_threshold base=recovery_timeout",
        surfaces=CALL,
    ),
}
