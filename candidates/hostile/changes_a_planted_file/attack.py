"""Overwrites, truncates, changes the mode and the times of a file that everybody may write."""

import os
PLANTED_FILE = "-"
for change in (lambda: os.truncate(PLANTED_FILE, 0), lambda: os.chmod(PLANTED_FILE, 0o777), lambda: os.utime(PLANTED_FILE, (0, 0)), lambda: open(PLANTED_FILE, "a").write("x"), lambda: os.rename(PLANTED_FILE, PLANTED_FILE + ".moved")):
    try:
        change()
    except OSError:
        pass
