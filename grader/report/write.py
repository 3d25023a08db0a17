"""Writes the reports of a run: all of them, or none.

Everything is rendered before the first byte is written, the bytes go to
temporary files beside their targets, and only then are the targets replaced.
What goes wrong on the way leaves the earlier reports as they were.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from grader.errors import GraderError, InputError
from grader.report.html import render_html
from grader.report.junit import render_junit
from grader.report.markdown import render_markdown
from grader.report.tables import Section
from grader.report.text import encodable
from grader.results import Results, encode

_OUT_OF_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def write_all(
    results: Results,
    out: Path,
    beside: Mapping[str, bytes] | None = None,
    sections: Sequence[Section] = (),
) -> None:
    """Write results.json, report.html, junit.xml and summary.md into the folder `out`.

    `beside` are further files of the run, by name, `sections` further parts of the page. The
    folder is made where it does not exist. Raises `InputError` where it cannot be written to, and
    `GraderError` where the disk is full or failing.
    """
    results = encodable_results(results)
    contents = {
        "results.json": encode(results),
        "report.html": render_html(results, sections).encode(),
        "junit.xml": render_junit(results),
        "summary.md": render_markdown(results).encode(),
        **(beside or {}),
    }
    write_together(contents, out)


def write_together(contents: Mapping[str, bytes], out: Path) -> None:
    """Write files into the folder `out`: all of them, or none.

    Raises as `write_all` does.
    """
    try:
        with _folder(out):
            _replace_all({out / name: data for name, data in contents.items()})
    except OSError as error:
        kind = GraderError if error.errno in _OUT_OF_ROOM else InputError
        raise kind(f"{out}: the reports cannot be written: {error.strerror or error}") from error


def encodable_results(results: Results) -> Results:
    """Return the results with lone surrogates written out, which JSON cannot hold."""
    try:
        encode(results)
    except UnicodeEncodeError:
        return msgspec.convert(encodable(msgspec.to_builtins(results)), Results)
    return results


@contextlib.contextmanager
def _folder(out: Path) -> Iterator[None]:
    """Make the folder, and take it away again if nothing could be put into it."""
    existed = out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except OSError:
        if not existed:
            with contextlib.suppress(OSError):
                out.rmdir()
        raise


def _replace_all(contents: dict[Path, bytes]) -> None:
    """Replace all targets; on the first failure put back those already replaced."""
    fresh = {target: _beside(target, "new") for target in contents}
    earlier = {target: _beside(target, "old") for target in contents}
    replaced: list[Path] = []
    try:
        for target, data in contents.items():
            _write(fresh[target], data)
        for target in contents:
            _keep(target, earlier[target])
        for target in contents:
            fresh[target].replace(target)
            replaced.append(target)
    except BaseException:  # an interrupt as well must not leave two runs mixed
        for target in replaced:
            # Popped: should putting it back fail, the earlier report stays as the spare.
            _restore(earlier.pop(target), target)
        raise
    finally:
        for leftover in (*fresh.values(), *earlier.values()):
            leftover.unlink(missing_ok=True)


def _beside(target: Path, role: str) -> Path:
    """Return a name in the same folder, hence on the same file system."""
    return target.with_name(f".{target.name}.{os.getpid()}.{role}")


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # some file systems report a full disk only here


def _keep(target: Path, earlier: Path) -> None:
    """Keep the bytes of a target under a second name, without room where links work."""
    if not target.exists():
        return
    try:
        earlier.hardlink_to(target)
    except OSError:
        shutil.copyfile(target, earlier)


def _restore(earlier: Path, target: Path) -> None:
    """Put an earlier report back, or take away what there was none of before."""
    with contextlib.suppress(OSError):
        if earlier.exists():
            earlier.rename(target)  # needs no room, and replaces what is there
        else:
            target.unlink(missing_ok=True)
