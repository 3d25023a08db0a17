"""The CI job: its files are sound, and its steps do what they say, run here one by one."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / ".github" / "actions" / "grade" / "action.yml"
WORKFLOW = ROOT / ".github" / "workflows" / "grade.yml"
BIN = Path(sys.executable).parent
BREAKER_LESS = "```python\nimport time\n```\n"


def loaded(path: Path) -> dict[str, Any]:
    """Read a file of the job."""
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text())
    return document


def steps() -> dict[str, dict[str, Any]]:
    """Return the steps of the action that are scripts, by name."""
    return {step["name"]: step for step in loaded(ACTION)["runs"]["steps"] if "run" in step}


class Ran:
    """A step that was run as a runner runs it: `bash -e`, inputs in its environment."""

    def __init__(self, name: str, inputs: Mapping[str, str], folder: Path) -> None:
        step = steps()[name]
        given = {key: str(entry["default"]) for key, entry in loaded(ACTION)["inputs"].items()}
        given.update(inputs)
        self._output, self._summary = folder / "output.txt", folder / "summary.txt"
        environment = {
            key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: given[m.group(1)], value)
            for key, value in step.get("env", {}).items()
        }
        done = subprocess.run(  # noqa: S603  the action's own script
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=folder,
            env={
                **os.environ,
                **environment,
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "GITHUB_OUTPUT": str(self._output),
                "GITHUB_STEP_SUMMARY": str(self._summary),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def output(self) -> str:
        """What it said to later steps."""
        return self._output.read_text()

    @property
    def summary(self) -> str:
        """What it put on the run's page."""
        return self._summary.read_text()


@pytest.mark.parametrize(
    ("path", "schema"),
    [(WORKFLOW, "vendor.github-workflows"), (ACTION, "vendor.github-actions")],
    ids=["workflow", "action"],
)
def test_the_file_keeps_to_its_schema(path: Path, schema: str) -> None:
    checked = subprocess.run(  # noqa: S603  a test tool on our own file
        [BIN / "check-jsonschema", "--builtin-schema", schema, path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_linter_for_workflows_finds_nothing() -> None:
    linted = subprocess.run(  # noqa: S603  a test tool on our own files
        [BIN / "zizmor", "--offline", "--min-severity=medium", WORKFLOW, ACTION],
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_every_input_that_the_workflow_gives_exists() -> None:
    given = {
        key
        for step in loaded(WORKFLOW)["jobs"]["grade"]["steps"]
        if step.get("uses", "").startswith("./")
        for key in step["with"]
    }
    assert given
    assert given - set(loaded(ACTION)["inputs"]) == set()


def test_the_scripts_are_bash() -> None:
    for name, step in steps().items():
        parsed = subprocess.run(  # noqa: S603  parses, runs nothing
            ["/bin/bash", "-n", "-c", step["run"]], capture_output=True, text=True, check=False
        )
        assert parsed.returncode == 0, f"{name}: {parsed.stderr}"


def test_the_job_grades_shows_a_summary_and_names_its_results(tmp_path: Path) -> None:
    (tmp_path / "an answer.md").write_text(BREAKER_LESS)
    inputs = {"candidates": "an answer.md\n", "out": "out"}
    graded = Ran("Grade", inputs, tmp_path)
    assert graded.status == 0, graded.err
    assert graded.output == "results=out/results.json\n"
    assert (tmp_path / "out" / "results.json").is_file()
    shown = Ran("Show the summary", inputs, tmp_path)
    assert shown.status == 0, shown.err
    assert shown.summary == (tmp_path / "out" / "summary.md").read_text()


def test_the_job_fails_with_an_annotation_where_a_gate_is_not_met(tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text(BREAKER_LESS)
    (tmp_path / "before.toml").write_text('[answer]\nde-breaker = "pass"\n')
    inputs = {"candidates": "answer.md", "fail-under": "9", "baseline": "before.toml"}
    graded = Ran("Grade", inputs, tmp_path)
    assert graded.status == 1, graded.err
    annotations = [line for line in graded.out.splitlines() if line.startswith("::")]
    low, lost = annotations
    assert re.fullmatch(r"::error title=grader%3A answer::0\.\d\d, under 9", low), low
    assert "::de-breaker was pass, is fail: " in lost, lost


def test_the_summary_of_a_run_that_wrote_none_is_no_failure(tmp_path: Path) -> None:
    assert Ran("Show the summary", {}, tmp_path).status == 0
