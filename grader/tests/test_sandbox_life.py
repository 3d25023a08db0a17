"""Sandboxes start alike, end completely, and leave nothing on the machine."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import IsolationError
from grader.sandbox import Tier, choose, command, interpreter, launch, probe, tiers
from grader.sandbox.command import NOBODY
from grader.tests.sandbox_helpers import (
    CHECKOUT,
    becomes_true,
    laid_out,
    open_directory,
    processes,
    started,
)

SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture(params=list(Tier))
def tier(request: pytest.FixtureRequest) -> Tier:
    chosen: Tier = request.param
    if (problem := probe(chosen)) is not None:
        pytest.skip(f"{chosen}: {problem}")
    return chosen


@pytest.fixture
def home() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


@pytest.fixture
def candidate(home: Path) -> Path:
    directory = home / "candidate"
    directory.mkdir()
    return directory


# Alike


def test_hashes_are_the_same_in_every_launch(tier: Tier, candidate: Path, home: Path) -> None:
    seen = set()
    for _ in range(2):
        with started(tier, candidate, worker_home=home) as worker:
            seen.add(worker.attempt("circumstances").returned["hash"])
    assert len(seen) == 1


def test_neither_cwd_nor_user_packages_can_be_imported_from(
    tier: Tier, candidate: Path, home: Path
) -> None:
    with started(tier, candidate, worker_home=home) as worker:
        circumstances = worker.attempt("circumstances").returned
    assert "" not in circumstances["path"]
    for entry in circumstances["path"]:
        assert not entry.startswith(
            (worker.options["scratch"], str(home), str(Path.home() / ".local"))
        )
        assert entry.startswith((sys.prefix, sys.base_prefix, str(CHECKOUT)))


def test_the_environment_tells_nothing(
    tier: Tier, candidate: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_TEST_SECRET", "planted")
    with started(tier, candidate, worker_home=home) as worker:
        circumstances = worker.attempt("circumstances").returned
    assert circumstances["secret"] is None
    assert set(circumstances["environment"]) - {"PWD", "LC_CTYPE"} == {
        "HOME",
        "LANG",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
        "PYTHONSAFEPATH",
        "TMPDIR",
        "TZ",
    }


def test_a_namespace_has_one_name_and_one_user(candidate: Path, home: Path) -> None:
    if (problem := probe(Tier.BWRAP)) is not None:
        pytest.skip(f"bwrap: {problem}")
    with started(Tier.BWRAP, candidate, worker_home=home) as worker:
        circumstances = worker.attempt("circumstances").returned
    assert (circumstances["uid"], circumstances["hostname"]) == (NOBODY, "sandbox")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_becomes_nobody_where_nobody_can_read_the_interpreter(
    tier: Tier, candidate: Path, home: Path
) -> None:
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip("there is no system Python")
    with started(tier, candidate, worker_home=home, python=SYSTEM_PYTHON) as worker:
        assert worker.attempt("circumstances").returned["uid"] == NOBODY
        assert worker.attempt("late_imports", ["statistics"]).succeeded
        assert worker.attempt("own_threads").returned == ["R", "S"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_stays_root_without_capabilities_where_nobody_could_not_read(
    candidate: Path, home: Path
) -> None:
    if (problem := probe(Tier.LANDLOCK)) is not None:
        pytest.skip(f"landlock: {problem}")
    candidate.chmod(0o700)
    with started(Tier.LANDLOCK, candidate, worker_home=home, python=SYSTEM_PYTHON) as worker:
        assert worker.attempt("circumstances").returned["uid"] == 0
        assert set(worker.attempt("capabilities").returned) == {"0" * 16}


@pytest.mark.parametrize("tier", [Tier.BWRAP, Tier.LANDLOCK], indirect=True)
def test_the_grader_is_hidden_where_it_is_installed_beside_the_packages(
    tier: Tier, candidate: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Path(pytest.__file__).resolve().parent
    monkeypatch.setattr(interpreter, "HIDDEN", (package,))
    monkeypatch.setattr(command, "HIDDEN", (package,))
    with started(tier, candidate, worker_home=home) as worker:
        assert not worker.attempt("read", str(package / "__init__.py")).succeeded
        assert not worker.attempt("late_imports", ["pytest.__main__"]).succeeded
        assert worker.attempt("late_imports", ["pluggy"]).succeeded


def test_a_forked_grader_can_launch_too(candidate: Path, home: Path) -> None:
    code = f"""
import os, pathlib
from grader.sandbox import Tier
from grader.tests.sandbox_helpers import started
def launch():
    with started(Tier.PROCESS, pathlib.Path({str(candidate)!r}),
                 worker_home=pathlib.Path({str(home)!r})) as worker:
        return worker.attempt("event_loop").returned == "answered"
assert launch()
child = os.fork()
if child == 0:
    os._exit(not launch())
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    command_line = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]
    subprocess.run(command_line, cwd=CHECKOUT, check=True, timeout=30)  # noqa: S603 - our own code


def test_debugging_shows_what_the_worker_says(
    tier: Tier,
    candidate: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    worker_dir = laid_out(home, "boot.py")
    (worker_dir / "boot.py").write_text("raise SystemExit('heard')\n")
    for debugging in (False, True):
        if debugging:
            monkeypatch.setenv("GRADER_DEBUG", "1")
        ours, theirs = socket.socketpair()
        with ours, launch(tier, candidate_dir=candidate, control=theirs, worker_dir=worker_dir):
            assert ours.recv(1) == b""
        assert ("heard" in capfd.readouterr().err) is debugging


# The end


def test_kill_leaves_no_process_and_no_file(tier: Tier, candidate: Path, home: Path) -> None:
    with started(tier, candidate, worker_home=home) as worker:
        worker.ask("hang")
        assert worker.hear() == {"returned": "hanging"}
        assert worker.sandbox.alive()
        worker.sandbox.kill()
        assert not worker.sandbox.alive()
        assert processes(worker.marker) == []
        worker.sandbox.kill()
    if tier is not Tier.BWRAP:
        assert not Path(worker.options["scratch"]).exists()


def test_daemons_of_a_bare_process_are_found(candidate: Path, home: Path) -> None:
    with started(Tier.PROCESS, candidate, worker_home=home) as worker:
        assert worker.attempt("leave_daemons", 5).succeeded
        assert len(processes(worker.marker)) > 5
        worker.sandbox.kill()
        assert becomes_true(lambda: not processes(worker.marker))


@pytest.mark.parametrize(
    "mess", [["leave_a_closed_directory"], ["nest_directories", 3000], ["leave_a_mess"]]
)
def test_scratch_is_removed_however_it_was_left(
    tier: Tier, candidate: Path, home: Path, mess: list[str | int]
) -> None:
    with started(tier, candidate, worker_home=home) as worker:
        worker.attempt(str(mess[0]), *mess[1:])
        assert worker.attempt("event_loop").succeeded, "the template survives the clearing"
    if tier is not Tier.BWRAP:
        assert not Path(worker.options["scratch"]).exists()


@pytest.mark.parametrize("attempted", [None, "outlive_the_grader"])
def test_nothing_survives_the_death_of_the_grader(
    tier: Tier, candidate: Path, home: Path, attempted: str | None
) -> None:
    code = f"""
import pathlib, signal
from grader.sandbox import Tier
from grader.tests.sandbox_helpers import started
with started(Tier({str(tier)!r}), pathlib.Path({str(candidate)!r}),
             worker_home=pathlib.Path({str(home)!r})) as worker:
    if {attempted!r}:
        worker.attempt({attempted!r})
    worker.ask("hang")
    assert worker.hear() == {{"returned": "hanging"}}
    print(worker.marker, worker.options["scratch"], flush=True)
    signal.pause()
"""
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=CHECKOUT
    ) as run:
        assert run.stdout is not None
        marker, scratch = run.stdout.readline().decode().split()
        assert len(processes(marker)) >= 2
        run.kill()
    assert becomes_true(lambda: not processes(marker))
    if tier is not Tier.BWRAP:
        # Nobody was left to delete it.
        shutil.rmtree(scratch)


def test_a_sandbox_outlives_the_thread_that_started_it(
    tier: Tier, candidate: Path, home: Path
) -> None:
    entered = []

    def start() -> None:
        context = started(tier, candidate, worker_home=home)
        entered.append((context, context.__enter__()))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    ((context, worker),) = entered
    try:
        assert worker.attempt("event_loop").succeeded
        assert worker.sandbox.alive()
    finally:
        context.__exit__(None, None, None)


def test_the_control_socket_ends_with_the_worker(tier: Tier, candidate: Path, home: Path) -> None:
    with started(tier, candidate, worker_home=home) as worker:
        worker.sandbox.kill()
        assert worker.control.recv(1) == b""


# The choice


def test_auto_takes_the_strongest_tier_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = {Tier.BWRAP: "no namespaces", Tier.LANDLOCK: None, Tier.PROCESS: None}
    monkeypatch.setattr(tiers, "probe", problems.get)
    assert choose() is Tier.LANDLOCK
    problems[Tier.BWRAP] = None
    assert choose() is Tier.BWRAP


def test_auto_never_falls_to_the_bare_process(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = {Tier.BWRAP: "no namespaces", Tier.LANDLOCK: "old kernel", Tier.PROCESS: None}
    monkeypatch.setattr(tiers, "probe", problems.get)
    with pytest.raises(IsolationError, match=r"no namespaces.*old kernel.*--isolation=process"):
        choose()
    assert choose("process") is Tier.PROCESS


def test_a_tier_that_is_asked_for_has_to_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "probe", lambda _: "no namespaces")
    with pytest.raises(IsolationError, match="bwrap does not work here: no namespaces"):
        choose("bwrap")


def test_an_unknown_tier_is_named_with_the_known_ones() -> None:
    with pytest.raises(IsolationError, match=r"'jail'.*auto, bwrap, landlock, process"):
        choose("jail")


def test_off_linux_only_the_bare_process_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert probe.__wrapped__(Tier.BWRAP) == "needs Linux, this is darwin"
    assert probe.__wrapped__(Tier.LANDLOCK) == "needs Linux, this is darwin"


def test_a_missing_bwrap_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert probe.__wrapped__(Tier.BWRAP) == "bwrap is not installed"


def test_a_bwrap_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert probe.__wrapped__(Tier.BWRAP) == "bwrap: No permissions to create a namespace"


def test_a_launch_that_fails_closes_the_socket_it_took_over(
    monkeypatch: pytest.MonkeyPatch, candidate: Path
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ours, theirs = socket.socketpair()
    with ours, pytest.raises(IsolationError, match="not installed"):
        launch(Tier.BWRAP, candidate_dir=candidate, control=theirs)
    assert theirs.fileno() == -1
