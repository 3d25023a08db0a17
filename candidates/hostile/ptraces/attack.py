"""Attaches to its parent and to other processes with ptrace."""

import ctypes, os
PLANTED_PID = 0
libc = ctypes.CDLL(None, use_errno=True)
for pid in (os.getppid(), PLANTED_PID):
    if pid > 1 and libc.ptrace(16, pid, None, None) == 0:
        raise RuntimeError("stolen: zoo-ptrace")
