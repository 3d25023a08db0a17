"""Looks on the file system for the specification and the grader's own source."""

import pathlib, sys
stolen = ""
for place in (*sys.path, "/", "/tmp", "/root", "/home", "/work"):
    for name in ("spec_tests/test_half_open.py", "grader/grading.py", "grader/scoring/score.py"):
        try:
            stolen = (pathlib.Path(place) / name).read_text()[:20] and name
        except OSError:
            pass
if stolen:
    raise RuntimeError("stolen: zoo-specification " + stolen)
