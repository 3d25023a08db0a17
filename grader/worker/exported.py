"""Counts that are exported instead of handed out: those of prometheus_client.

They belong to the process, not to one breaker, and are read as a scraper would see them: each
metric summed up, and summed up by the value of each label.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

_LEFT_OUT = ("_created", "_bucket", "_info")
_TWICE = "Duplicated timeseries"


class Registered:
    """What breakers have registered, which each of them may have under one name.

    A breaker that makes such metrics while it is built can be built once in a program. That is a
    fault, and one: where no two breakers are needed together, the earlier ones' are taken away.
    """

    def __init__(self) -> None:
        self._before: list[Any] | None = None

    def making(self, build: Callable[[], Any], *, beside: bool) -> Any:
        """Build a breaker, which has to do *beside* the earlier ones, or instead of them."""
        if self._before is None:
            self._before = _registered()
        try:
            return build()
        except ValueError as error:
            if beside or not str(error).startswith(_TWICE):
                raise
        for metric in _registered():
            if metric not in self._before:
                sys.modules["prometheus_client"].REGISTRY.unregister(metric)
        return build()


def samples(breaker: Any, owns: Callable[[str | None], bool]) -> dict[str, Any]:
    """Return the value of every metric that the candidate made, by name and `name.label`."""
    found: dict[str, Any] = {}
    for metric in _metrics(breaker, owns):
        for family in metric.collect():
            for sample in family.samples:
                if not sample.name.endswith(_LEFT_OUT):
                    for name in (sample.name, *_labelled(sample)):
                        found[name] = found.get(name, 0.0) + sample.value
    return {name: int(n) if float(n).is_integer() else n for name, n in found.items()}


def _labelled(sample: Any) -> Iterator[str]:
    for value in dict.fromkeys(sample.labels.values()):
        yield f"{sample.name}.{value}"


def _registered() -> list[Any]:
    library = sys.modules.get("prometheus_client")
    if library is None:
        return []
    return list(vars(library.REGISTRY).get("_collector_to_names", {}))


def _metrics(breaker: Any, owns: Callable[[str | None], bool]) -> list[Any]:
    """Return what is registered anywhere, or hangs on the breaker, in the order of making."""
    library = sys.modules.get("prometheus_client")
    if library is None:
        return []
    kind = library.metrics.MetricWrapperBase
    places = [library, *(m for name, m in list(sys.modules.items()) if owns(name)), breaker]
    values = [value for place in places for value in list(getattr(place, "__dict__", {}).values())]
    values += [inner for value in values for inner in _own_values(value, owns)]
    found: dict[int, Any] = {}
    for value in values:
        held = [value]
        if isinstance(value, library.CollectorRegistry):
            held = list(vars(value).get("_names_to_collectors", {}).values())
        found.update({id(entry): entry for entry in held if isinstance(entry, kind)})
    return list(found.values())


def _own_values(value: Any, owns: Callable[[str | None], bool]) -> list[Any]:
    own = not isinstance(value, type) and owns(type(value).__module__)
    return list(getattr(value, "__dict__", {}).values()) if own else []
