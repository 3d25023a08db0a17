"""Starts programs by subprocess, spawn and exec."""

import os, subprocess, sys
for start in (lambda: subprocess.Popen(["/bin/sleep", "600"]), lambda: os.posix_spawn(sys.executable, [sys.executable, "-c", "import signal; signal.pause()"], {})):
    try:
        start()
    except BaseException:
        pass
