"""Processes that know nothing of the program which starts them.

By itself a new process of `multiprocessing` runs the caller's main module once more, in case what
it is to do stands there. What is done here stands in this package, and the caller may be a script
of three lines without a guard, or what is typed into an interpreter.
"""

import contextlib
import threading
from collections.abc import Iterator
from multiprocessing import forkserver, spawn
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

_ONE_AT_A_TIME = threading.Lock()


class _Process(ForkServerProcess):
    """A process that is started without the main module."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802  the name that is overridden
        with _without_main():
            return ForkServerProcess._Popen(process_obj)  # noqa: SLF001  there is no public way


class Context(ForkServerContext):
    """A context of `multiprocessing` whose processes are such."""

    Process = _Process

    def begin_server(self) -> None:
        """Start the process that these are forked from, without waiting for what it loads first."""
        forkserver.ensure_running()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Leave the main module out of what a process that this thread starts is prepared with."""
    with _ONE_AT_A_TIME:
        told, here = spawn.get_preparation_data, threading.get_ident()

        def prepared(name: str) -> dict[str, Any]:
            data = told(name)
            if threading.get_ident() != here:
                return data  # somebody else's, in this very moment
            return {key: value for key, value in data.items() if not key.startswith("init_main")}

        spawn.get_preparation_data = prepared
        try:
            yield
        finally:
            spawn.get_preparation_data = told
