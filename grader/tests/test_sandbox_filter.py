"""The system call filter, run by a small interpreter: both architectures, whatever runs here."""

import errno
import struct

import pytest

from grader.worker import seccomp

OWN_PID = 4711
ALLOWED = seccomp._ALLOW
REFUSED = seccomp._REFUSE | errno.EPERM
UNKNOWN = seccomp._REFUSE | errno.ENOSYS
KILLED = seccomp._KILL_PROCESS

CLONE_OF_A_THREAD = 0x3D0F00
CLONE_OF_A_PROCESS = 0x1200011


def verdict(program: bytes, audit: int, number: int, first: int = 0, second: int = 0) -> int:
    """Run the filter on one system call, as the kernel would."""
    data = struct.pack("=iIQQQ", number, audit, 0, first & (2**64 - 1), second)
    loaded = position = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("=HBBI", program, position * 8)
        position += 1
        if code == seccomp._RETURN:
            return int(value)
        if code == seccomp._LOAD:
            (loaded,) = struct.unpack_from("=I", data, value)
            continue
        holds = {
            seccomp._IF_EQUAL: loaded == value,
            seccomp._IF_AT_LEAST: loaded >= value,
            seccomp._IF_ANY_BIT: bool(loaded & value),
        }[code]
        position += if_true if holds else if_false


class Filter:
    """The filter of one architecture, asked by the names of its calls."""

    def __init__(self, architecture: str, *, full: bool) -> None:
        self.machine = seccomp._MACHINES[architecture]
        self.program = seccomp._program(self.machine, OWN_PID, full=full)

    def number(self, name: str) -> int | None:
        if name in seccomp.FULL:
            return seccomp.FULL[name][self.machine.column]
        return int(getattr(self.machine, name))

    def __call__(self, call: str | int, first: int = 0, second: int = 0) -> int:
        number = self.number(call) if isinstance(call, str) else call
        assert number is not None
        return verdict(self.program, self.machine.audit, number, first, second)


@pytest.fixture(params=["x86_64", "aarch64"])
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["small", "full"])
def either(request: pytest.FixtureRequest, architecture: str) -> Filter:
    return Filter(architecture, full=request.param)


@pytest.fixture
def full(architecture: str) -> Filter:
    return Filter(architecture, full=True)


def test_every_listed_call_is_refused(architecture: str) -> None:
    for table, full in ((seccomp.SMALL, False), (seccomp.FULL, True)):
        judge = Filter(architecture, full=full)
        for name in table:
            if judge.number(name) is not None:
                assert judge(name) == REFUSED, name


def test_every_other_call_is_allowed(full: Filter) -> None:
    judged = {full.number(name) for name in seccomp.FULL}
    judged |= {full.number(name) for name in seccomp._Machine._fields}
    for number in range(470):
        if number not in judged:
            assert full(number) == ALLOWED, number


def test_threads_are_cloned_and_processes_are_not(either: Filter) -> None:
    assert either("clone", CLONE_OF_A_THREAD) == ALLOWED
    assert either("clone", CLONE_OF_A_PROCESS) == REFUSED
    assert either("clone3") == UNKNOWN


def test_signals_go_to_oneself_alone(either: Filter) -> None:
    for call in ("kill", "tgkill"):
        assert either(call, OWN_PID) == ALLOWED
        for other in (0, 1, -1, -OWN_PID, OWN_PID + 1):
            assert either(call, other) == REFUSED


def test_limits_are_changed_for_oneself_alone(either: Filter) -> None:
    assert either("prlimit64", 0) == either("prlimit64", OWN_PID) == ALLOWED
    assert either("prlimit64", 1) == REFUSED


def test_what_ties_a_child_to_its_parent_stays(either: Filter) -> None:
    pdeathsig, get_pdeathsig, dumpable, set_name = 1, 2, 4, 15
    assert either("prctl", pdeathsig) == either("prctl", dumpable) == REFUSED
    assert either("prctl", get_pdeathsig) == either("prctl", set_name) == ALLOWED


def test_device_controls_are_those_that_python_uses(full: Filter) -> None:
    set_blocking, push_into_terminal, set_file_flags = 0x5421, 0x5412, 0x40086602
    assert full("ioctl", 3, set_blocking) == ALLOWED
    assert full("ioctl", 0, push_into_terminal) == REFUSED
    assert full("ioctl", 3, set_file_flags) == REFUSED


def test_calls_of_another_architecture_end_the_process(either: Filter) -> None:
    i386 = 0x40000003
    assert verdict(either.program, i386, 2) == KILLED


def test_the_x32_names_of_refused_calls_do_not_exist(either: Filter) -> None:
    assert either(0x40000000 | 57) == UNKNOWN
