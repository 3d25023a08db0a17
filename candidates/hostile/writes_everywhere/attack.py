"""Writes files to every temporary directory, shared memory and beside itself."""

import os, pathlib, tempfile
PLANTED_FILE = "-"
PLANTED_DIRECTORY = "-"
places = ["/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~"), PLANTED_DIRECTORY, os.path.dirname(__file__) or "."]

for place in places:
    try:
        (pathlib.Path(place) / "grader-zoo-left").write_text("left")
    except OSError:
        pass
