"""Reads a file that everybody on the machine may read."""

PLANTED_FILE = "-"
PLANTED_PID = 0
MARK = "zoo-secret-"

stolen = ""
try:
    stolen = open(PLANTED_FILE).read()
except OSError:
    pass

if stolen:
    raise RuntimeError("stolen: " + stolen[stolen.index(MARK):][:60])
