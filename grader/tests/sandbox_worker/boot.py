"""A worker for the sandbox's tests: each request is one attempt, made in a confined child.

Copied beside the confinement modules and started like the real one. For every request
(`[name, argument, …]`) the template forks; the child answers what the attempt returned or
raised, unless it died of it; then the template says how the child ended.
"""

import asyncio
import ctypes
import importlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
ATTEMPTS: dict[str, Callable[..., Any]] = {}


def attempt(function: Callable[..., Any]) -> Callable[..., Any]:
    ATTEMPTS[function.__name__] = function
    return function


def _refused(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


@attempt
def read(path: str) -> int:
    return len(Path(path).read_bytes())


@attempt
def listing(path: str) -> list[str]:
    return sorted(entry.name for entry in Path(path).iterdir())


@attempt
def write(path: str) -> int:
    return Path(path).write_text("left behind")


@attempt
def write_in_scratch() -> list[str]:
    Path("a").write_text("one")
    Path("b").mkdir()
    Path("a").rename("b/a")
    with tempfile.NamedTemporaryFile() as file:
        return [Path("b/a").read_text(), str(Path(file.name).parent), str(Path.cwd())]


@attempt
def everything_in_scratch(scratch: str) -> list[str]:
    Path("mine").write_text("left behind")
    return sorted(entry.name for entry in Path(scratch).iterdir())


@attempt
def fill_scratch() -> int:
    """Write files of a mebibyte each until it is refused."""
    written = 0
    try:
        for number in range(64):
            Path(f"file{number}").write_bytes(bytes(1 << 20))
            written += 1
    except OSError:
        pass
    return written


@attempt
def write_a_long_file() -> int:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    return Path("long").write_bytes(bytes(17 << 20))


@attempt
def leave_a_mess() -> None:
    Path("closed").mkdir()
    Path("closed/file").write_text("x")
    Path("closed").chmod(0)


@attempt
def leave_a_closed_directory() -> None:
    os.umask(0)
    Path("outer").mkdir()
    Path("outer/inner").mkdir(mode=0)
    Path("link").symlink_to("/etc")


@attempt
def nest_directories(depth: int) -> None:
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")


@attempt
def connect(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        pass


@attempt
def connect_to_unix_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


@attempt
def connect_to_abstract_socket(name: str) -> None:
    connect_to_unix_socket(f"\0{name}")


@attempt
def fork() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


@attempt
def run_a_program() -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)


@attempt
def become_a_program() -> None:
    os.execv(sys.executable, [sys.executable, "-c", "pass"])  # noqa: S606 - the attempt


@attempt
def kill(pid: int | str, number: int) -> None:
    named = {"parent": os.getppid(), "self": os.getpid()}
    os.kill(named.get(str(pid)) or int(pid), number)


@attempt
def trace(pid: int | str) -> int:
    pid = os.getppid() if pid == "parent" else int(pid)
    return _refused(_libc.ptrace(16, pid, 0, 0))


@attempt
def read_memory(pid: int | str) -> bool:
    pid = os.getppid() if pid == "parent" else int(pid)
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        return memory.readable()


@attempt
def limit_parent() -> None:
    resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (3, 3))


@attempt
def outlive_the_grader() -> int:
    return _refused(_libc.prctl(1, 0, 0, 0, 0))


@attempt
def become_readable() -> int:
    return _refused(_libc.prctl(4, 1, 0, 0, 0))


@attempt
def anonymous_file() -> int:
    return os.memfd_create("hidden")


@attempt
def change_mode(path: str) -> None:
    Path(path).chmod(0o700)


@attempt
def set_times(path: str) -> None:
    os.utime(path, (0, 0))


@attempt
def cut_file(path: str) -> None:
    os.truncate(path, 0)


@attempt
def namespace() -> int:
    return _refused(_libc.unshare(0x10000000))


@attempt
def threads(count: int) -> int:
    together = threading.Barrier(count)
    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(lambda _: together.wait(10) >= 0, range(count)))


@attempt
def event_loop() -> str:
    async def answer() -> str:
        return await asyncio.to_thread(lambda: "answered")

    return asyncio.run(answer())


@attempt
def talk_to_itself() -> str:
    one, other = socket.socketpair()
    with one, other:
        one.send(b"heard")
        return other.recv(16).decode()


@attempt
def late_imports(names: list[str]) -> list[str]:
    return [importlib.import_module(name).__name__ for name in names]


@attempt
def certificates() -> int:
    return len(importlib.import_module("ssl").create_default_context().get_ca_certs())


@attempt
def own_threads() -> list[str]:
    """The states of this thread and of one that is parked, read as a watcher would."""
    parked = threading.Event()
    other = threading.Thread(target=parked.wait)
    other.start()
    try:
        while "S" not in (states := [_state(task) for task in Path("/proc/self/task").iterdir()]):
            os.sched_yield()
        return sorted(states)
    finally:
        parked.set()
        other.join()


def _state(task: Path) -> str:
    if "ctxt_switches" not in (task / "status").read_text():
        raise LookupError("no switch counts")
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


@attempt
def circumstances() -> dict[str, Any]:
    return {
        "hash": hash("x"),
        "path": sys.path,
        "environment": sorted(os.environ),
        "secret": os.environ.get("GRADER_TEST_SECRET"),
        "files": [number for number in range(1024) if _is_open(number)],
        "uid": os.getuid(),
        "hostname": socket.gethostname(),
        "umask": os.umask(0o22),
    }


def _is_open(number: int) -> bool:
    try:
        return not os.get_inheritable(number) or True
    except OSError:
        return False


@attempt
def capabilities() -> list[str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("Cap")]


@attempt
def allocate(size: int) -> int:
    return len(bytearray(size))


@attempt
def burn() -> None:
    while True:
        pass


@attempt
def open_many() -> int:
    files: list[int] = []
    try:
        while len(files) < 1000:
            files.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for file in files:
        os.close(file)
    return len(files)


@attempt
def limits() -> dict[str, int]:
    names = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE")
    return {name: resource.getrlimit(getattr(resource, name))[0] for name in names}


@attempt
def leave_daemons(count: int) -> int:
    """Fork processes that detach themselves and wait for ever."""
    for _ in range(count):
        if middle := os.fork():
            os.waitpid(middle, 0)
        else:
            os.setsid()
            if os.fork() == 0:
                signal.pause()
            os._exit(0)
    return count


def _child(control: socket.socket, confine: Any, options: dict[str, Any], request: Any) -> None:
    name, *arguments = request
    limits = confine.Limits(cpu_seconds=1) if name == "burn" else confine.Limits()
    confine.confine_child(options, keep={control.fileno()}, limits=limits)
    if name == "hang":
        control.send(b'{"returned": "hanging"}')
        while True:
            signal.pause()
    try:
        answer = {"returned": ATTEMPTS[name](*arguments)}
    except BaseException as error:  # noqa: BLE001 - an attempt's failure is its answer
        answer = {"raised": f"{type(error).__name__}: {error}"}
    control.send(json.dumps(answer).encode())


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    root = str(Path(__file__).parents[2])
    sys.path.insert(0, root)
    confine = importlib.import_module("grader.worker.confine")
    sys.path.remove(root)
    confine.confine_template(options)
    home, confinement = str(Path(__file__).parent), str(Path(str(confine.__file__)).parent)
    ready = {"ready": options, "home": home, "confinement": confinement}
    control.send(json.dumps(ready).encode())
    while request := control.recv(65536):
        child = os.fork()
        if child == 0:
            try:
                _child(control, confine, options, json.loads(request))
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        confine.discard_scratch(options, child)
        control.send(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode())


if __name__ == "__main__":
    main()
