"""What `dataclasses` generates while a candidate is imported is compiled once for all workers."""

from collections.abc import Iterator

import pytest

from grader.conversation.session import Session
from grader.conversation.worker import Worker
from grader.driver.loading import load
from grader.tests.driver_helpers import lab_of, session_of, told

SOURCE = """
import dataclasses, email.message

@dataclasses.dataclass(frozen=True, order=True)
class Settings:
    threshold: int = 3
    seconds: float = 5.0

class Probe:
    def answers(self):
        made = dataclasses.make_dataclass("Made", ["one"])(1)
        try:
            Settings().threshold = 4
        except dataclasses.FrozenInstanceError as error:
            frozen = str(error)
        return {
            "shown": repr(Settings(2)),
            "equal": Settings() == Settings(3, 5.0),
            "less": Settings(1) < Settings(2),
            "frozen": frozen,
            "made": repr(made),
            "file": Settings.__init__.__code__.co_filename,
        }
"""


def compiled_by(worker: Worker) -> tuple[str, ...]:
    """Import the candidate and return what had to be compiled."""
    load(worker, ["cand_made"])
    return worker.request("generated").value_as(tuple[str, ...])


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_of(SOURCE) as opened:
        yield opened


def test_the_next_worker_compiles_nothing_anew_and_its_classes_are_the_same(
    session: Session,
) -> None:
    with lab_of(session) as lab:
        before = told(lab, lab.breaker(), "answers")
    with session.worker() as worker:
        first = compiled_by(worker)
        session.share_generated(worker)
    with session.worker() as worker:
        second = compiled_by(worker)
    with lab_of(session) as lab:
        after = told(lab, lab.breaker(), "answers")
    assert any("threshold" in text for text in first), f"the first worker compiled {first}"
    assert second == (), f"the second one compiled {second}"
    assert after == before, "what was compiled beforehand behaves in another way"


def test_names_that_are_no_ascii_are_left_to_each_worker() -> None:
    source = """
    from dataclasses import dataclass

    @dataclass
    class Setting:
        größe: int = 0
    """
    with session_of(source) as opened, opened.worker() as worker:
        found = compiled_by(worker)
    assert not any("größe" in text for text in found), f"was told of {found}"


def test_however_many_classes_there_are_the_worker_answers() -> None:
    classes = [f"@dataclass\nclass Setting{n}:\n    size{n}: int = {n}\n" for n in range(200)]
    source = "\n".join(["from dataclasses import dataclass", *classes])
    with session_of(source) as opened:
        with opened.worker() as worker:
            first = compiled_by(worker)
            opened.share_generated(worker)
        with opened.worker() as worker:
            second = compiled_by(worker)
    assert first, "no text was told"
    assert not set(first) & set(second), "what was compiled beforehand was compiled again"


def test_what_cannot_be_compiled_leaves_the_template_as_it_was(session: Session) -> None:
    wrong = ["def __create_fn__(:", "\0", "(" * 20_000]
    session._tell({"op": "compile", "texts": wrong})
    with lab_of(session) as lab:
        shown = told(lab, lab.breaker(), "answers")["shown"]
    assert shown == "Settings(threshold=2, seconds=5.0)", f"found {shown}"
