from textwrap import dedent
from typing import Any

import pytest

from grader.tests.driver_helpers import candidate_of, session_of
from spec_tests.scenarios.importing import deprecated


def watched(source: str) -> dict[str, Any]:
    """Import a module under observation, and return what was seen."""
    with session_of(source) as session, session.worker() as worker:
        worker.request("watch", on=True)
        worker.request("load", modules=["cand_made"])
        value = worker.request("watch", on=False).value
        assert isinstance(value, dict)
        return value


def test_a_module_that_only_defines_is_quiet() -> None:
    source = """
        import asyncio, logging, threading, concurrent.futures
        logger = logging.getLogger(__name__)
        lock, pool = threading.Lock(), concurrent.futures.ThreadPoolExecutor(2)

        async def main(): ...

        if __name__ == "__main__":
            asyncio.run(main())
    """
    assert watched(source) == {"started": [], "changed": [], "warnings": []}


@pytest.mark.parametrize(
    ("line", "started"),
    [
        ("threading.Thread(target=print).start()", "a thread"),
        ("concurrent.futures.ThreadPoolExecutor(1).submit(int).result()", "a thread"),
        ("asyncio.run(asyncio.sleep(0))", "an event loop"),
        ("socket.socket().connect_ex(('127.0.0.1', 9))", "a connection"),
        ("socket.create_connection(('127.0.0.1', 9))", "a connection"),
        ("urllib.request.urlopen('http://example.invalid/')", "a name lookup"),
        ("http.server.HTTPServer(('127.0.0.1', 8008), None)", "a server socket"),
        ("open('/tmp/breaker.log', 'a')", "the writing of a file"),
        ("subprocess.run(['true'])", "a process"),
    ],
)
def test_what_a_module_sets_in_motion_is_seen(line: str, started: str) -> None:
    names = "asyncio, concurrent.futures, http.server, socket, subprocess, threading"
    source = f"import {names}, urllib.request\ntry:\n    {line}\nexcept OSError:\n    pass\n"
    assert started in watched(source)["started"]


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("logging.basicConfig()", "the root logger"),
        ("logging.getLogger().setLevel(10)", "the root logger"),
        ("os.environ['A'] = '1'", "the environment"),
        ("sys.stdout = sys.stderr", "the standard streams"),
        ("sys.setrecursionlimit(5000)", "the recursion limit"),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "the handling of signals"),
        ("sys.excepthook = print", "an exception hook"),
    ],
)
def test_what_a_module_changes_is_seen(line: str, changed: str) -> None:
    assert watched(f"import logging, os, signal, sys\n{line}\n")["changed"] == [changed]


def test_a_warning_of_the_modules_own_is_seen() -> None:
    source = "import warnings\nwarnings.warn('old', DeprecationWarning)\n"
    assert watched(source)["warnings"] == ["DeprecationWarning: old"]


def test_a_warning_of_another_module_is_not_the_candidates() -> None:
    source = "import warnings\nwarnings.warn_explicit('old', DeprecationWarning, 'other.py', 1)\n"
    assert watched(source)["warnings"] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import datetime\ndatetime.datetime.utcnow()\n", True),
        ("import datetime as dt\nnow = dt.datetime.utcnow\n", True),
        ("from datetime import datetime as d\nd.utcfromtimestamp(0)\n", True),
        ("from datetime import datetime, UTC\ndatetime.now(UTC)\n", False),
        ("clock.utcnow()\n", False),
        (r"pattern = '\d'" + "\n", True),
    ],
)
def test_what_newer_pythons_warn_of_is_read_from_the_text(source: str, *, found: bool) -> None:
    assert bool(deprecated(candidate_of(source))) == found


# --- what a failed call leaves ------------------------------------------------------------

BREAKER = """
    class Breaker:
        def call(self, function, *args):
            try:
                return function(*args)
            except Exception as error:
                {kept}
                raise

        async def acall(self, function, *args):
            try:
                return await function(*args)
            except Exception as error:
                {kept}
                raise
"""


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(
    ("kept", "alive"),
    [
        ("self.last = error", True),
        ("self.last = repr(error)", False),
        ("self.last = error.with_traceback(None)", False),
    ],
)
def test_a_local_of_a_failed_call_is_alive_where_its_error_is_kept(
    mode: str, kept: str, *, alive: bool
) -> None:
    source = dedent(BREAKER).format(kept=kept)
    with session_of(source) as session, session.worker() as worker:
        worker.request("load", modules=["cand_made"])
        expression = {"$call": "cand_made:Breaker", "args": [], "kwargs": {}}
        worker.request("build", breaker="b", expression=expression)
        name = "acall" if mode == "async" else "call"
        surface = {"style": "call", "mode": mode, "name": name}
        reply = worker.request("failed_call", breaker="b", surface=surface, failure="ValueError")
        assert reply.value == {"ran": True, "alive": alive}


def shown(script: str) -> str | None:
    """Run a script in a worker, and return the error that ended it."""
    with session_of("") as session, session.worker() as worker:
        value = worker.request("show", source=dedent(script)).value
        assert isinstance(value, dict)
        ended = value["ended"]
        assert ended is None or isinstance(ended, str)
        return ended


@pytest.mark.parametrize("module", ["multiprocessing", "tarfile"])
def test_what_a_module_loads_when_it_is_asked_for_is_not_loaded_before(module: str) -> None:
    assert shown(f"import sys; assert {module!r} not in sys.modules") is None


def test_what_a_module_loads_when_it_is_asked_for_is_there_all_the_same() -> None:
    script = """
        import concurrent.futures, unittest
        assert concurrent.futures.ProcessPoolExecutor.submit
        assert unittest.IsolatedAsyncioTestCase
    """
    assert shown(script) is None
