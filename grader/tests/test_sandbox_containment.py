"""What a candidate tries in the sandbox, and what it must still be able to do there."""

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox import Tier, probe
from grader.tests.sandbox_helpers import CHECKOUT, Worker, open_directory, started

CONFINING = (Tier.BWRAP, Tier.LANDLOCK)


def _skip_unless_it_works(tier: Tier) -> None:
    if (problem := probe(tier)) is not None:
        pytest.skip(f"{tier}: {problem}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test under the tiers that promise, or deliberately do not promise, what it looks at."""
    if "worker" not in metafunc.fixturenames:
        return
    tiers: tuple[Tier, ...] = tuple(Tier)
    if "confined" in metafunc.fixturenames:
        tiers = CONFINING
    elif "unconfined" in metafunc.fixturenames:
        tiers = (Tier.PROCESS,)
    elif metafunc.function is test_scratch_is_small_in_a_namespace:
        tiers = (Tier.BWRAP,)  # elsewhere each file is limited, not all of them together
    metafunc.parametrize("worker", tiers, indirect=True, scope="module")


@pytest.fixture(scope="module")
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    """A worker under every tier of this machine."""
    tier: Tier = request.param
    _skip_unless_it_works(tier)
    with open_directory() as home:
        candidate = home / "candidate"
        candidate.mkdir()
        (candidate / "breaker.py").write_text("class CircuitBreaker: ...\n")
        with started(tier, candidate, worker_home=home) as running:
            yield running


@pytest.fixture
def confined(worker: Worker) -> Worker:
    """A worker under the tiers that are a security boundary."""
    return worker


@pytest.fixture
def secret() -> Iterator[Path]:
    """A file that everybody on this machine may read, and nobody in a sandbox."""
    with open_directory() as directory:
        file = directory / "secret"
        file.write_text("planted")
        file.chmod(0o666)
        yield file


# What every candidate needs.


def test_the_candidate_is_readable(worker: Worker) -> None:
    breaker = worker.sandbox.candidate_dir / "breaker.py"
    assert worker.attempt("read", str(breaker)).returned == 26


def test_scratch_is_writable_and_the_place_for_temporary_files(worker: Worker) -> None:
    content, temporary, cwd = worker.attempt("write_in_scratch").returned
    assert content == "one"
    assert temporary == cwd
    assert cwd.startswith(worker.options["scratch"])


def test_what_one_child_wrote_the_next_does_not_find(worker: Worker) -> None:
    scratch = worker.options["scratch"]
    first = worker.attempt("everything_in_scratch", scratch)
    second = worker.attempt("everything_in_scratch", scratch)
    if first.succeeded:
        assert len(first.returned) == len(second.returned) == 1
        assert first.returned != second.returned
    else:
        assert worker.tier is Tier.LANDLOCK


def test_threads_run_at_the_same_time(worker: Worker) -> None:
    assert worker.attempt("threads", 64).returned == 64


def test_asyncio_runs_with_threads(worker: Worker) -> None:
    assert worker.attempt("event_loop").returned == "answered"


def test_a_socket_pair_works(worker: Worker) -> None:
    assert worker.attempt("talk_to_itself").returned == "heard"


def test_modules_can_be_imported_late(worker: Worker) -> None:
    names = ["statistics", "decimal", "sqlite3", "ssl", "mimetypes", "zoneinfo", "pytest"]
    assert worker.attempt("late_imports", names).returned == names


def test_a_default_tls_context_can_be_made(worker: Worker) -> None:
    assert worker.attempt("certificates").succeeded


def test_a_worker_can_watch_its_own_threads(worker: Worker) -> None:
    assert worker.attempt("own_threads").returned == ["R", "S"]


def test_a_child_holds_the_control_socket_and_nothing_else(worker: Worker) -> None:
    files = worker.attempt("circumstances").returned["files"]
    # Landlock: also its own directory below /proc, as a mere path.
    assert len(files) == (5 if worker.tier is Tier.LANDLOCK else 4)
    assert files[:3] == [0, 1, 2]


def test_limits_are_set(worker: Worker) -> None:
    assert worker.attempt("limits").returned == {
        "RLIMIT_AS": 4 << 30,
        "RLIMIT_CPU": 10,
        "RLIMIT_FSIZE": 16 << 20,
        "RLIMIT_NOFILE": 64,
        "RLIMIT_CORE": 0,
    }


def test_memory_beyond_the_limit_is_a_memory_error(worker: Worker) -> None:
    assert worker.attempt("allocate", 5 << 30).raised == "MemoryError: "


def test_files_beyond_the_limit_are_refused(worker: Worker) -> None:
    assert worker.attempt("open_many").returned < 64
    assert not worker.attempt("write_a_long_file").succeeded


def test_a_busy_loop_is_ended_as_one(worker: Worker) -> None:
    assert worker.attempt("burn").status == -signal.SIGXCPU


def test_no_capability_is_left(worker: Worker) -> None:
    inheritable, permitted, effective, _, ambient = worker.attempt("capabilities").returned
    assert {inheritable, permitted, effective, ambient} == {"0" * 16}


# The attempts do what they say where nothing stops them, so that a refusal means something.


@pytest.fixture
def unconfined(worker: Worker) -> Worker:
    """A worker under the tier that stops none of this: the counter-check."""
    return worker


@pytest.mark.parametrize(
    "attempted",
    [
        ["fork"],
        ["run_a_program"],
        ["become_a_program"],
        ["kill", "parent", 0],
        ["outlive_the_grader"],
        ["become_readable"],
        ["anonymous_file"],
        ["listing", "/usr"],
        ["read", "/etc/passwd"],
    ],
    ids=lambda attempted: str(attempted[0]),
)
def test_a_bare_process_can_do_all_this(unconfined: Worker, attempted: list[str | int]) -> None:
    assert unconfined.attempt(str(attempted[0]), *attempted[1:]).succeeded


def test_a_bare_process_reads_writes_and_connects(unconfined: Worker, secret: Path) -> None:
    assert unconfined.attempt("read", str(secret)).succeeded
    assert unconfined.attempt("write", str(secret)).succeeded
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert unconfined.attempt("connect", listener.getsockname()[1]).succeeded


# What no candidate may do where the tier is a boundary.


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/shadow", "/proc/{pid}/environ"])
def test_files_of_the_machine_cannot_be_read(confined: Worker, path: str) -> None:
    assert not confined.attempt("read", path.format(pid=os.getpid())).succeeded


def test_a_planted_secret_cannot_be_read(confined: Worker, secret: Path) -> None:
    assert not confined.attempt("read", str(secret)).succeeded


def test_the_project_cannot_be_read(confined: Worker) -> None:
    for name in ("pyproject.toml", "grader/errors.py", "grader/sandbox/launch.py"):
        assert (CHECKOUT / name).is_file()
        assert not confined.attempt("read", str(CHECKOUT / name)).succeeded, name


def test_home_directories_cannot_be_looked_through(confined: Worker) -> None:
    for home in ("/root", "/home", str(Path.home())):
        shown = confined.attempt("listing", home)
        # The way to the interpreter may lead through a home; nothing else of it is there.
        assert not shown.succeeded or len(shown.returned) <= 1, home


def test_nothing_outside_scratch_can_be_written(confined: Worker, secret: Path) -> None:
    places = [f"{place}/left" for place in (tempfile.gettempdir(), "/dev/shm", "", "/usr/lib")]  # noqa: S108 - must be refused
    places += [str(confined.sandbox.candidate_dir / "breaker.py"), str(secret)]
    places += ["/proc/self/oom_score_adj"]
    for place in places:
        assert not confined.attempt("write", place).succeeded, place
    assert secret.read_text() == "planted"


def test_files_outside_cannot_be_changed_without_opening_them(
    confined: Worker, secret: Path
) -> None:
    before = secret.stat()
    for change in ("change_mode", "set_times", "cut_file"):
        assert not confined.attempt(change, str(secret)).succeeded, change
    after = secret.stat()
    assert (after.st_mode, after.st_mtime, after.st_size) == (
        before.st_mode,
        before.st_mtime,
        before.st_size,
    )


def test_a_listener_on_loopback_cannot_be_reached(confined: Worker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        assert not confined.attempt("connect", listener.getsockname()[1]).succeeded
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_unix_sockets_cannot_be_reached(confined: Worker, secret: Path) -> None:
    path = secret.with_name("socket")
    name = f"sandbox-test-{os.getpid()}"  # abstract names are shared by the whole machine
    with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as abstract:
        named.bind(str(path))
        named.listen()
        path.chmod(0o777)
        abstract.bind(f"\0{name}")
        abstract.listen()
        assert not confined.attempt("connect_to_unix_socket", str(path)).succeeded
        assert not confined.attempt("connect_to_abstract_socket", name).succeeded


@pytest.mark.parametrize("way", ["fork", "run_a_program", "become_a_program", "namespace"])
def test_a_child_stays_one_process(confined: Worker, way: str) -> None:
    assert not confined.attempt(way).succeeded


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT])
def test_the_parent_cannot_be_signalled(confined: Worker, number: int) -> None:
    assert not confined.attempt("kill", "parent", number).succeeded
    assert not confined.attempt("kill", os.getpid(), number).succeeded
    if confined.tier is Tier.BWRAP:  # where a filter that failed would not end the whole machine
        assert not confined.attempt("kill", -1, number).succeeded
    assert confined.sandbox.alive()


@pytest.mark.parametrize("way", ["trace", "read_memory"])
def test_no_other_memory_can_be_reached(confined: Worker, way: str) -> None:
    assert not confined.attempt(way, "parent").succeeded
    assert not confined.attempt(way, os.getpid()).succeeded


@pytest.mark.parametrize(
    "way", ["outlive_the_grader", "become_readable", "limit_parent", "anonymous_file"]
)
def test_confinement_cannot_be_undone(confined: Worker, way: str) -> None:
    assert not confined.attempt(way).succeeded


def test_scratch_is_small_in_a_namespace(worker: Worker) -> None:
    assert worker.attempt("fill_scratch").returned <= 16


def test_a_signal_to_oneself_arrives(worker: Worker) -> None:
    assert worker.attempt("kill", "self", signal.SIGTERM).status == -signal.SIGTERM


def test_an_interrupt_is_the_exception_that_python_makes_of_it(worker: Worker) -> None:
    assert worker.attempt("kill", "self", signal.SIGINT).raised == "KeyboardInterrupt: "
