"""Which classes of a candidate count for a breaker, outside of it.

The breaker itself then hands out no metrics: `CircuitMetrics(breaker)` has to be made beside it.
"""

import re
from collections.abc import Iterable, Iterator

from grader.binding.model import Collector, Constructor, Hearing
from grader.binding.shape import ClassShape, MethodShape, ParameterShape, Shape

_COUNTS = re.compile(
    r"(metrics|stats|statistics|counters?|collector|recorder|monitor|telemetry|observer|listener"
    r"|instrumentation)(listener|observer|subscriber|collector|recorder)?$",
    re.IGNORECASE,
)
_TAKES_UP = re.compile(
    r"(attach|bind|observe|watch|track|register|subscribe|instrument|connect|monitor|follow|listen)"
    r"(_to)?(_(circuit_)?breaker|_circuit)?$"
)
_SAYS_BREAKER = re.compile(r"breaker|circuit|^cb$")


def collectors(
    shape: Shape, constructor: Constructor, ways: Iterable[Hearing]
) -> Iterator[Collector]:
    """Yield what may count for the breakers of a constructor.

    `ways` are those of giving these a listener.
    """
    if constructor.keys or constructor.around:
        return
    adding = [way.name for way in ways if way.via == "method" and not way.event]
    breaker = constructor.call.rpartition(":")[2].partition(".")[0]
    for kind in shape:
        if not isinstance(kind, ClassShape) or kind.error or kind.enum:
            continue
        if kind.path == constructor.call or not _COUNTS.search(kind.name):
            continue
        required = [p for p in kind.parameters if p.required and not p.variadic]
        if not required:
            for method in kind.methods:
                if _TAKES_UP.match(method.name) and _takes_one(method, breaker):
                    yield Collector(call=kind.path, takes=method.name)
            if kind.bases:
                yield from (Collector(call=kind.path, given=n) for n in dict.fromkeys(adding))
        elif len(required) == 1 and _is_breaker(required[0], breaker):
            yield Collector(call=kind.path)


def _takes_one(method: MethodShape, breaker: str) -> bool:
    required = [p for p in method.parameters if p.required and not p.variadic]
    return not method.is_async and len(required) == 1 and _is_breaker(required[0], breaker)


def _is_breaker(parameter: ParameterShape, breaker: str) -> bool:
    if parameter.annotation:
        return breaker in re.findall(r"\w+", parameter.annotation)
    return _SAYS_BREAKER.search(parameter.name.lower()) is not None
