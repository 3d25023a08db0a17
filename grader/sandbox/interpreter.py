"""Which files a Python needs to run, so that a worker is shown those and no others."""

import functools
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grader

SYSTEM_DIRECTORIES = tuple(
    Path(name)
    for name in (
        "/usr/lib",
        "/usr/lib32",
        "/usr/lib64",
        "/usr/libx32",
        "/usr/local/lib",
        "/usr/share/zoneinfo",
    )
)
"""Shared libraries and time zones. No `/usr/bin`; no `/usr/src`, where images keep their app."""

SYSTEM_LINKS = tuple(Path(name) for name in ("/lib", "/lib32", "/lib64", "/libx32"))
"""Where the dynamic loader lives: links on a merged-/usr system, real directories elsewhere."""

SYSTEM_FILES = tuple(
    Path(name)
    for name in (
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/mime.types",
        "/etc/ssl/openssl.cnf",
    )
)
"""Files that the standard library opens by itself.

`mimetypes` reads the first that *exists*: where it exists and may not be read, the candidate
would be charged with a PermissionError.
"""

_PROJECT = Path(grader.__file__).resolve().parent
HIDDEN = (_PROJECT, _PROJECT.parent / "spec_tests")
"""Expected values and test names; an installed grader lies in the very site-packages we show."""

_QUESTION = """
import json, site, sys
print(json.dumps({"prefixes": [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix],
                  "sites": site.getsitepackages()}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python and the places it reads from, as they are spelled and as they resolve."""

    executable: Path
    """As it is started: the name decides which virtual environment it belongs to."""
    directories: tuple[Path, ...]
    files: tuple[Path, ...]

    @property
    def binary(self) -> Path:
        """The program file behind the links."""
        return self.executable.resolve()


@functools.cache
def interpreter(python: str) -> Interpreter:
    """Ask `python` where it lives (once per process: it costs a start of Python)."""
    answer = subprocess.run(  # noqa: S603 - the interpreter that the grader was told to use
        [python, "-I", "-c", _QUESTION], capture_output=True, check=True, text=True
    )
    known = json.loads(answer.stdout)
    prefixes = [Path(prefix) for prefix in known["prefixes"]]
    prefixes += [prefix.resolve() for prefix in prefixes]
    wanted = [prefix / name for prefix in prefixes for name in ("lib", "lib64")]
    wanted += [Path(site) for site in known["sites"]]
    directories = _outermost([path for path in dict.fromkeys(wanted) if path.is_dir()])
    files = [prefix / "pyvenv.cfg" for prefix in dict.fromkeys(prefixes)]
    return Interpreter(
        executable=Path(os.path.abspath(python)),  # noqa: PTH100 - resolve() would leave the venv
        directories=tuple(directories),
        files=tuple(path for path in files if path.is_file()),
    )


def hidden_below(shown: Path) -> Iterator[Path]:
    """Where the grader's own packages would be seen if the directory `shown` were shown whole."""
    real = shown.resolve()
    for package in HIDDEN:
        if package.is_dir() and package.is_relative_to(real):
            yield shown / package.relative_to(real)


def _outermost(paths: list[Path]) -> list[Path]:
    return [
        path
        for path in paths
        if not any(other != path and path.is_relative_to(other) for other in paths)
    ]
