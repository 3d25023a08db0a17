"""Sends JSON that is nested ten thousand deep."""

import os
for descriptor in range(3, 64):
    try:
        os.write(descriptor, b'{"id":' + b"[" * 30000 + b"\n")
    except OSError:
        pass
