"""The worker's entry: `python boot.py CONTROL_FD OPTIONS`.

Imports the folder it lies in as a package of its own name, so that the
trusted packages need not be importable in the sandbox.
"""

import gc
import importlib.util
import json
import sys
from pathlib import Path

PACKAGE = "_grader_worker"


def main() -> None:
    """Import the package and hand over to its template."""
    # What is imported stays: looking through it for garbage finds none. The template ends this.
    gc.disable()
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no worker package in {folder}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    template = importlib.import_module(f"{PACKAGE}.template")
    template.main(int(sys.argv[1]), json.loads(sys.argv[2]))


if __name__ == "__main__":
    main()
