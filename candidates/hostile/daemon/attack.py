"""Forks twice into a session of its own and stays."""

import os, time
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            import signal
            signal.pause()
        os._exit(0)
except OSError:
    pass
