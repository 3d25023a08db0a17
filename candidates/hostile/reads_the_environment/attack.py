"""Looks for a secret in its own environment."""

PLANTED_FILE = "-"
PLANTED_PID = 0
MARK = "zoo-secret-"

import os
stolen = " ".join(os.environ.values())
stolen = stolen if MARK in stolen else ""

if stolen:
    raise RuntimeError("stolen: " + stolen[stolen.index(MARK):][:60])
