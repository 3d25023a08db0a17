"""Goes by the root, the cwd and the descriptors of other processes below /proc."""

PLANTED_FILE = "-"
PLANTED_PID = 0
MARK = "zoo-secret-"

import glob
stolen = ""
for way in (*glob.glob("/proc/[0-9]*/root"), *glob.glob("/proc/[0-9]*/cwd")):
    try:
        stolen = stolen or open(way + PLANTED_FILE).read()
    except OSError:
        pass

if stolen:
    raise RuntimeError("stolen: " + stolen[stolen.index(MARK):][:60])
