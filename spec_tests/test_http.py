"""The usage example, run for real: its HTTP client meets an upstream that fails and recovers."""

from grader.specification import (
    ATTESTED,
    INFORMATIVE,
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    recorded,
    requirement,
    unknown_unless,
)
from spec_tests.scenarios.http_seen import Example, Outage, Program


def there_is_a_request(example: Example) -> None:
    """End the test unless the example sends a request."""
    package_is_here(example)
    sends = example.first is not None or (
        example.program is not None and bool(example.program.requests.get("200"))
    )
    if not sends:
        why_not = example.why_not()
        blocked_unless(not example.cut_off, "cut off", why_not)
        unknown_unless(not example.doubtful, why_not)
        blocked_unless(sends, "ht-example", why_not)


def package_is_here(example: Example) -> None:
    """End the test where the example needs a package that this machine does not have."""
    unknown_unless(not example.absent, f"package absent: {', '.join(example.absent)}")


def judged(example: Example, outage: Outage | None) -> Outage:
    """Return what was seen of an outage, or end the test where that was not enough."""
    there_is_a_request(example)
    unknown_unless(
        outage is not None,
        "the example can only be run as a whole, so single calls are not seen",
    )
    assert outage is not None
    if outage.opened_after is None:
        blocked_unless(not outage.cut_off_ran, "cut off", "the code breaks off where it is run")
        unknown_unless(not outage.interrupted, outage.interrupted)
    return outage


def opens(outage: Outage, what: str) -> None:
    """Assert that no request leaves any more after some failures."""
    count = len(outage.calls)
    if outage.fails_together:
        several = len(outage.together) - 1
        assert not outage.together[-1].at_once, (
            f"{several} calls {what} in the same moment, and the next still sends a request"
        )
        return
    unknown_unless(
        outage.opened_after is not None or not outage.slow,
        f"each call takes {outage.longest:g} s by itself, so the failures before it may be"
        f" forgotten or the open period over",
    )
    assert outage.opened_after is not None, (
        f"{count} calls in a row {what}, and the next still sends a request"
    )
    assert outage.opened_after > 0, f"not even the first call that {what} sends a request"


def was_opened(outage: Outage) -> None:
    """End the test unless calls one after the other opened the breaker."""
    unknown_unless(
        outage.opened_after or not outage.slow, "no call is seen while the breaker is open"
    )
    blocked_unless(outage.opened_after, "ht-5xx", "503 answers do not open it")


@requirement("ht-example", MUST, source="the question")
def test_an_example_sends_requests_and_can_be_run(http_example: Example) -> None:
    """A usage example wraps an HTTP client, can be run, and hands back what the server sent."""
    assert http_example.clients or http_example.cut_off, "no HTTP client is imported anywhere"
    blocked_unless(
        http_example.clients, "cut off", "the answer breaks off before an HTTP client is imported"
    )
    package_is_here(http_example)
    if http_example.first is not None:
        first = http_example.first
        unknown_unless(
            first.how == "returned", f"{http_example.way}, answered with 200: {first.tell()}"
        )
        return
    program = http_example.program
    if program is not None and program.requests.get("200"):
        crashed = program.error and program.by_its_own_fault
        assert not crashed, f"run as a program, it ends with {program.error}"
        return
    why_not = http_example.why_not()
    blocked_unless(not http_example.cut_off, "cut off", why_not)
    unknown_unless(not http_example.doubtful, why_not)
    raise AssertionError(why_not)


@requirement("ht-5xx", MUST, source="Envoy consecutive_5xx")
def test_server_errors_open_the_breaker(http_example: Example) -> None:
    """A 5xx answer counts as a failure: after enough of them no request leaves any more."""
    if http_example.program is not None:
        there_is_a_request(http_example)
        program_holds_back(http_example.program, "503", "answers with 503")
        return
    opens(judged(http_example, http_example.errors), "were answered with 503")


@requirement("ht-transport", MUST, source="Envoy, local origin failures; Hystrix")
def test_failed_connections_and_timeouts_open_the_breaker(http_example: Example) -> None:
    """A connection that fails and a request that times out count as failures."""
    if http_example.program is not None:
        there_is_a_request(http_example)
        program_holds_back(http_example.program, "refused", "refuses connections")
        return
    opens(judged(http_example, http_example.refused), "found nobody listening")
    opens(judged(http_example, http_example.silent), "timed out")


def program_holds_back(program: Program, plan: str, what: str) -> None:
    """End the test as passed or unknown: of a whole program only the requests are seen."""
    well, ill = program.requests.get("200", 0), program.requests.get(plan)
    unknown_unless(
        ill is not None and ill < well,
        f"the example can only be run as a whole: {well} requests leave while the upstream is"
        f" well, and {'none could be counted' if ill is None else ill} while it {what}",
    )


@requirement("ht-4xx", SHOULD, source="httpware; blacksmith; purgatory")
def test_a_client_error_does_not_open_the_breaker(http_example: Example) -> None:
    """A 404 does not count as a failure: the upstream works, the request was wrong."""
    there_is_a_request(http_example)
    program = http_example.program
    if program is not None:
        well, wrong = program.requests.get("200", 0), program.requests.get("404", 0)
        unknown_unless(
            wrong >= well,
            f"the example can only be run as a whole: {well} requests leave while the upstream is"
            f" well, and {wrong} while it answers with 404",
        )
        return
    calls = http_example.not_found
    unknown_unless(calls, "calls that are answered with 404 could not be made one by one")
    assert calls is not None
    sent = [call.requests > 0 for call in calls]
    held_back = sent.index(False) if False in sent else None
    if held_back is not None:
        blocked_unless(
            not http_example.cut_off_ran, "cut off", "the code breaks off where it is run"
        )
    assert held_back is None, f"after {held_back} answers of 404 no request leaves any more"


@requirement("ht-open-silent", MUST, source="Fowler")
def test_no_request_leaves_while_open(http_example: Example) -> None:
    """While the breaker is open no request leaves."""
    if http_example.program is not None:
        there_is_a_request(http_example)
        program_holds_back(http_example.program, "503", "answers with 503")
        return
    outage = judged(http_example, http_example.errors)
    was_opened(outage)
    left = sum(call.at_once for call in outage.while_open)
    blocked_unless(
        not (left and outage.cut_off_ran), "cut off", "the code breaks off where it is run"
    )
    unknown_unless(outage.while_open, outage.interrupted or "no call was made while open")
    assert left == 0, (
        f"of {len(outage.while_open)} more calls in the same moment {left} sent a request"
    )


@requirement("ht-recovers", MUST, source="the question: automatic recovery")
def test_it_recovers_and_the_body_arrives_whole(http_example: Example) -> None:
    """After the outage and the open period, requests leave again and bodies arrive whole."""
    outage = judged(http_example, http_example.errors)
    was_opened(outage)
    unknown_unless(not outage.interrupted, outage.interrupted)
    first = http_example.first
    worked = first is not None and first.how == "returned"
    unknown_unless(worked, "no call returned even before the outage")
    recovers = outage.open_for is not None and outage.works_afterwards
    blocked_unless(
        recovers or not outage.cut_off_ran, "cut off", "the code breaks off where it is run"
    )
    assert outage.open_for is not None, (
        "15 minutes after the upstream was well again still no request leaves"
    )
    for number, call in enumerate(outage.afterwards, 1):
        assert call.requests > 0, f"call {number} after the open period sends no request"
        assert call.how == "returned", f"call {number} after the open period: {call.tell()}"
        assert call.body != "earlier", (
            f"call {number} after the open period hands back the body of an earlier answer"
        )
        visible = first is not None and first.body == "served"
        assert call.body == "served" or not visible, (
            f"call {number} after the open period hands back something else than the body that"
            " was served, which it did before the outage"
        )


@requirement("ht-hygiene", SHOULD, source="httpx and aiohttp documentation", known=ATTESTED)
def test_clients_are_closed_and_importing_sends_nothing(http_example: Example) -> None:
    """An HTTP client that the example opens can be closed and is, and importing sends nothing."""
    there_is_a_request(http_example)
    kept = http_example.housekeeping
    unknown_unless(kept is not None, "the example could not be closed")
    assert kept is not None
    assert not kept.sent_at_import, f"importing {kept.sent_at_import[0]} sends a request"
    assert not kept.logging_at_import, (
        f"importing {kept.logging_at_import[0]} configures the root logger"
    )
    if not kept.clients_left_open:
        return
    if kept.open_in_public:
        recorded("its HTTP client is a public attribute, for its user to close")
    blocked_unless(not http_example.cut_off, "cut off", "what closes its client may be cut off")
    if not kept.closing:
        raise AssertionError("nothing closes the HTTP client that it opens")
    if kept.closing == "none needed":
        program = http_example.program is not None
        assert not program, "an HTTP client is still open when the program has ended"
        assert kept.shared, "a call opens an HTTP client and does not close it"
        recorded("one HTTP client of the module serves all calls")
    raise AssertionError(f"its HTTP client is still open after {kept.closing}")


@requirement("ht-per-host", INFORMATIVE, source="Azure: resource differentiation")
def test_each_upstream_may_have_its_own_breaker(http_example: Example) -> None:
    """Whether an outage of one upstream keeps requests to another from leaving is recorded."""
    there_is_a_request(http_example)
    not_offered_unless(
        http_example.elsewhere is not None, "its calls always go to the same upstream"
    )
    assert http_example.elsewhere is not None
    through = "another object of the class" if http_example.another_client else "the same object"
    if http_example.elsewhere.requests:
        recorded(f"another host is still asked, through {through}")
    recorded(f"no other host is asked either, through {through}")
