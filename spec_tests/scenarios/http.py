"""The usage example of an answer, with an upstream that is well, out of order, or not there."""

from collections.abc import Callable
from typing import cast

import msgspec
from msgspec.structs import replace

from grader.bench import Bench
from grader.binding.arguments import ELSEWHERE, HOST
from grader.binding.examples import Code, Way, read
from grader.conversation.failures import Blocked, CandidateFailure, Interrupted
from grader.driver.example import Closing, NotDriven, Stage
from grader.driver.settings import passed
from grader.history import ExampleCall
from grader.specification import static_scenario
from spec_tests.scenarios.http_absent import present
from spec_tests.scenarios.http_seen import Example, Housekeeping, Outage, Program

_MOST_CALLS = 30
_MOST_TRIES = 10
_AFTERWARDS = 6
_TOGETHER = 12
_LONGEST_OPEN = 900.0
_SHAPES = ("texts", "numbers", "list")
"""Of the bodies that are served."""
_CANNOT_READ = ("TypeError", "ValueError", "KeyError", "IndexError", "AttributeError", "Validation")


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """A way that sends a request, and what came of it."""

    way: Way
    call: ExampleCall
    shape: str
    """Of the bodies that it can read."""
    housekeeping: Housekeeping | None


class _Player:
    """Plays one candidate's example."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._implementation = bench.modules
        breaker, build = _breaker(bench)
        candidate, self.absent = present(bench)
        self.code: Code = read(candidate, breaker, build)
        self.tried: list[str] = []
        self.cut_off_ran = False
        self.shape = "texts"

    def on_stage(self, play: Callable[[Stage], None]) -> str:
        """Play something in a worker of its own; return why it did not come to its end."""
        stage: Stage | None = None
        try:
            with self._bench.worker() as worker:
                stage = Stage(worker, self.code, self._implementation)
                stage.shape = self.shape
                stage.load()
                play(stage)
        except NotDriven as told:
            return str(told)
        except CandidateFailure as failure:
            return f"the worker gave up: {failure}"
        finally:
            self.cut_off_ran |= stage is not None and stage.cut_off_ran
        return ""

    # --- finding a way ----------------------------------------------------------------

    def find(self) -> tuple[_Found, Outage] | None:
        """Return the first way by which one request leaves and its result comes back.

        A function that is driven past its breaker proves nothing: where 503 answers do not open
        it, the other ways are looked at as well, and the first one is kept unless one of them
        opens. None where no request leaves at all.
        """
        ways = [way for way in self.code.ways if way.kind != "program"][:_MOST_TRIES]
        first: tuple[_Found, Outage] | None = None
        fair: _Found | None = None
        for way in ways:
            found = self._try_shapes(way)
            if found is None or found.call.how != "returned":
                fair = fair or found
                continue
            outage = self.outage(found.way, "503", recovers=True)
            if outage.opened_after is not None or outage.slow:
                return found, outage
            first = first or (found, outage)
        if first is not None:
            return first
        return (fair, self.outage(fair.way, "503", recovers=True)) if fair is not None else None

    def _try_shapes(self, way: Way) -> _Found | None:
        """Try a way, and again with bodies of other shapes where it cannot read the first."""
        self.shape = _SHAPES[0]
        first = self._try(way)
        if first is None or first.call.requests != 1:
            return None
        if not first.call.error.startswith(_CANNOT_READ):
            return first
        for self.shape in _SHAPES[1:]:
            found = self._try(way)
            if found is not None and found.call.how == "returned":
                return found
        self.shape = _SHAPES[0]
        return first

    def _try(self, way: Way) -> _Found | None:
        found: list[_Found] = []

        def play(stage: Stage) -> None:
            handle = stage.make(way)
            call = stage.call(way, handle, "200")
            if not call.requests:
                self.tried.append(f"{way.told}: {call.tell()}")
                return
            made = stage.clients()
            again = stage.call(way, handle, "200") if made else call
            shared = again.how != call.how or stage.clients() == made
            closing = stage.close(handle if way.kind == "method" else "")
            kept = self._housekeeping(stage, way, closing, shared=shared)
            found.append(_Found(way=way, call=call, shape=self.shape, housekeeping=kept))

        problem = self.on_stage(play)
        if problem:
            self.tried.append(problem)
        return found[0] if found else None

    def _housekeeping(
        self, stage: Stage, way: Way, closing: Closing | None, *, shared: bool
    ) -> Housekeeping | None:
        if closing is None:
            return None
        # A script without a guard is there to be run, not to be imported.
        scripts = {*self.code.examples} - {*self.code.guarded}
        parts = way.kind == "part"
        return Housekeeping(
            closing=closing.way,
            clients_made=closing.made,
            clients_left_open=0 if parts else closing.open,
            shared=shared,
            open_in_public=closing.public,
            sent_at_import=tuple(m for m in stage.sent_at_import if m not in scripts),
            logging_at_import=tuple(
                m
                for m in stage.logging_at_import
                if m in self.code.guarded and m in self.code.examples
            ),
        )

    # --- outages ----------------------------------------------------------------------

    def outage(self, way: Way, plan: str, *, recovers: bool = False) -> Outage:
        """Call until no request leaves; then some more, and on to the recovery."""
        seen: dict[str, object] = {}

        def play(stage: Stage) -> None:
            handle = stage.make(way)
            calls, opened = _until_silent(stage, way, handle, plan)
            seen.update(calls=tuple(calls), opened_after=opened)
            if opened is None or not recovers:
                return
            seen["while_open"] = tuple(stage.call(way, handle, plan) for _ in range(3))
            open_for = _until_admitted(stage, way, handle, seen)
            seen["open_for"] = open_for

        def at_one_moment(stage: Stage) -> None:
            handle = stage.make(way)
            several = stage.calls_together(way, handle, plan, _TOGETHER)
            seen["together"] = (*several, stage.call(way, handle, plan))

        problem = self.on_stage(play)
        slow = any(call.waited for call in cast("tuple[ExampleCall, ...]", seen.get("calls", ())))
        if slow and seen["opened_after"] is None and not problem:
            problem = self.on_stage(at_one_moment)
        return msgspec.convert(
            {**seen, "interrupted": problem, "cut_off_ran": self.cut_off_ran}, Outage
        )

    def elsewhere(self, way: Way) -> tuple[Outage, ExampleCall | None, bool]:
        """Refuse connections until the breaker opens; then call another host."""
        seen: dict[str, object] = {}
        another: list[ExampleCall] = []
        other_object = not way.elsewhere and _elsewhere(way) is not None

        def play(stage: Stage) -> None:
            handle = stage.make(way)
            calls, opened = _until_silent(stage, way, handle, "refused")
            seen.update(calls=tuple(calls), opened_after=opened)
            if opened is None:
                return
            if way.elsewhere:
                another.append(stage.call(way, handle, "200", elsewhere=True))
            elif other_object:
                handle = stage.make(way, _elsewhere(way))
                another.append(stage.call(way, handle, "200"))

        problem = self.on_stage(play)
        outage = {**seen, "interrupted": problem, "cut_off_ran": self.cut_off_ran}
        return (
            msgspec.convert(outage, Outage),
            another[0] if another else None,
            other_object,
        )

    def not_found(self, way: Way, times: int) -> tuple[ExampleCall, ...] | None:
        """Let the upstream answer 404, again and again."""
        calls: list[ExampleCall] = []

        def play(stage: Stage) -> None:
            handle = stage.make(way)
            calls.extend(stage.call(way, handle, "404") for _ in range(times))

        return None if self.on_stage(play) else tuple(calls)

    # --- programs ---------------------------------------------------------------------

    def run(self) -> tuple[Program | None, Housekeeping | None]:
        """Run the example as a program, the upstream being well, and in each kind of outage."""
        kept: list[Housekeeping | None] = []
        way = next((way for way in self.code.ways if way.kind == "program"), None)
        if way is None:
            return None, None
        requests: dict[str, int] = {}
        told = {"error": "", "ended": False}

        def with_plan(plan: str) -> Callable[[Stage], None]:
            def play(stage: Stage) -> None:
                requests[plan], event = stage.program(way, plan)
                if plan == "200" and event is not None:
                    told["ended"] = True
                    told["error"] = str(event.error) if event.error is not None else ""
                    closing = stage.close("")
                    kept.append(self._housekeeping(stage, way, closing, shared=False))

            return play

        for plan in ("200", "503", "refused", "404"):
            problem = self.on_stage(with_plan(plan))
            if plan == "200" and (problem or not requests.get("200")):
                told["error"] = told["error"] or problem
                break
        program = Program(requests=requests, error=str(told["error"]), ended=bool(told["ended"]))
        return program, kept[0] if kept else None


def _breaker(bench: Bench) -> tuple[str, object]:
    """Return the name of what makes a breaker, and the expression that makes one."""
    try:
        binding = bench.binding
    except Blocked as blocked:
        if blocked.because in {"de-code", "de-imports"}:
            raise
        return "", None
    except Interrupted:
        return "", None
    constructor = binding.constructor
    return constructor.call, constructor.expression(passed({"threshold": 3, **binding.settings}))


def _is_silent(call: ExampleCall, first: ExampleCall) -> bool:
    """Whether no request left, or none in the moment in which others leave."""
    return call.requests == 0 or (call.at_once == 0 and first.at_once > 0)


def _until_silent(
    stage: Stage, way: Way, handle: str, plan: str
) -> tuple[list[ExampleCall], int | None]:
    calls: list[ExampleCall] = []
    for count in range(_MOST_CALLS):
        calls.append(stage.call(way, handle, plan))
        if _is_silent(calls[-1], calls[0]):
            return calls, count
    return calls, None


def _until_admitted(stage: Stage, way: Way, handle: str, seen: dict[str, object]) -> float | None:
    waited, step = 0.0, 0.5
    while waited < _LONGEST_OPEN:
        stage.wait(step)
        waited, step = waited + step, step * 1.35
        call = stage.call(way, handle, "200")
        waited += call.waited
        if call.requests:
            more = [stage.call(way, handle, "200") for _ in range(_AFTERWARDS)]
            seen["afterwards"] = (call, *more)
            return round(waited, 3)
    return None


def _elsewhere(way: Way) -> object | None:
    """Return what builds the same object for another host, where it is told its host."""
    owner = way.owner
    if not isinstance(owner, dict) or HOST not in owner.get("args", ()):
        return None
    args = [ELSEWHERE if arg == HOST else arg for arg in owner["args"]]
    return {**owner, "args": args}


@static_scenario
def http_example(bench: Bench) -> Example:
    """The usage example sends requests to an upstream that is well, out of order, or not there."""
    if not bench.modules:
        raise Blocked("de-code", "there is no Python code")
    player = _Player(bench)
    seen = Example(
        clients=player.code.clients,
        used=player.code.used,
        left_out=player.code.left_out,
        cut_off=bool(bench.candidate.cut_off),
    )
    if not seen.clients:
        return seen
    if player.absent:
        return replace(seen, absent=player.absent)
    driven = player.find()
    if driven is None:
        return _as_a_program(player, seen)
    found, errors = driven
    way, player.shape = found.way, found.shape
    refused, elsewhere, another = player.elsewhere(way)
    times = 3 * errors.opened_after if errors.opened_after else _MOST_CALLS
    return replace(
        seen,
        way=way.told,
        first=found.call,
        errors=errors,
        refused=refused,
        silent=player.outage(way, "silent"),
        not_found=player.not_found(way, min(times, _MOST_CALLS)),
        elsewhere=elsewhere,
        another_client=another,
        housekeeping=found.housekeeping,
        cut_off_ran=player.cut_off_ran,
    )


def _as_a_program(player: _Player, seen: Example) -> Example:
    program, housekeeping = player.run()
    return replace(
        seen,
        tried=tuple(player.tried[:4]),
        program=program,
        housekeeping=housekeeping,
        cut_off_ran=player.cut_off_ran,
    )
