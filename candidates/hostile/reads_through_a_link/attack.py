"""Makes symbolic and hard links to a file outside and reads through them."""

PLANTED_FILE = "-"
PLANTED_PID = 0
MARK = "zoo-secret-"

import os
stolen = ""
for link in (os.symlink, os.link):
    try:
        link(PLANTED_FILE, "grader-zoo-link")
        stolen = open("grader-zoo-link").read()
    except OSError:
        pass

if stolen:
    raise RuntimeError("stolen: " + stolen[stolen.index(MARK):][:60])
