"""The worker's modules, compiled once for all the sandboxes of a process.

A worker may write no bytecode, and where an installation keeps none (it lies
read-only, or `PYTHONDONTWRITEBYTECODE` is set) each would compile the whole package anew.
"""

import functools
import marshal
import tempfile
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import IO


def handed_over(worker_dir: Path) -> IO[bytes]:
    """Return an open file, which has no name, with the code of every module by its name.

    For the interpreter that runs this; another one could not read it. It is the caller's to close.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115  returned open
    file.write(_compiled(worker_dir))
    file.flush()
    return file


@functools.cache
def _compiled(worker_dir: Path) -> bytes:
    code = {
        path.stem: SourceFileLoader(path.stem, str(path)).get_code(path.stem)
        for path in sorted(worker_dir.glob("*.py"))
    }
    return marshal.dumps(code)
