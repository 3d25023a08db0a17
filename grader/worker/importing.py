"""Watches what importing the candidate sets in motion, and the warnings it gives.

Of what happens while a module is imported only what the candidate's own code does counts: a
third-party package that opens a socket when it is imported is no affair of the candidate's.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .wire import text

_MOST = 20
_AUDITED = {
    "socket.connect": "a connection",
    "socket.sendto": "a datagram",
    "socket.getaddrinfo": "a name lookup",
    "socket.gethostbyname": "a name lookup",
    "socket.bind": "a server socket",
    "subprocess.Popen": "a process",
    "os.system": "a process",
    "os.fork": "a process",
}
_LOOP_STARTS = ("run_forever", "run_until_complete")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Watch:
    """Takes note from `start` to `stop`."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._noted: list[str] = []
        self._warned: list[str] = []
        self._on = False
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin to watch."""
        self._on = True
        self._before = _surroundings()
        sys.addaudithook(self._audit)
        self._wrap(threading.Thread, "start", "a thread")
        for name in _LOOP_STARTS:
            self._wrap(asyncio.BaseEventLoop, name, "an event loop")
        warnings.simplefilter("always")
        self._replace(warnings, "showwarning", self._show)

    def stop(self) -> dict[str, Any]:
        """End, and tell what was started, what was changed, and the warnings."""
        self._on = False
        for undo in reversed(self._undo):
            undo()
        now = _surroundings()
        changed = sorted(name for name in now if now[name] != self._before[name])
        return {"started": self._noted, "changed": changed, "warnings": self._warned}

    # --- what starts ------------------------------------------------------------------

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._on:
            return
        what = _AUDITED.get(event)
        if event == "open" and isinstance(args[2], int) and args[2] & _WRITING:
            what = "the writing of a file"
        if what is not None:
            self._note(what)

    def _note(self, what: str) -> None:
        if self._on and what not in self._noted and self._own(sys._getframe(1)):  # noqa: SLF001
            self._noted.append(what)

    def _own(self, frame: types.FrameType | None) -> bool:
        """Whether the candidate's code did it, not a package that it imports."""
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(self._folder):
                return True
            if "importlib" in file:
                return False
            frame = frame.f_back
        return False

    def _wrap(self, owner: Any, name: str, what: str) -> None:
        original = getattr(owner, name)

        def noting(*args: Any, **kwargs: Any) -> Any:
            self._note(what)
            return original(*args, **kwargs)

        self._replace(owner, name, noting)

    def _replace(self, owner: Any, name: str, value: Any) -> None:
        original = getattr(owner, name)
        setattr(owner, name, value)
        self._undo.append(lambda: setattr(owner, name, original))

    # --- warnings ---------------------------------------------------------------------

    def _show(
        self, message: Any, category: type[Warning], filename: str, *_: Any, **__: Any
    ) -> None:
        told = f"{category.__name__}: {text(message)}"
        own = filename.startswith(self._folder)
        if issubclass(category, ResourceWarning) or "never awaited" in told:
            return  # what is left open or un-awaited is a matter of its own
        if own and told not in self._warned and len(self._warned) < _MOST:
            self._warned.append(told)


def _surroundings() -> dict[str, Any]:
    """Return what a module should leave alone, by name."""
    root = logging.getLogger()
    return {
        "the root logger": (list(map(id, root.handlers)), root.level, logging.root.disabled),
        "the environment": dict(os.environ),
        "the standard streams": (id(sys.stdout), id(sys.stderr)),
        "the recursion limit": sys.getrecursionlimit(),
        "an exception hook": (id(sys.excepthook), id(threading.excepthook)),
        "the handling of signals": [
            str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)
        ],
    }
