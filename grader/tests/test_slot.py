"""Where there is a core for each process that grades, it stays on it."""

import os

import pytest

from grader import slot


def test_as_many_processes_as_cores_stay_on_one_each() -> None:
    cores = os.sched_getaffinity(0)
    with slot.processes(len(cores)) as pool:
        asked = [pool.submit(os.sched_getaffinity, 0) for _ in cores]
        found = [answer.result() for answer in asked]
    assert all(len(stays) == 1 and stays <= cores for stays in found), f"they run on {found}"


def test_fewer_processes_run_where_the_system_puts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "_cores", lambda: list(range(1_000)))
    with slot.processes(1) as pool:
        found = pool.submit(os.sched_getaffinity, 0).result()
    assert found == os.sched_getaffinity(0), f"it runs on {found}"
