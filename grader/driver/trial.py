"""One proposal under trial: a laboratory, and what is known so far of how it is used."""

from typing import Any

import msgspec

from grader.binding.discover import Proposal
from grader.binding.model import Accessor, Binding
from grader.binding.shape import ObjectShape
from grader.conversation.messages import Reply
from grader.conversation.worker import Worker
from grader.driver.breaker import MOST_FAILURES, Breaker
from grader.driver.lab import Lab, Refused
from grader.driver.settings import after_successes

LONG = 2_000.0
"""Seconds after which an open period is over, whatever it is."""
_SUCCESSES = 5


_ON_A_FUNCTION = "@ @breaker @circuit_breaker @circuit @cb @_breaker @__self__".split()
"""Where a decorated function may have its breaker: `__self__` where it is a bound method."""


class Trial:
    """Breakers of one proposal, built and used as the binding says so far."""

    def __init__(
        self, worker: Worker, proposal: Proposal, seed: int, settings: dict[str, Any]
    ) -> None:
        self.binding = Binding(
            constructor=proposal.constructor,
            surfaces=(),
            reset=proposal.reset,
            force_open=proposal.force_open,
            settings=settings,
        )
        self.lab = Lab(worker, self.binding, seed=seed)

    def adopt(self, **changes: Any) -> Binding:
        """Change the binding, for the breakers to come; return it."""
        self.binding = msgspec.structs.replace(self.binding, **changes)
        self.lab.binding = self.binding
        return self.binding

    def fresh(self, **settings: Any) -> Breaker | None:
        """Return a new breaker; None where its constructor raises."""
        try:
            return self.lab.breaker(**settings)
        except Refused:
            return None

    def used(self) -> Breaker | None:
        """Return a breaker that ran a good call, failed and rejected, as far as it does."""
        breaker = self.fresh(**after_successes(self.binding))
        if breaker is not None:
            breaker.succeed()
            self.fail_until_rejected(breaker)
        return breaker

    def fail_until_rejected(self, breaker: Breaker) -> int | None:
        """Return after how many failures a call was rejected; None where none was."""
        for count in range(MOST_FAILURES):
            call = breaker.fail()
            if call.rejected:
                return count
            if not call.ended or call.how == "returned":
                return None
        return None

    def recovered(self) -> Breaker | None:
        """Return a breaker that tripped and recovered; None where none does."""
        breaker = self.fresh()
        if breaker is None or self.fail_until_rejected(breaker) is None:
            return None
        breaker.wait(LONG)
        closed = all(breaker.succeed().succeeded for _ in range(_SUCCESSES))
        return breaker if closed else None

    def targets(self, breaker: Breaker) -> list[tuple[str, ObjectShape]]:
        """Return the objects on which state and metrics may hang, with their data."""
        found: dict[str, ObjectShape] = {}
        waiting = ["", *(_ON_A_FUNCTION if self._decorates else ())]
        for target in waiting:
            reply = self.lab.request("inspect", breaker=breaker.handle, target=target)
            if target in found or reply.error is not None:
                continue
            shape = found[target] = reply.value_as(ObjectShape)
            if target == "@":  # what hangs on the function, under whatever name
                waiting += [f"@{name}" for name, datum in shape.data.items() if datum.own]
        return list(found.items())

    def ask(self, accessor: Accessor, breaker: Breaker, *, named: bool = False) -> Reply:
        """Read what an accessor leads to; `named`: with what an object there is called."""
        return self.lab.request(
            "read",
            breaker=breaker.handle,
            target=accessor.target,
            path=accessor.path,
            named=named,
        )

    def read(self, accessor: Accessor, breaker: Breaker, *, named: bool = False) -> dict[str, Any]:
        """Return what an accessor leads to as scalars by path; nothing where that raises."""
        reply = self.ask(accessor, breaker, named=named)
        return reply.value if reply.error is None and isinstance(reply.value, dict) else {}

    @property
    def _decorates(self) -> bool:
        return self.binding.surfaces[0].style == "decorate"
