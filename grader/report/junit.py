"""JUnit XML in the dialect that GitLab and Jenkins read.

One `testsuite` per candidate, one `testcase` per requirement:

| verdict       | element                     |
|---------------|-----------------------------|
| pass          | none                        |
| fail          | `failure` of type `fail`    |
| blocked       | `failure` of type `blocked` |
| error         | `error` of type `error`     |
| unknown       | `error` of type `unknown`   |
| not offered   | `skipped`                   |

A waived row is `skipped`, with the reason. An informative row is `skipped` whatever was found: it
records a choice, so it can turn nothing red and is no passed test either. What was seen on the way
to a pass is `system-out`.
"""

import xml.etree.ElementTree as ET
from collections import Counter

from grader.report import view
from grader.report.text import one_line, visible
from grader.results import CandidateResult, Finding, Requirement, Results
from grader.scoring.rubric import BUILT_IN
from grader.verdicts import Level, Verdict

_ELEMENTS = {
    Verdict.FAIL: "failure",
    Verdict.BLOCKED: "failure",
    Verdict.ERROR: "error",
    Verdict.UNKNOWN: "error",
    Verdict.NOT_OFFERED: "skipped",
}
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render_junit(results: Results) -> bytes:
    """Return the run as an XML document, encoded in UTF-8."""
    root = ET.Element("testsuites", name="circuit breaker specification")
    totals: Counter[str] = Counter()
    for candidate in results.candidates:
        suite, numbers = _suite(candidate, results)
        root.append(suite)
        totals += numbers
    _count(root, totals)
    root.set("time", f"{results.seconds:.3f}")
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(candidate: CandidateResult, results: Results) -> tuple[ET.Element, Counter[str]]:
    suite = ET.Element("testsuite", name=one_line(candidate.id))
    numbers: Counter[str] = Counter()
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(candidate, results):
        ET.SubElement(properties, "property", name=name, value=one_line(value))
    if candidate.problem:
        case = ET.SubElement(
            suite, "testcase", classname=one_line(candidate.id), name="can be graded"
        )
        _outcome(case, "error", "problem", candidate.problem, "")
        numbers.update(tests=1, errors=1)
    for identifier, finding in candidate.requirements.items():
        requirement = results.requirements.get(identifier)
        case, element = _case(candidate.id, identifier, finding, requirement)
        if told := view.told_dispute(candidate.disputes.get(identifier)):
            _tell(case, told)
        suite.append(case)
        numbers["tests"] += 1
        if element:
            numbers[_COUNTED[element]] += 1
    _count(suite, numbers)
    suite.set("time", f"{candidate.seconds:.3f}")
    return suite, numbers


def _properties(candidate: CandidateResult, results: Results) -> tuple[tuple[str, str], ...]:
    return (
        ("name", candidate.name),
        ("provenance", candidate.provenance),
        ("score", view.score_text(candidate)),
        ("as_delivered", view.number(candidate.as_delivered)),
        ("specification", results.specification),
        ("seed", str(results.seed)),
        ("isolation", results.isolation),
        ("weights", str(results.rubric.get("name", BUILT_IN))),
    )


def _case(
    candidate: str, identifier: str, finding: Finding, requirement: Requirement | None
) -> tuple[ET.Element, str]:
    """Return the test case, and which element it got besides a plain pass."""
    area = requirement.area if requirement else "unknown"
    case = ET.Element(
        "testcase", classname=one_line(f"{candidate}.{area}"), name=one_line(identifier)
    )
    element = _ELEMENTS.get(finding.verdict, "")
    if (requirement.level if requirement else finding.level) is Level.INFORMATIVE:
        element = "skipped"
    if finding.waived:
        element = "skipped"
    if not element:
        if finding.evidence:
            _tell(case, finding.evidence)
        return case, ""
    sentence = requirement.sentence if requirement else ""
    _outcome(case, element, str(finding.verdict), _message(finding), sentence)
    return case, element


def _tell(case: ET.Element, words: str) -> None:
    """Add to what a case says beside its outcome."""
    element = case.find("system-out")
    if element is None:
        element = ET.SubElement(case, "system-out")
    element.text = "\n".join(filter(None, (element.text, visible(words))))


def _message(finding: Finding) -> str:
    parts = (
        view.told_waived(finding),
        view.blocked_by(finding.because) if finding.because else "",
        f"died of: {finding.died_of}" if finding.died_of else "",
        finding.evidence,
        view.partly(finding),
    )
    return "; ".join(part for part in parts if part) or str(finding.verdict)


def _outcome(case: ET.Element, element: str, kind: str, message: str, sentence: str) -> None:
    """Add the outcome; `visible` leaves no character that XML 1.0 forbids."""
    outcome = ET.SubElement(case, element, message=one_line(message))
    if element != "skipped":  # the schema gives `skipped` a message and nothing else
        outcome.set("type", kind)
        outcome.text = visible("\n".join(filter(None, (sentence, message))))


def _count(element: ET.Element, numbers: Counter[str]) -> None:
    for name in ("tests", "failures", "errors", "skipped"):
        element.set(name, str(numbers[name]))
