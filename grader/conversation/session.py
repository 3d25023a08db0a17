"""One candidate in its sandbox: a folder laid out, a warm template, workers forked from it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.answers import imports
from grader.candidate import Candidate
from grader.conversation.failures import Died, Exhausted, Hung
from grader.conversation.worker import Patience, Worker
from grader.errors import GraderError
from grader.sandbox import Sandbox, Tier, launch

_START_TIMEOUT = 30.0
_MOST_BYTES = 64 * 1024


class Session:
    """Lays out a candidate, starts its sandbox at first use, and forks workers."""

    def __init__(
        self,
        candidate: Candidate,
        tier: Tier,
        *,
        seed: int = 0,
        patience: Patience | None = None,
    ) -> None:
        self.candidate = candidate
        self.tier = tier
        self.seed = seed
        self.absent: tuple[str, ...] = ()
        """Third-party modules that the candidate imports and this machine does not have."""
        self._imports = imports(candidate)  # here: one thread alone parses
        self._patience = patience or Patience()
        self._lock = threading.Lock()
        """One exchange with the template at a time, whichever thread asks."""
        self._folder: Path | None = None
        self._sandbox: Sandbox | None = None
        self._control: socket.socket | None = None

    @contextlib.contextmanager
    def worker(self) -> Iterator[Worker]:
        """Fork a worker for one scenario; it is gone when the block ends.

        Raises Hung where the candidate has hung for as long as it may, in all its workers
        together, and Exhausted instead of Died where a limit ended the worker.
        """
        if self._patience.spent:
            raise Hung("it hung so often before that its time is used up")
        if self._patience.exhausted:
            raise Exhausted("all that was asked of it took longer than it may, altogether")
        ours, theirs = socket.socketpair()
        with ours:
            try:
                forked = self._tell({"op": "spawn"}, theirs)["worker"]
            finally:
                theirs.close()
            worker = Worker(ours, self._patience)
            status: int | None = None
            try:
                yield worker
            except Died as died:
                status = self._end(forked, worker)
                if type(died) is Died and (limit := _limit(status)):
                    raise Exhausted(limit) from died
                raise
            finally:
                if status is None:
                    self._end(forked, worker)

    def preload(self, modules: Iterable[str]) -> tuple[str, ...]:
        """Import packages once for all workers to come; return those that are not here."""
        return tuple(self._tell({"op": "preload", "modules": sorted(modules)})["absent"])

    def share_generated(self, worker: Worker) -> None:
        """Compile once for all workers to come what one generated while it imported the candidate.

        To be asked before anything else is: a later worker can tell what was generated, and is to
        learn nothing that an import does not tell.
        """
        texts = worker.request("generated").value_as(tuple[str, ...])
        with contextlib.suppress(Died):  # then that is for the next worker to find
            self._tell({"op": "compile", "texts": texts})

    def close(self) -> None:
        """End the sandbox and remove the folder."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._sandbox is not None:
            self._sandbox.kill()
            self._sandbox = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- the template -----------------------------------------------------------------

    def _end(self, forked: int, worker: Worker) -> int:
        """End a worker; return how it had ended by itself, as `waitpid` tells it."""
        worker.close()
        try:
            return int(self._tell({"op": "kill", "worker": forked}).get("status", 0))
        except Died:
            self.close()  # the template went with it; the next worker gets a new one
            return 0

    def _tell(self, message: dict[str, Any], descriptor: socket.socket | None = None) -> Any:
        with self._lock:
            if self._control is None:
                self._start()
            return self._exchange(message, descriptor)

    def _exchange(self, message: dict[str, Any], descriptor: socket.socket | None = None) -> Any:
        control = self._control
        if control is None:
            raise Died("the sandbox is closed")
        control.settimeout(_START_TIMEOUT)
        data = json.dumps(message).encode()
        try:
            if descriptor is None:
                control.send(data)
            else:
                socket.send_fds(control, [data], [descriptor.fileno()])
            answer = control.recv(_MOST_BYTES)
        except OSError as error:
            raise Died(f"the worker's template does not answer: {error}") from None
        if not answer:
            raise Died("the worker's template ended")
        return json.loads(answer)

    def _start(self) -> None:
        self._folder = lay_out(self.candidate)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        self._sandbox = launch(self.tier, candidate_dir=self._folder, control=theirs)
        setup = {
            "preload": sorted({*self._imports.required, *self._imports.optional}),
            "cuts": {
                file.path: file.cut.function
                for file in self.candidate.files
                if file.cut is not None and file.cut.function is not None
            },
            "package": self.candidate.package,
            "without": self.candidate.without,
            "seed": self.seed,
        }
        try:
            self.absent = tuple(self._exchange(setup)["absent"])
        except Died as died:
            # No line of the candidate has run yet, so this cannot be its doing.
            raise GraderError(f"the sandbox ({self.tier}) did not come up: {died}") from died


def _limit(status: int) -> str:
    """Return which limit ended a worker; empty where none did.

    The kernel ends what takes too much memory with SIGKILL, as it does after the processor time.
    """
    if not os.WIFSIGNALED(status):
        return ""
    return {
        signal.SIGXCPU: "it used more processor time than it may",
        signal.SIGXFSZ: "it wrote a longer file than it may",
    }.get(signal.Signals(os.WTERMSIG(status)), "")


def lay_out(candidate: Candidate) -> Path:
    """Write what is run of a candidate's files into a fresh folder, and return it."""
    folder = Path(tempfile.mkdtemp(prefix="grader-candidate-"))
    folder.chmod(0o755)
    for file in candidate.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
    return folder
