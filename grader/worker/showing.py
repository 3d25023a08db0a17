"""Runs the script of an explanation, to see whether it shows what it is meant to show."""

import asyncio
from typing import Any

from .loop import VirtualLoop
from .wire import text


def show(source: str) -> dict[str, Any]:
    """Run a script as its user would; return the error that ended it, or None."""
    # Its clock is its own: what loops read is what it puts there, not the time of this worker.
    VirtualLoop.time = _time_of_the_script  # type: ignore[method-assign]
    try:
        exec(compile(source, "show.py", "exec"), {"__name__": "__main__"})  # noqa: S102  in the sandbox
    except Exception as error:  # noqa: BLE001  whatever it is, it is told
        return {"ended": f"{text(type(error).__name__)}: {text(error)}"}
    return {"ended": None}


def _time_of_the_script(self: VirtualLoop) -> float:
    return asyncio.BaseEventLoop.time(self)
