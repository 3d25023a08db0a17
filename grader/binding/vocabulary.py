"""The names that circuit breakers use in Python, concept by concept, likeliest first.

Drawn from breakers in public repositories and from the libraries. Names are
compared without case, underscores and unit suffixes.
"""

import re
from typing import Final

_SUFFIX = re.compile(r"_(milliseconds|millis|ms|minutes|mins|seconds|secs|sec|s)$")
_UNIT_WITHIN = re.compile(r"_(milliseconds|millis|ms|minutes|mins)(?=_)")
_UNITS: Final = {
    **dict.fromkeys(("milliseconds", "millis", "ms"), 0.001),
    **dict.fromkeys(("minutes", "mins"), 60.0),
}
# Words that a name may begin with and mean the same without.
_PREFIX = re.compile(r"^(default|circuit_breaker|breaker|circuit|cb)_")


def normal(name: str) -> str:
    """Return a name without case, underscores and unit suffix."""
    return _SUFFIX.sub("", name.lower()).replace("_", "")


def unit(name: str) -> float:
    """Return how many seconds one unit of a parameter of this name is: 0.001, 1.0 or 60.0."""
    found = _SUFFIX.search(name.lower()) or _UNIT_WITHIN.search(name.lower())
    return _UNITS.get(found.group(1), 1.0) if found else 1.0


def says_other_role(name: str) -> bool:
    """Whether the name of a class ends as that of something beside a breaker: `...Registry`.

    That is no more than a hint: people call breakers `ApiGuard` or `CircuitManager` as well.
    """
    return _OTHER_ROLE.search(name) is not None


def is_time(name: str) -> bool:
    """Whether a name says that what it names are seconds, or the like."""
    return _SUFFIX.search(name.lower()) is not None


def _names(text: str) -> tuple[str, ...]:
    return tuple(normal(name) for name in text.split())


PARAMETERS: Final[dict[str, tuple[str, ...]]] = {
    "threshold": _names(
        "failure_threshold fail_max max_failures threshold error_threshold maximum_failures"
        " failure_limit fail_threshold max_errors trip_threshold failure_count_threshold"
        " consecutive_failures_threshold consecutive_failures failures_to_open maxfail"
        " failures_before_open max_consecutive_failures failure_count max_failure_count"
        " failures max_fails fail_limit failures_allowed allowed_failures trip_after open_after"
    ),
    "rate": _names(
        "failure_rate_threshold failure_ratio_threshold error_rate_threshold failure_rate"
        " failure_ratio error_ratio error_rate failure_percentage error_percentage"
        " error_threshold_percentage max_failure_rate rate_threshold"
    ),
    "minimum_calls": _names(
        "minimum_number_of_calls minimum_calls min_calls minimum_throughput min_throughput"
        " min_requests minimum_requests request_volume_threshold volume_threshold min_samples"
        " minimum_samples min_volume min_call_count"
    ),
    "window_size": _names(
        "sliding_window_size window_size window_calls rolling_window_size window buffer_size"
        " window_count sample_size history_size"
    ),
    "window_time": _names(
        "failure_window error_window window_seconds rolling_window failure_window_seconds"
        " window_duration rolling_window_seconds time_window failure_timeout sampling_duration"
        " window_period failure_expiry window_time within"
    ),
    "base": _names(
        "recovery_timeout reset_timeout base_recovery_timeout initial_recovery_timeout"
        " base_timeout initial_timeout open_timeout open_duration base_open_duration"
        " initial_open_duration recovery_time cooldown cool_down cooldown_period base_cooldown"
        " initial_cooldown recovery_seconds retry_timeout break_duration duration_of_break"
        " wait_duration_in_open wait_duration_in_open_state sleep_window timeout_duration ttl"
        " base_delay initial_backoff base_backoff initial_delay backoff_base recovery_delay"
        " open_period base_open_period initial_open_period open_for open_interval retry_after"
        " base_period initial_period base_reset_timeout initial_reset_timeout backoff_initial"
        " open_time first_open_period recovery_period recovery_interval base_recovery_time"
        " recovery_window base_wait initial_wait open_wait wait_time wait_duration wait_period"
        " initial base delay wait open open_periods open_base stay_open stay_open_for first_open"
        " delays backoff_delays delay_schedule backoff_schedule recovery_schedule"
        " timeout"  # the last: where there is another one, it is how long a call may take
    ),
    "multiplier": _names(
        "backoff_multiplier backoff_factor multiplier exponential_base recovery_backoff"
        " timeout_multiplier recovery_multiplier recovery_timeout_multiplier"
        " exponential_backoff_factor exponential_backoff_multiplier factor timeout_factor"
        " wait_duration_backoff_multiplier reset_timeout_multiplier cooldown_multiplier"
        " growth_factor growth backoff_growth backoff_exponent open_multiplier"
        " exponential_factor backoff_rate"
    ),
    "cap": _names(
        "max_recovery_timeout max_timeout max_reset_timeout recovery_timeout_max max_backoff"
        " max_backoff_time max_delay backoff_max backoff_cap max_cooldown max_open_duration"
        " wait_duration_in_open_max max_open_timeout max_open_period max_wait max_recovery_time"
        " maximum_timeout maximum_recovery_timeout maximum_backoff max_open_for open_for_max"
        " max_open_time max_break_duration max_cooldown_period max_recovery_delay"
        " recovery_timeout_cap max_interval longest_open_period max_period"
        " wait_duration_max max_wait_duration maximum cap max open_max longest longest_open up_to"
        " ceiling"
    ),
    "jitter": _names(
        "jitter backoff_jitter jitter_factor jitter_ratio jitter_range randomization_factor"
        " use_jitter enable_jitter with_jitter jitter_fraction recovery_jitter timeout_jitter rand"
        " randomize random_factor jitter_enabled jitter_percent"
    ),
    "exponential": _names(
        "exponential_backoff use_exponential_backoff enable_exponential_backoff exponential"
        " backoff_enabled enable_backoff use_backoff"
    ),
    "limit": _names(
        "half_open_max_calls half_open_max_requests half_open_max_concurrent max_half_open_calls"
        " half_open_limit half_open_requests half_open_max_probes max_concurrent_probes"
        " permitted_calls_in_half_open permitted_number_of_calls_in_half_open_state max_probes"
        " half_open_max_attempts max_requests half_open_max_concurrent_calls half_open_calls"
        " half_open_max_concurrency half_open_concurrency half_open_permits probe_limit"
        " half_open_max half_open_probes max_half_open_requests max_trial_calls trial_calls"
        " max_half_open_probes half_open_max_in_flight half_open_probe_limit concurrent_probes"
        " max_half_open half_open_trials half_open_attempts half_open_trial_calls"
    ),
    "permitted": _names("permitted_calls_in_half_open half_open_total_calls"),
    "successes": _names(
        "success_threshold half_open_success_threshold recovery_threshold successes_to_close"
        " required_successes close_threshold recovery_successes success_count_threshold"
        " half_open_successes successes_required half_open_required_successes min_successes"
        " consecutive_successes success_limit close_after probes_to_close"
        " required_half_open_successes half_open_success_count success_max"
    ),
    "counted": _names(
        "expected_exception expected_exceptions exceptions failure_exceptions error_types"
        " tracked_exceptions monitored_exceptions record_exceptions catch_exceptions"
        " include_exceptions included_exceptions handled_exceptions expected_errors"
        " failure_types counted_exceptions include trip_on recorded_exceptions"
        " exception_types failure_errors counts_as_failure_types record_on counts counting"
        " counted_errors counted_types failures failure_on trips_on tripping_exceptions"
    ),
    "ignored": _names(
        "excluded_exceptions exclude exclude_exceptions ignored_exceptions ignore_exceptions"
        " ignore_on ignored whitelist passthrough_exceptions excluded ignore"
        " exceptions_to_ignore ignored_errors non_failure_exceptions excluded_errors ignores"
        " ignoring not_failures neutral neutral_types neutral_errors neutral_exceptions exclusions"
        " excluded_types ignored_types never_count do_not_count transparent_errors harmless benign"
        " tolerated tolerated_exceptions tolerated_errors allowed_exceptions ignore_if exclude_if"
        " is_ignored is_excluded should_ignore harmless_exceptions harmless_errors benign_errors"
        " benign_exceptions ignore_types exclude_types ignore_errors exclude_errors"
    ),
    "failure_predicate": _names(
        "is_failure failure_predicate should_trip exception_filter should_handle"
        " counts_as_failure exception_predicate should_count failure_condition counts_if count_if"
        " failure_if fails_if trip_if record_if is_counted is_countable should_record"
    ),
    "call_timeout": _names(
        "call_timeout request_timeout operation_timeout timeout execution_timeout"
        " slow_call_duration_threshold slow_call_duration slow_call_threshold probe_timeout"
        " probe_lease half_open_timeout lease_timeout max_call_duration"
    ),
    "name": _names("name breaker_id service_name circuit_name key breaker_name service identifier"),
    "clock": _names(
        "clock time_func time_fn timer time_source time_provider now monotonic now_fn now_func"
    ),
    "listener": _names(
        "on_state_change on_transition state_change_callback on_change listener listeners"
        " state_listener on_state_changed"
    ),
}

FUNCTIONS: Final = frozenset(
    normal(n)
    for n in "func fn f function action callable callable_ operation op target wrapped callback"
    " coro coro_func command handler protected protected_func async_func call request".split()
)
CONFIG_PARAMETERS: Final = frozenset(
    normal(n)
    for n in "config settings policy cfg options conf params configuration cb_config".split()
)
NESTED_PARAMETERS: Final = frozenset(
    normal(n)
    for n in "backoff retry backoff_policy backoff_strategy recovery half_open recovery_policy"
    " thresholds open_policy backoff_config schedule strategy".split()
)

_OTHER_ROLES: Final = (
    "Error Exception Open State Status Config Configuration Settings Options Policy Params Metrics"
    " Stats Statistics Snapshot Registry Manager Factory Listener Event Storage Middleware Backoff"
    " Strategy Result Window Counter Collector Clock Client Context Guard Permit Timer"
).split()
_OTHER_ROLE: Final = re.compile(f"({'|'.join(_OTHER_ROLES)})$")
FACTORIES: Final = tuple(
    normal(n)
    for n in "circuit_breaker circuit breaker with_circuit_breaker circuitbreaker protect"
    " circuit_break guarded with_breaker create_circuit_breaker make_breaker"
    " get_circuit_breaker create_breaker".split()
)

KEYS: Final = _names(
    "key name service host endpoint upstream target peer circuit provider resource breaker_id"
    " service_name circuit_name breaker_name host_name domain backend dependency identifier"
)
"""Parameters that tell which of many circuits is meant."""
GETTERS: Final = _names(
    "get_breaker get get_or_create get_circuit_breaker get_or_create_breaker breaker"
    " circuit_breaker circuit create create_breaker get_circuit for_service for_name for_host"
    " of register make_breaker make new new_breaker lookup obtain breaker_for"
)
"""Methods that hand out a breaker by its name."""
BUILDERS: Final = _names("build create make finish done get")
CALLS: Final = _names(
    "call call_async acall async_call execute execute_async aexecute async_execute run run_async"
    " arun invoke invoke_async ainvoke protect guard call_sync execute_sync run_sync submit"
    " attempt wrap_call perform fire"
)
ASYNC_CALLS: Final = frozenset(_names("acall aexecute arun ainvoke aprotect aguard"))
DECORATORS: Final = _names(
    "decorate decorator protect wrap guard circuit_break decorate_async decorate_sync"
    " async_decorator sync_decorator protected wraps"
)
CONTEXTS: Final = _names(
    "context calling guard protect acquire acontext async_context guarded guard_sync guard_async"
    " protecting attempt section"
)
ALLOW: Final = _names(
    "allow_request can_execute is_allowed can_attempt allow before_call is_available should_allow"
    " acquire try_acquire acquire_permission try_acquire_permission allow_call can_proceed"
    " request_permission should_attempt can_call try_enter allows permit may_call check"
    " is_call_permitted ready ask"
)
SUCCESS: Final = _names(
    "record_success on_success success call_succeeded succeeded mark_success report_success"
    " after_success good"
)
FAILURE: Final = _names(
    "record_failure on_failure failure call_failed failed record_error on_error mark_failure"
    " report_failure fail after_failure bad"
)
RELEASE: Final = _names(
    "release release_probe release_permit release_permission record_cancelled cancel"
    " record_cancellation on_cancel record_ignored abandon forget cancelled discard void"
)
STATES: Final = _names(
    "state current_state get_state status circuit_state state_name get_current_state _state"
    " phase circuit_status breaker_state current_status mode current_phase"
)
FLAGS: Final[dict[str, tuple[str, ...]]] = {
    "closed": ("is_closed", "closed"),
    "open": ("is_open", "opened", "is_opened"),
    "half_open": ("is_half_open", "is_halfopen", "half_opened"),
}
"""Members that are true in one state alone; not `open`, which may be an order."""
METRICS: Final = (
    "get_metrics metrics stats get_stats snapshot get_snapshot metrics_snapshot get_status"
    " statistics get_statistics info to_dict as_dict health report get_health summary counters"
    " describe get_info collect status get_state circuit_metrics circuit_stats circuit_info"
    " breaker_metrics breaker_stats breaker_info"
).split()
METRICS_INNER: Final = (
    "snapshot to_dict as_dict get_stats get_metrics summary of for_breaker for_circuit get"
).split()
RESETS: Final = _names(
    "reset force_close force_closed manual_reset reset_circuit close_circuit reset_state close"
    " transition_to_closed transition_to_closed_state move_to_closed restore"
)
FORCE_OPEN: Final = _names(
    "force_open force_opened trip isolate open_circuit trip_circuit manual_open force_trip open"
    " transition_to_open transition_to_open_state move_to_open"
)
"""Not `disable`, after which a breaker may as well let everything through."""

COUNTS: Final[dict[str, tuple[str, ...]]] = {
    "total": _names(
        "total_calls total_requests calls requests call_count attempts total request_count"
        " calls_total requests_total total_attempts call_total total_executions executions"
        " n_calls num_calls calls_made permitted"
    ),
    "successes": _names(
        "successful_calls total_successes successful_requests success_count successes success"
        " total_success calls_succeeded succeeded success_calls succeeded_calls successes_total"
        " success_total total_successful_calls total_successful ok successful num_successes"
    ),
    "failures": _names(
        "failed_calls total_failures failed_requests failure_count failures error_count failure"
        " failed total_failed calls_failed failures_total failure_total total_errors errors"
        " total_failed_calls failure_calls error_calls num_failures"
    ),
    "rejections": _names(
        "rejected_calls rejected_requests total_rejections rejections rejected short_circuited"
        " calls_rejected not_permitted blocked_calls reject blocked blocked_requests"
        " total_rejected rejection_count rejected_count rejections_total rejected_total"
        " total_rejected_calls short_circuits denied refused rejected_permits num_rejected"
        " not_permitted_calls num_rejections shorted turned_away"
    ),
    "transitions": _names(
        "state_changes state_transitions transitions total_state_changes trip_count times_opened"
        " total_state_transitions state_transition_count transition_count open_count"
        " total_circuit_opens reopens state_change_count trips opened_count num_transitions"
        " opens state_history transition_history"
    ),
    "state": _names("state current_state circuit_state state_name status phase"),
}


DUNDERS: Final = frozenset({"__call__"})


def match(name: str, names: tuple[str, ...]) -> int | None:
    """Return the rank of a name among names, 0 the likeliest, or None."""
    if name.startswith("__"):
        return (
            len(names)
            if name in DUNDERS and names in (CALLS, DECORATORS, CALLS + DECORATORS)
            else None
        )
    wanted = normal(name)
    if wanted in names:
        return names.index(wanted)
    bare = normal(_PREFIX.sub("", name.lower()))
    return len(names) + names.index(bare) if bare in names and bare != wanted else None


_PERIOD = (
    "(open|timeout|back_?off|recovery|cooldown|cool|delay|reset|wait|period|interval|duration"
    "|break|sleep|suspend)"
)
_PROBE = r"(probe|trial|half_?open)"
_RESEMBLES: Final = tuple(
    (concept, re.compile(pattern))
    for concept, pattern in (
        ("jitter", r"jitter|random|spread|fuzz|dither|noise"),
        (
            "cap",
            rf"(max|most|cap|longest|ceiling|upper).*{_PERIOD}|{_PERIOD}.*(max|most|cap|limit|ceiling)",
        ),
        (
            "successes",
            rf"success|{_PROBE}.*(close|need|require)|need.*{_PROBE}|to_close|close_after",
        ),
        (
            "limit",
            rf"(max|limit|concurrent|permit|allow|num|count).*{_PROBE}|{_PROBE}.*(max|limit|call|request|permit|size|concurren|count|slot|flight)|^{_PROBE}s$",
        ),
        ("multiplier", rf"multipl|growth|exponent|{_PERIOD}.*(factor|rate)"),
        ("rate", r"(fail|error).*(rate|ratio|percent)"),
        (
            "threshold",
            r"(max|threshold|limit|count|allowed|consecutive|most).*(fail|error)|(fail|error).*(max|threshold|limit|count|allowed|to_open|before)|trip.*(at|after|threshold|count)",
        ),
        (
            "base",
            r"(initial|base|first|start|open|recover|reset|cool|retry|break|sleep|wait|suspend).*(timeout|period|time|duration|delay|interval|wait|for|after|seconds|back_?off)|cool_?down",
        ),
    )
)
_MISLEADING: Final = re.compile(
    r"window|history|latenc|metric|log|call_timeout|request_timeout|slow|lease"
)


def resembles(name: str) -> str | None:
    """Return the concept that an unlisted name sounds like, or None.

    A guess that only counts where no listed name took the concept.
    """
    lowered = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    # A window to sleep in is an open period; any other is one to count in.
    lowered = re.sub(r"sleep_?(ing_)?window", "sleep_time", lowered)
    if _MISLEADING.search(lowered):
        return None
    return next((c for c, pattern in _RESEMBLES if pattern.search(lowered)), None)


_COUNT_RESEMBLES: Final = (
    (
        "rejections",
        re.compile(r"reject|refus|denied|deny|short_?circuit|block|not_?permit|shed|suspend"),
    ),
    ("transitions", re.compile(r"transition|state_?change|trip|times_?open|opened|closed_to_open")),
    ("successes", re.compile(r"succe")),
    ("failures", re.compile(r"fail|error")),
)
# What only sounds like a lifetime count: settings, streaks, rates, times, parts of the whole.
_NO_COUNT: Final = re.compile(
    r"threshold|limit|max|min|consecutive|streak|in_a_row|current|recent|window|rate|ratio|percent|pct"
    r"|last|time(?!s)|_at$|since|latenc|duration|avg|mean|half|probe|needed|required|remaining|until"
)


def resembles_count(name: str) -> str | None:
    """Return the count that an unlisted name sounds like, or None.

    A guess that only counts where no listed name took the count.
    """
    lowered = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    if _NO_COUNT.search(lowered):
        return None
    return next((c for c, pattern in _COUNT_RESEMBLES if pattern.search(lowered)), None)
