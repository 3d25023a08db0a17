"""A system call filter that this process puts on itself: a deny list in classic BPF.

Two strengths. Where namespaces keep the machine away (bwrap) it is enough to stay one process
that leaves its neighbours alone; where nothing but Landlock does, everything goes that Landlock
does not see. Numbers are those of the kernel's `asm/unistd_64.h` and `asm-generic/unistd.h`.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from . import libc


def _table(text: str) -> dict[str, tuple[int | None, int | None]]:
    """Read `name x86_64 aarch64` per line; `-` where an architecture lacks the call."""
    rows = (line.split() for line in text.strip().splitlines())
    return {name: (_number(x86_64), _number(aarch64)) for name, x86_64, aarch64 in rows}


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


ONE_PROCESS: Final = _table("""
    fork                 57    -
    vfork                58    -
    execve               59    221
    execveat             322   281
""")
"""Other programs and processes. `clone` is judged by its flags: threads are welcome."""

MEMORY_BESIDE_THE_LIMIT: Final = _table("""
    memfd_create         319   279
    memfd_secret         447   447
    shmget               29    194
    shmat                30    196
    semget               64    190
    msgget               68    186
    mq_open              240   180
    io_uring_setup       425   425
    io_uring_enter       426   426
    io_uring_register    427   427
""")
"""Memory that RLIMIT_AS does not count, what outlives a process, and a way round any filter."""

OTHER_PROCESSES: Final = _table("""
    ptrace               101   117
    process_vm_readv     310   270
    process_vm_writev    311   271
    process_madvise      440   440
    process_mrelease     448   448
    pidfd_open           434   434
    pidfd_getfd          438   438
    pidfd_send_signal    424   424
    kcmp                 312   272
    tkill                200   130
    rt_sigqueueinfo      129   138
    rt_tgsigqueueinfo    297   240
    setpriority          141   140
    ioprio_set           251   30
    sched_setaffinity    203   122
    sched_setscheduler   144   119
    sched_setparam       142   118
    sched_setattr        314   274
    migrate_pages        256   238
    move_pages           279   239
""")
"""Reading, signalling and slowing the neighbours. Signals to oneself are judged by their target."""

BEHIND_LANDLOCK: Final = _table("""
    socket               41    198
    connect              42    203
    chmod                90    -
    fchmod               91    52
    fchmodat             268   53
    fchmodat2            452   452
    chown                92    -
    fchown               93    55
    lchown               94    -
    fchownat             260   54
    utime                132   -
    utimes               235   -
    utimensat            280   88
    futimesat            261   -
    setxattr             188   5
    lsetxattr            189   6
    fsetxattr            190   7
    setxattrat           463   463
    removexattr          197   14
    lremovexattr         198   15
    fremovexattr         199   16
    removexattrat        466   466
    file_setattr         469   469
    truncate             76    45
""")
"""What Landlock does not judge: unix and UDP sockets, owners, modes, times and attributes of files
(and, before its ABI 3, `truncate`). `socketpair` is another call and stays."""

KERNEL: Final = _table("""
    unshare              272   97
    setns                308   268
    mount                165   40
    umount2              166   39
    pivot_root           155   41
    chroot               161   51
    name_to_handle_at    303   264
    open_by_handle_at    304   265
    open_tree            428   428
    open_tree_attr       467   467
    move_mount           429   429
    fsopen               430   430
    fsconfig             431   431
    fsmount              432   432
    fspick               433   433
    mount_setattr        442   442
    quotactl             179   60
    quotactl_fd          443   443
    swapon               167   224
    swapoff              168   225
    acct                 163   89
    fanotify_init        300   262
    lookup_dcookie       212   18
    bpf                  321   280
    perf_event_open      298   241
    userfaultfd          323   282
    add_key              248   217
    request_key          249   218
    keyctl               250   219
    init_module          175   105
    finit_module         313   273
    delete_module        176   106
    kexec_load           246   104
    kexec_file_load      320   294
    reboot               169   142
    syslog               103   116
    sethostname          170   161
    setdomainname        171   162
    settimeofday         164   170
    clock_settime        227   112
    adjtimex             159   171
    clock_adjtime        305   266
    iopl                 172   -
    ioperm               173   -
    modify_ldt           154   -
    personality          135   92
    setuid               105   146
    setgid               106   144
    setreuid             113   145
    setregid             114   143
    setresuid            117   147
    setresgid            119   149
    setgroups            116   159
    setfsuid             122   151
    setfsgid             123   152
""")
"""What needs privilege, or has a history of giving it. Nothing here is of use to a candidate."""

SMALL: Final = ONE_PROCESS | MEMORY_BESIDE_THE_LIMIT | OTHER_PROCESSES
FULL: Final = SMALL | BEHIND_LANDLOCK | KERNEL


class _Machine(NamedTuple):
    column: int
    audit: int
    clone: int
    kill: int
    tgkill: int
    prctl: int
    ioctl: int
    prlimit64: int
    clone3: int = 435


_MACHINES: Final = {
    "x86_64": _Machine(0, 0xC000003E, 56, 62, 234, 157, 16, 302),
    "aarch64": _Machine(1, 0xC00000B7, 220, 129, 131, 167, 29, 261),
}

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_THE_NUMBER, _THE_ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
"""Offsets into `struct seccomp_data`; of an argument the lower half, which is all an int has."""

_FILTER_MODE: Final = 2
_X32: Final = 0x40000000
_CLONE_THREAD: Final = 0x10000
_KEPT_BY_CONFINEMENT: Final = (libc.PR_SET_PDEATHSIG, libc.PR_SET_DUMPABLE)
_HARMLESS_IOCTLS: Final = (
    0x5401,  # TCGETS: isatty
    0x5413,  # TIOCGWINSZ: the size of a terminal
    0x541B,  # FIONREAD
    0x5421,  # FIONBIO: setblocking
    0x5450,  # FIONCLEX
    0x5451,  # FIOCLEX: set_inheritable
)


def install(*, full: bool) -> None:
    """Filter this thread and all it starts later; denied calls fail with EPERM."""
    machine = _MACHINES.get(os.uname().machine)
    if machine is None:
        raise OSError(errno.ENOSYS, f"no system call numbers for {os.uname().machine}")
    program = _program(machine, os.getpid(), full=full)
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    libc.prctl("no new privileges", libc.PR_SET_NO_NEW_PRIVS, 1)
    libc.prctl("seccomp filter", libc.PR_SET_SECCOMP, _FILTER_MODE, header)


def _program(machine: _Machine, own_pid: int, *, full: bool) -> bytes:
    refused = _step(_RETURN, _REFUSE | errno.EPERM)
    unknown = _step(_RETURN, _REFUSE | errno.ENOSYS)
    table = FULL if full else SMALL
    numbers = [row[machine.column] for row in table.values()]
    only_self = (own_pid,)
    steps = [
        _step(_LOAD, _THE_ARCHITECTURE),
        _step(_IF_EQUAL, machine.audit, 1, 0),
        _step(_RETURN, _KILL_PROCESS),
        _step(_LOAD, _THE_NUMBER),
        _step(_IF_AT_LEAST, _X32, 0, 1),
        unknown,
        # Its flags lie in memory that a filter cannot read; told that the kernel does not know
        # it, the C library falls back to clone.
        _step(_IF_EQUAL, machine.clone3, 0, 1),
        unknown,
    ]
    for number in filter(None, numbers):
        steps += [_step(_IF_EQUAL, number, 0, 1), refused]
    steps += [
        *(_step(_IF_EQUAL, machine.clone, 0, 4), _step(_LOAD, _FIRST_ARGUMENT)),
        *(_step(_IF_ANY_BIT, _CLONE_THREAD, 1, 0), refused, _step(_RETURN, _ALLOW)),
        *_only(machine.kill, _FIRST_ARGUMENT, only_self),
        *_only(machine.tgkill, _FIRST_ARGUMENT, only_self),
        *_only(machine.prlimit64, _FIRST_ARGUMENT, (0, own_pid)),
        *_never(machine.prctl, _FIRST_ARGUMENT, _KEPT_BY_CONFINEMENT),
        *(_only(machine.ioctl, _SECOND_ARGUMENT, _HARMLESS_IOCTLS) if full else ()),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(steps)


def _only(call: int, offset: int, values: tuple[int, ...]) -> Iterable[bytes]:
    """Allow `call` where its argument is one of `values`."""
    yield from _judged(call, offset, values, found=_ALLOW, else_=_REFUSE | errno.EPERM)


def _never(call: int, offset: int, values: tuple[int, ...]) -> Iterable[bytes]:
    """Refuse `call` where its argument is one of `values`."""
    yield from _judged(call, offset, values, found=_REFUSE | errno.EPERM, else_=_ALLOW)


def _judged(
    call: int, offset: int, values: tuple[int, ...], *, found: int, else_: int
) -> Iterable[bytes]:
    yield _step(_IF_EQUAL, call, 0, len(values) + 3)
    yield _step(_LOAD, offset)
    for position, value in enumerate(values):
        yield _step(_IF_EQUAL, value, len(values) - position, 0)
    yield _step(_RETURN, else_)
    yield _step(_RETURN, found)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
