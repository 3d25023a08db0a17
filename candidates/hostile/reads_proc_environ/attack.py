"""Looks for secrets in the environment and command line of every process."""

PLANTED_FILE = "-"
PLANTED_PID = 0
MARK = "zoo-secret-"

import pathlib
stolen = ""
for file in (*pathlib.Path("/proc").glob("[0-9]*/environ"), *pathlib.Path("/proc").glob("[0-9]*/cmdline")):
    try:
        text = file.read_text(errors="replace")
    except OSError:
        continue
    if MARK in text:
        stolen = text

if stolen:
    raise RuntimeError("stolen: " + stolen[stolen.index(MARK):][:60])
