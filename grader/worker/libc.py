"""The few calls of the C library that Python has no name for."""

import ctypes
import os
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_CAPBSET_DROP: Final = 24
PR_SET_CHILD_SUBREAPER: Final = 36
PR_SET_NO_NEW_PRIVS: Final = 38
PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_CAPABILITY_VERSION_3: Final = 0x20080522
_MORE_THAN_ALL_CAPABILITIES: Final = 64

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def syscall(what: str, number: int, *arguments: int | bytes | None) -> int:
    """Make a system call; OSError names `what` failed. Integers are passed as C longs."""
    raw = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    return _checked(what, _libc.syscall(ctypes.c_long(number), *raw))


def prctl(what: str, option: int, *arguments: int | bytes) -> int:
    """Call `prctl(2)`, with zeros for the arguments that are not given."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    raw = [ctypes.c_ulong(item) if isinstance(item, int) else item for item in padded]
    return _checked(what, _libc.prctl(option, *raw))


def drop_capabilities() -> None:
    """Give up every capability, for good: root is then a user that merely owns many files."""
    for capability in range(_MORE_THAN_ALL_CAPABILITIES):
        try:
            prctl("capability bounding set", PR_CAPBSET_DROP, capability)
        except OSError:  # beyond the last one, or not entitled to: then there is none to drop
            break
    prctl("ambient capabilities", PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none_of_them = (ctypes.c_uint32 * 6)()
    _checked("capset", _libc.capset(header, none_of_them))


def _checked(what: str, result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result
