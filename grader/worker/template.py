"""The warm process from which a worker is forked for every scenario.

It never runs the candidate's code; it compiles it, and imports the third-party
packages that it names, so that a worker starts with both at hand.
"""

import contextlib
import functools
import gc
import importlib
import itertools
import json
import os
import random
import signal
import socket
import sys
from typing import Any

from . import confine, loop, luck
from .clock import VirtualClock
from .freeze import freeze
from .generated import Generated
from .loader import Sources
from .scheduler import Scheduler
from .server import Server
from .waiting import Observed, install
from .wire import Wire

_MOST_BYTES = 64 * 1024


class Template:
    """Waits for `spawn` and `kill` on the control socket."""

    def __init__(self, control: socket.socket, options: dict[str, Any]) -> None:
        self._control = control
        self._options = options
        self._workers: set[int] = set()
        self._clock = VirtualClock()
        self._scheduler = Scheduler(self._clock)
        self._observed = Observed()
        self._generated = Generated()

    def prepare(self) -> None:
        """Freeze time and warm up, as the first message says."""
        setup = json.loads(self._control.recv(_MOST_BYTES))
        # An import of these says that there is no such module.
        sys.modules.update(dict.fromkeys(setup["without"]))
        luck.install()
        install(self._scheduler, self._observed)
        freeze(self._clock)
        loop.install(self._scheduler)
        self._generated.install()
        absent = _absent(setup["preload"])
        self._sources = Sources(
            self._options["candidate_dir"], setup["cuts"], package=setup["package"]
        )
        self._seed = setup["seed"]
        gc.freeze()
        gc.enable()
        self._control.send(json.dumps({"absent": absent}).encode())

    def run(self) -> None:
        """Fork workers until the driver hangs up."""
        while True:
            message, descriptors, _, _ = socket.recv_fds(self._control, _MOST_BYTES, 1)
            if not message:
                os._exit(0)
            request = json.loads(message)
            if request["op"] == "spawn":
                reply: dict[str, Any] = {"worker": self._spawn(descriptors[0])}
            elif request["op"] == "preload":
                reply = {"absent": _absent(request["modules"])}
                gc.freeze()
            elif request["op"] == "compile":
                self._generated.compile(request["texts"])
                gc.freeze()
                reply = {}
            else:
                reply = {"status": self._kill(request["worker"])}
            self._control.send(json.dumps(reply).encode())

    def _spawn(self, descriptor: int) -> int:
        sock = socket.socket(fileno=descriptor)
        worker = os.fork()
        if worker == 0:
            with contextlib.suppress(BaseException):
                self._work(sock)
            os._exit(70)
        sock.close()
        self._workers.add(worker)
        return worker

    def _work(self, sock: socket.socket) -> None:
        self._control.close()
        confine.confine_child(self._options, keep={sock.fileno()})
        self._scheduler.adopt_main()
        self._seed_everything()
        self._generated.note()
        Server(Wire(sock), self._scheduler, self._observed, self._sources, self._generated).serve()

    def _seed_everything(self) -> None:
        """Make what is random the same in every run: a verdict must be reproducible."""
        random.seed(self._seed)
        source = random.Random(self._seed)
        # What keeps secrets reads one of these; some systems and most templates lack one or two.
        modules = (os, random, sys.modules.get("ssl"))
        names = ("urandom", "_urandom", "getrandom", "RAND_bytes")
        for module, name in itertools.product(modules, names):
            if hasattr(module, name):
                setattr(module, name, functools.partial(_random_bytes, source))

    def _kill(self, worker: int) -> int:
        """End a worker and all of its group; return how it ended, which may have been before."""
        if worker not in self._workers:
            return 0
        self._workers.discard(worker)
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(worker, signal.SIGKILL)
        status = os.waitpid(worker, 0)[1]
        confine.discard_scratch(self._options, worker)
        return status


def _random_bytes(source: random.Random, size: int, _flags: int = 0) -> bytes:
    return source.randbytes(size)


def _absent(modules: list[str]) -> list[str]:
    # Two thirds of the import of httpx are its own command line, which it does without as well.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    return [name for name in modules if not _importable(name)]


def _importable(name: str) -> bool:
    try:
        importlib.import_module(name)
    except BaseException:  # noqa: BLE001  a broken package is an absent one
        return False
    return True


def main(control: int, options: dict[str, Any]) -> None:
    """Be the template."""
    confine.confine_template(options)
    template = Template(socket.socket(fileno=control), options)
    template.prepare()
    template.run()
