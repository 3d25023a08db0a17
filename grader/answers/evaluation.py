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
    identities = _identities(responses)
    return [
        _answer(path, place, response, identities[place])
        for place, response in enumerate(responses)
    ]


def _identities(responses: list[Any]) -> list[str]:
    """Return an id for each response; further answers of a model get a number."""
    wanted = [_identity(place, response) for place, response in enumerate(responses)]
    given: list[str] = []
    for identity in wanted:
        own, number = identity, 1
        while own in given or (number > 1 and own in wanted):
            number += 1
            own = f"{identity}-{number}"
        given.append(own)
    return given


def _identity(place: int, response: Any) -> str:
    key = response.get("model_key") if isinstance(response, dict) else None
    return paths.as_id(key) if isinstance(key, str) and key.strip() else f"response-{place}"


def _answer(path: Path, place: int, response: Any, identity: str) -> Candidate | Unreadable:
    if not isinstance(response, dict):
        return Unreadable(
            id=identity,
            path=str(path),
            problem=f"{path}: responses[{place}] is no object",
        )
    told, first = response.get("model_name"), _identity(place, response)
    model = told if isinstance(told, str) and told.strip() else first
    number = f" #{identity[len(first) + 1 :]}" if identity != first else ""
    answer = response.get("response")
    problem = _problem(answer, response.get("error"))
    if problem is not None or not isinstance(answer, str):
        whole = f"{path}: the response of {identity} {problem}"
        return Unreadable(id=identity, path=str(path), model=model, problem=whole)
    try:
        return assembly.from_markdown(
            text.normal(answer),
            where=f"{path}: the response of {identity}",
            id=identity,
            name=f"{model}{number}",
            provenance="answer",
            model=model,
        )
    except InputError as error:
        return Unreadable(id=identity, path=str(path), model=model, problem=str(error))


def _problem(answer: Any, error: Any) -> str | None:
    if not isinstance(answer, str) or not answer.strip():
        said = " ".join(str(error).split())[:200] if error else ""
        return f"is missing: {said}" if said else "is empty"
    if error:
        return f"ended in an error: {' '.join(str(error).split())[:200]}"
    return text.refusal(answer)
