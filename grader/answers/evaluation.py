"""Published evaluations: one JSON file with the answers of several models."""

import json
from pathlib import Path
from typing import Any

from grader.answers import assembly, paths, text
from grader.candidate import Candidate, Unreadable
from grader.errors import InputError

LIMIT = 32 * 1024 * 1024
"""The most bytes an evaluation may have (32 MiB)."""


def load(path: Path) -> list[Candidate | Unreadable]:
    """Return the answers of the evaluation at *path*, in its order.

    A response that holds no answer becomes a row with its reason. Raises
    `InputError` where the file is no evaluation: it has no list `responses`.
    """
    try:
        # Not by msgspec, which refuses the whole file for one broken character.
        data = json.loads(text.read(path, limit=LIMIT))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}") from error
    responses = data.get("responses") if isinstance(data, dict) else None
    if not isinstance(responses, list) or not responses:
        raise InputError(f"{path}: no published evaluation: it has no list `responses`")
    return [_answer(path, place, response) for place, response in enumerate(responses)]


def _answer(path: Path, place: int, response: Any) -> Candidate | Unreadable:
    if not isinstance(response, dict):
        return Unreadable(
            id=f"response-{place}",
            path=str(path),
            problem=f"{path}: responses[{place}] is no object",
        )
    key = response.get("model_key")
    identity = paths.as_id(key) if isinstance(key, str) and key.strip() else f"response-{place}"
    name = response.get("model_name")
    answer = response.get("response")
    problem = _problem(answer, response.get("error"))
    if problem is not None or not isinstance(answer, str):
        whole = f"{path}: the response of {identity} {problem}"
        return Unreadable(id=identity, path=str(path), problem=whole)
    try:
        return assembly.from_markdown(
            text.normal(answer),
            where=f"{path}: the response of {identity}",
            id=identity,
            name=name if isinstance(name, str) and name.strip() else identity,
            provenance="answer",
        )
    except InputError as error:
        return Unreadable(id=identity, path=str(path), problem=str(error))


def _problem(answer: Any, error: Any) -> str | None:
    if not isinstance(answer, str) or not answer.strip():
        said = " ".join(str(error).split())[:200] if error else ""
        return f"is missing: {said}" if said else "is empty"
    if error:
        return f"ended in an error: {' '.join(str(error).split())[:200]}"
    return text.refusal(answer)
