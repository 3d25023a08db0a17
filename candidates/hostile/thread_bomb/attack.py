"""Starts threads until there are no more."""

import threading
gate = threading.Event()
for _ in range(100_000):
    try:
        threading.Thread(target=gate.wait, daemon=True).start()
    except BaseException:
        break
