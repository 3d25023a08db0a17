"""Many candidates, made of one."""

import re
import shutil
from pathlib import Path


def copies(candidate: Path, count: int, into: Path) -> list[Path]:
    """Copy a candidate folder `count` times; every copy's source is another one, by a comment."""
    made = []
    for number in range(count):
        folder = into / f"{candidate.name}_{number:04}"
        shutil.copytree(candidate, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for source in folder.rglob("*.py"):
            with source.open("a", encoding="utf-8") as file:
                file.write(f"\n# copy {number}\n")
        manifest = folder / "candidate.toml"
        told = manifest.read_text(encoding="utf-8") if manifest.is_file() else ""
        # Without an id of its own it is called as its folder.
        manifest.write_text(re.sub(r"(?m)^id *=.*\n", "", told), encoding="utf-8")
        made.append(folder)
    return made
