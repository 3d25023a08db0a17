"""Sends a hundred megabytes without an end of line."""

import os
for descriptor in range(3, 64):
    try:
        for _ in range(1600):
            os.write(descriptor, b"[" * 65536)
    except OSError:
        pass
