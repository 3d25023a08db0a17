"""What the tests of the worker and the driver share: candidates made on the fly, and fake peers."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import grader
from grader.binding.model import Binding, Constructor, Surface
from grader.candidate import Candidate, SourceFile
from grader.conversation.session import Session
from grader.conversation.worker import Patience, Worker
from grader.driver.breaker import Breaker
from grader.driver.call import Call
from grader.driver.lab import Lab
from grader.sandbox import choose

PROJECT = Path(grader.__file__).resolve().parent.parent
CORRECT = PROJECT / "grader" / "tests" / "correct"
CANDIDATES = PROJECT / "candidates"


# --- candidates made on the fly -----------------------------------------------------------


def candidate_of(source: str, *, name: str = "cand_made", **fields: Any) -> Candidate:
    """Make a candidate of one file."""
    text = dedent(source)
    file = SourceFile(path=f"{name}.py", delivered=text, text=text)
    return Candidate(id=name, name=name, files=(file,), main=name, **fields)


@contextmanager
def session_of(source: str) -> Iterator[Session]:
    """Start a sandbox for a candidate of one file."""
    with Session(candidate_of(source), choose()) as session:
        yield session


@contextmanager
def lab_of(session: Session, built: str = "Probe") -> Iterator[Lab]:
    """Fork a worker that has imported the candidate, bound to one of its classes."""
    with session.worker() as worker:
        module = str(session.candidate.main)
        reply = worker.request("load", modules=[module])
        assert reply.error is None, f"the made candidate does not import: {reply.error}"
        binding = Binding(constructor=Constructor(call=f"{module}:{built}"), surfaces=())
        yield Lab(worker, binding, seed=0)


def called(
    breaker: Breaker, method: str, *args: Any, mode: str, planned: str | None = "return"
) -> Call:
    """Start a call through a method that takes the protected function first."""
    surface = Surface(style="call", mode=mode, name=method)
    return breaker.call(*args, surface=surface, planned=planned)


def told(lab: Lab, breaker: Breaker, *path: str) -> dict[str, Any]:
    """Read what a method or attribute of the candidate says, as scalars by name."""
    reply = lab.request("read", breaker=breaker.handle, path=path)
    assert reply.error is None, f"reading {'.'.join(path)} raised {reply.error}"
    assert isinstance(reply.value, dict), f"reading {'.'.join(path)} gave {reply.value!r}"
    return reply.value


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Keep every core busy with another process, as a loaded machine does."""
    loops = [subprocess.Popen([sys.executable, "-I", "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


# --- fake peers -----------------------------------------------------------------------------

Peer = Callable[[socket.socket], None]


@contextmanager
def talking_to(peer: Peer, *, patience: float = 4.0) -> Iterator[Worker]:
    """Give a worker whose other end is played by `peer`, on a thread of ours."""
    ours, theirs = socket.socketpair()

    def play() -> None:
        with theirs:
            try:
                peer(theirs)
            except OSError:
                return  # we hung up, as we may

    thread = threading.Thread(target=play)
    thread.start()
    worker = Worker(ours, Patience(patience))
    try:
        yield worker
    finally:
        worker.close()
        thread.join(5)
        assert not thread.is_alive(), "the fake peer was left talking"


def asked(peer: socket.socket) -> dict[str, Any]:
    """Read one request, as a peer does."""
    line = b""
    while not line.endswith(b"\n"):
        data = peer.recv(1 << 20)
        if not data:
            raise ConnectionAbortedError
        line += data
    return dict(json.loads(line))


def say(peer: socket.socket, **message: Any) -> None:
    """Send one message, as a peer does."""
    peer.sendall(json.dumps(message).encode() + b"\n")
