"""The settings that breakers are built with, by concept: `threshold`, `base`, `cap` and so on."""

from typing import Any

from grader.binding.model import Binding

LEFT_OUT: Any = object()
"""In place of a setting that shall not be passed at all."""
# Far beyond every period of a scenario, so that it does not matter unless it is the point.
NO_CAP = 1e9
NO_TIMEOUT = 1e9
_SMALL_SHARE = 0.3
DEFAULTS: dict[str, Any] = {
    "threshold": 3,
    "base": 10.0,
    "multiplier": 2.0,
    "cap": NO_CAP,
    "limit": 1,
    "successes": 1,
    "jitter": 0,
    "exponential": True,
    "call_timeout": NO_TIMEOUT,
    "window_time": NO_TIMEOUT,
}


def settings_for(binding: Binding, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a breaker: the defaults, the binding's, then these."""
    wanted = {**DEFAULTS, **binding.settings, **settings}
    threshold = wanted.get("threshold")
    if binding.by_rate:
        for concept in ("minimum_calls", "window_size"):
            wanted.setdefault(concept, threshold)
        wanted.setdefault("rate", 1.0)
    # A round has to have room for as many probes as may run at once.
    counts = [wanted.get(c) for c in ("successes", "limit")]
    wanted.setdefault("permitted", max((c for c in counts if isinstance(c, int)), default=1))
    if "counted" in binding.parameters and binding.failure == "ServiceFailure":
        wanted.setdefault("counted", ["ServiceFailure"])
    return passed(wanted)


def after_successes(binding: Binding) -> dict[str, Any]:
    """Return the settings with which failures trip it though some calls succeeded before.

    By default every call has to fail that a share is taken of.
    """
    return {"rate": _SMALL_SHARE} if binding.by_rate and "rate" in binding.parameters else {}


def passed(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that are passed at all."""
    return {concept: value for concept, value in settings.items() if value is not LEFT_OUT}
