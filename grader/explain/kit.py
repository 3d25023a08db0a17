"""A folder in which an explanation can be checked: the candidate's files, and the script."""

import shutil
import tempfile
from pathlib import Path

from grader.candidate import Candidate
from grader.errors import InputError
from grader.explain.explanation import Explanation

SCRIPT = "show.py"


def write_kit(explanation: Explanation, candidate: Candidate, into: Path) -> Path:
    """Write the folder `into/<candidate>-<requirement>`, whole or not at all; return it.

    The files are as they ran: where an answer is cut off, up to there. Raises InputError where
    there is no script, or the folder cannot be written or is there already.
    """
    if not explanation.script:
        raise InputError(f"{explanation.row}: no script: {explanation.no_script}")
    target = into / f"{explanation.candidate}-{explanation.row}"
    if target.exists():
        raise InputError(f"{target}: is there already; nothing was written")
    try:
        into.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{explanation.candidate}-", dir=into))
    except OSError as error:
        raise InputError(f"{into}: cannot be written: {error.strerror}") from error
    try:
        for file in candidate.files:
            path = draft / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
        (draft / SCRIPT).write_text(explanation.script, encoding="utf-8")
        draft.chmod(0o755)
        draft.rename(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target
