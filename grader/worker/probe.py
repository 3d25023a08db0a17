"""A worker that proves its sandbox: a confined child imports a module late, and says so.

Started like `boot.py`, by `grader.sandbox.tiers.probe`.
"""

import importlib
import json
import os
import socket
import sys
from pathlib import Path


def main() -> None:
    """Confine a child and answer `confined`, or with the one line that says what failed."""
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    sys.path.insert(0, str(Path(__file__).parents[2]))
    try:
        confine = importlib.import_module("grader.worker.confine")
        confine.confine_template(options)
        if os.fork() == 0:
            confine.confine_child(options, keep={control.fileno()})
            sys.path.pop(0)
            for late in ("statistics", "asyncio", "decimal"):
                importlib.import_module(late)
            control.send(b"confined")
        else:
            os.wait()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        control.send(f"{type(error).__name__}: {error}".encode())
    os._exit(0)


if __name__ == "__main__":
    main()
