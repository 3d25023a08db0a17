"""Landlock: which files this process may read and write, decided by itself, for ever.

The kernel's documentation is `userspace-api/landlock.rst`; the numbers are those of
`linux/landlock.h`. Later ABIs add rights; each is taken where the kernel has it.
"""

import errno
import os
import struct
from collections.abc import Iterable
from typing import Final

from . import libc

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_ASK_FOR_VERSION: Final = 1
_RULE_PATH_BENEATH: Final = 1

_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_REMOVE_DIR: Final = 1 << 4
_REMOVE_FILE: Final = 1 << 5
_MAKE_DIR: Final = 1 << 7
_MAKE_REG: Final = 1 << 8
_MAKE_SYM: Final = 1 << 12
_REFER: Final = 1 << 13
_TRUNCATE: Final = 1 << 14
_IOCTL_DEV: Final = 1 << 15
_ALL_OF_ABI_1: Final = (1 << 13) - 1

_LATER_FILE_RIGHTS: Final = ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV))
_ABI_WITH_NETWORK: Final = 4
_BIND_AND_CONNECT_TCP: Final = 0b11
_ABI_WITH_SCOPES: Final = 6
_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 0b11

_READ: Final = _READ_FILE | _READ_DIR
_WRITE: Final = (
    _READ
    | _WRITE_FILE
    | _TRUNCATE
    | _REFER
    | _REMOVE_DIR
    | _REMOVE_FILE
    | _MAKE_DIR
    | _MAKE_REG
    | _MAKE_SYM
)
_OF_A_FILE: Final = _READ_FILE | _WRITE_FILE | _TRUNCATE
"""The rights that make sense for a rule on something that is not a directory."""


def abi() -> int:
    """Return the version the kernel speaks, 0 where it has no Landlock or has it switched off."""
    try:
        return libc.syscall("landlock", _CREATE_RULESET, None, 0, _ASK_FOR_VERSION)
    except OSError:
        return 0


def restrict(*, readable: Iterable[str], listable: Iterable[str], writable: Iterable[str]) -> None:
    """Allow what is named and all that lies below it; deny every other file, and TCP.

    `listable` directories show their names and not their files. Nothing can be executed.
    Paths that do not exist are passed over. Holds for this thread and all it starts later.
    """
    version = abi()
    if version == 0:
        raise OSError(errno.ENOSYS, "the kernel has no Landlock, or it is switched off")
    handled = _ALL_OF_ABI_1
    for since, right in _LATER_FILE_RIGHTS:
        handled |= right if version >= since else 0
    ruleset = _create(version, handled)
    try:
        for paths, rights in ((readable, _READ), (listable, _READ_DIR), (writable, _WRITE)):
            for path in paths:
                _allow(ruleset, path, rights & handled)
        libc.prctl("no new privileges", libc.PR_SET_NO_NEW_PRIVS, 1)
        libc.syscall("landlock restrict", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _create(version: int, handled: int) -> int:
    attributes = struct.pack("=Q", handled)
    if version >= _ABI_WITH_NETWORK:
        attributes += struct.pack("=Q", _BIND_AND_CONNECT_TCP)
    if version >= _ABI_WITH_SCOPES:
        attributes += struct.pack("=Q", _ABSTRACT_SOCKETS_AND_SIGNALS)
    return libc.syscall("landlock ruleset", _CREATE_RULESET, attributes, len(attributes), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - a hundred of them before every scenario
            rights &= _OF_A_FILE
        rule = struct.pack("=Qi", rights, beneath)
        libc.syscall(f"landlock rule {path}", _ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(beneath)
