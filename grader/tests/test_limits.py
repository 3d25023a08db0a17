"""What a candidate may use in all, and what it is told to have died of."""

import signal
from pathlib import Path

import pytest

from grader.conversation.failures import Died, Exhausted, Hung, Misspoke
from grader.conversation.pressure import share_of_waiting
from grader.conversation.session import _limit
from grader.conversation.worker import Patience
from grader.played import ending
from grader.tests.driver_helpers import lab_of, session_of


def test_a_candidate_that_hangs_everywhere_costs_at_most_eight_seconds() -> None:
    patience, waited = Patience(), 0.0
    while not patience.spent:
        waited += patience.seconds
        patience.lose()
    assert waited <= 6.5, f"{waited} s of waiting leave too little for the rest"


@pytest.mark.parametrize(
    ("waiting", "more"), [(0.0, 0.0), (0.1, 0.0), (0.5, 4.0), (0.8, 16.0), (1.0, 16.0)]
)
def test_what_others_took_of_the_machine_is_given_once_more(waiting: float, more: float) -> None:
    assert Patience(4.0, waiting=lambda: waiting).kept_waiting() == pytest.approx(more)


@pytest.mark.parametrize(
    ("accounts", "share"),
    [
        ("some avg10=97.86 avg60=87.43 avg300=78.65 total=1\nfull avg10=0.00\n", 0.9786),
        ("some avg10=0.00 avg60=1.00\n", 0.0),
        ("", 0.0),
        ("some avg10=much\n", 0.0),
    ],
)
def test_the_share_of_waiting_is_what_the_kernel_says(
    tmp_path: Path, accounts: str, share: float
) -> None:
    path = tmp_path / "cpu"
    path.write_text(accounts)
    assert share_of_waiting(path) == pytest.approx(share)
    assert share_of_waiting(tmp_path / "nothing") == 0.0


def test_once_its_time_is_used_up_no_worker_is_begun() -> None:
    with session_of("x = 1") as session:
        while not session._patience.spent:
            session._patience.lose()
        with pytest.raises(Hung, match="its time is used up"), session.worker():
            pytest.fail("a worker was begun")


@pytest.mark.parametrize(
    ("failure", "of"),
    [(Died, "crash"), (Hung, "hang"), (Exhausted, "resource"), (Misspoke, "protocol")],
)
def test_what_it_died_of_is_kept_with_the_ending(failure: type[Died], of: str) -> None:
    kept = ending(failure("so"))
    assert kept.because == of
    again = kept.exception()
    assert ending(again).because == of, "it is lost on the way to the verdict"


def test_the_signal_of_a_limit_is_told_from_a_crash() -> None:
    assert "processor time" in _limit(signal.SIGXCPU)
    assert _limit(signal.SIGSEGV) == ""
    assert _limit(0) == ""


def test_a_worker_that_a_limit_ends_was_exhausted() -> None:
    source = "import os, signal\ndef use():\n    os.kill(os.getpid(), signal.SIGXCPU)\n"
    with (
        session_of(f"{source}class Probe:\n    call = staticmethod(use)\n") as session,
        pytest.raises(Exhausted, match="processor time"),
        lab_of(session) as lab,
    ):
        lab.request("invoke", breaker=lab.breaker().handle, name="call")
