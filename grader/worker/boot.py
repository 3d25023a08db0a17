"""The worker's entry: `python boot.py CONTROL_FD OPTIONS`.

Imports the folder it lies in as a package of its own name, so that the
trusted packages need not be importable in the sandbox.
"""

import gc
import importlib.machinery
import importlib.util
import json
import marshal
import os
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGE = "_grader_worker"


class Compiled:
    """Finds and loads the modules of the package among those that came compiled.

    By its methods alone: `importlib.abc` would load `importlib.resources` into every template.
    """

    def __init__(self, folder: Path, code: Mapping[str, types.CodeType]) -> None:
        self._folder = folder
        self._code = code

    def find_spec(
        self, fullname: str, _path: object, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where a module of the package comes from; None for any other."""
        package, _, name = fullname.rpartition(".")
        if package != PACKAGE or name not in self._code:
            return None
        origin = str(self._folder / f"{name}.py")
        loader: Any = self
        return importlib.util.spec_from_file_location(fullname, origin, loader=loader)

    def create_module(self, _spec: importlib.machinery.ModuleSpec) -> None:
        """Leave it to the import system."""
        return

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the code of a module."""
        exec(self._code[module.__name__.rpartition(".")[2]], vars(module))  # noqa: S102  the grader's own


def main() -> None:
    """Import the package and hand over to its template."""
    # What is imported stays: looking through it for garbage finds little. The template ends this.
    gc.disable()
    folder = Path(__file__).resolve().parent
    options = json.loads(sys.argv[2])
    if options["code"] is not None:
        sys.meta_path.insert(0, Compiled(folder, _read(options["code"])))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no worker package in {folder}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    template = importlib.import_module(f"{PACKAGE}.template")
    template.main(int(sys.argv[1]), options)


def _read(descriptor: int) -> Any:
    # Several may have this file open, and one place in it between them.
    data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    os.close(descriptor)
    return marshal.loads(data)  # noqa: S302  the grader's own


if __name__ == "__main__":
    main()
