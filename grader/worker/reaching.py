"""Counts what a breaker keeps alive."""

import gc
import sys
import types
from collections.abc import Callable
from typing import Any

_MOST_OBJECTS = 1_000_000
_STOP_AT = (type, types.ModuleType, types.FunctionType, types.CodeType, types.FrameType)


def reachable(root: Any, owns: Callable[[str | None], bool]) -> dict[str, Any]:
    """Count the objects that a breaker keeps alive, and their bytes."""
    gc.collect()
    seen: dict[int, Any] = {id(root): root}
    queue = [root]
    kept = 1
    while queue and kept < _MOST_OBJECTS:
        for entry in gc.get_referents(queue.pop()):
            if id(entry) in seen:
                kept += 1  # a list of one and the same number grows as well
                continue
            if isinstance(entry, _STOP_AT):
                continue
            module = type(entry).__module__
            plain = module == "builtins" or module.startswith(("collections", "_collections"))
            if plain or owns(module) or module in {"array", "datetime", "enum"}:
                seen[id(entry)] = entry
                queue.append(entry)
                kept += 1
    return {"objects": kept, "bytes": sum(sys.getsizeof(entry, 0) for entry in seen.values())}
