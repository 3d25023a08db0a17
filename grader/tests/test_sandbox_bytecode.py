"""The worker's modules are compiled once for all sandboxes of a process."""

import json
import marshal
import os
import shutil
import socket
import sys
import types
from pathlib import Path

import pytest

from grader.sandbox import bytecode, choose, launch
from grader.sandbox.launch import WORKER_DIR
from grader.tests.sandbox_helpers import open_directory


def test_every_module_of_the_worker_is_handed_over() -> None:
    with bytecode.handed_over(WORKER_DIR) as file:
        data = os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)
        code = marshal.loads(data)  # noqa: S302  our own
    names = {path.stem for path in WORKER_DIR.glob("*.py")}
    assert set(code) == names, f"missing or unknown: {set(code) ^ names}"
    wrong = [name for name, entry in code.items() if not isinstance(entry, types.CodeType)]
    assert not wrong, f"no code came for {wrong}"


def test_a_module_is_compiled_once_for_a_process(tmp_path: Path) -> None:
    module = tmp_path / "only.py"
    module.write_text("FIRST = 1\n", encoding="utf-8")
    with bytecode.handed_over(tmp_path) as first:
        module.write_text("SECOND = 2\n", encoding="utf-8")
        with bytecode.handed_over(tmp_path) as second:
            same = os.pread(first.fileno(), 1 << 16, 0) == os.pread(second.fileno(), 1 << 16, 0)
    assert same, "what was compiled in the same process changed with the file"


def test_nothing_is_written_where_no_bytecode_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only.py").write_text("FIRST = 1\n", encoding="utf-8")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    with bytecode.handed_over(tmp_path):
        pass
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["only.py"], f"found {left}"


def test_a_worker_runs_what_it_was_handed() -> None:
    setup: dict[str, object] = {
        "without": [],
        "preload": [],
        "cuts": {},
        "package": None,
        "seed": 0,
    }
    with open_directory() as folder:
        worker_dir, candidate = folder / "worker", folder / "candidate"
        candidate.mkdir()
        shutil.copytree(WORKER_DIR, worker_dir, ignore=shutil.ignore_patterns("__pycache__"))
        with bytecode.handed_over(worker_dir.resolve()):
            pass  # compiled, once for this process
        for module in worker_dir.glob("*.py"):
            if module.name not in {"__init__.py", "boot.py"}:
                module.write_text("raise SystemExit('compiled anew')\n", encoding="utf-8")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(30)
        with (
            ours,
            launch(choose(), candidate_dir=candidate, control=theirs, worker_dir=worker_dir),
        ):
            ours.send(json.dumps(setup).encode())
            answer = ours.recv(1 << 16)
    assert answer == b'{"absent": []}', f"the worker said {answer!r}"
