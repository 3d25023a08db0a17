"""Nests two thousand folders in its scratch, without permissions."""

import os
for _ in range(2000):
    try:
        os.mkdir("d"); os.chdir("d")
    except OSError:
        break
try:
    os.chmod(".", 0)
except OSError:
    pass
