"""Verdicts as text: TOML that people and diffs can read, ids and verdicts alone."""

import tomllib

from grader.results import Results


def verdict_text(results: Results) -> str:
    """Return one table for each candidate, one line for each requirement."""
    parts = []
    for candidate in results.candidates:
        lines = [f"[{candidate.id}]"]
        lines += [f'{row} = "{found.verdict}"' for row, found in candidate.requirements.items()]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def read_verdicts(text: str) -> dict[str, dict[str, str]]:
    """Return candidate → requirement → verdict of what `verdict_text` made."""
    return tomllib.loads(text)
