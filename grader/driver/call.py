"""One call through a breaker: started, parked in its function, told how to end."""

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from grader.binding.model import Surface
from grader.conversation.messages import ErrorSeen, Event, UpCall
from grader.conversation.worker import Order
from grader.history import CallSeen

if TYPE_CHECKING:
    from grader.driver.lab import Lab


class Call:
    """One call under way; `seen` is its history so far."""

    def __init__(self, lab: "Lab", surface: Surface, planned: str | None) -> None:
        self._lab = lab
        self._planned = planned
        self._token = secrets.token_hex(8)
        self.surface = surface
        self.number = self._lab.enlist(self)
        self.seen = CallSeen(number=self.number, asked_at=self._lab.now)

    # --- what the worker tells --------------------------------------------------------

    def entered(self, up: UpCall) -> Order | None:
        """Note that the function runs, and answer how it ends, if that is planned."""
        first = self.seen.entered_at if self.seen.entries else up.at
        self._change(
            entries=self.seen.entries + 1,
            entered_at=first,
            arguments=up.args,
            keywords=up.kwargs,
        )
        return None if self._planned is None else self._order(self._planned)

    def happened(self, event: Event) -> None:
        """Note how the call ended, or that its function was cancelled."""
        if event.event == "cancelled":
            self._change(cancelled_inside=True)
            return
        own_result = event.value == self._token
        self._change(
            how=event.event,
            ended_at=event.at,
            value=None if own_result else event.value,
            own_result=own_result,
            error=event.error and self._without_token(event.error),
        )

    def was_not_made(self, error: ErrorSeen) -> None:
        """Note why the call could not even begin: its function could not be decorated."""
        self._change(error=error)

    # --- what the scenario does -------------------------------------------------------

    def succeed(self) -> "Call":
        """Let the parked function return."""
        return self.end("return")

    def fail(self, error: str | None = None) -> "Call":
        """Let the parked function raise."""
        return self.end(error or self._lab.binding.failure)

    def end(self, planned: str) -> "Call":
        """Let the parked function return, or raise an error of this name."""
        self._planned = planned  # also where the function runs once more
        self._lab.request("order", calls=[self.number], order=self._order(planned))
        return self

    def cancel(self) -> "Call":
        """Cancel the task that makes the call."""
        self._lab.request("cancel", call=self.number)
        return self

    def order(self, planned: str, beside: Iterable["Call"] = ()) -> Order:
        """Return the order that makes the function return or raise, and those `beside` it too."""
        for call in beside:
            call.share(self._token, planned)
        return self._order(planned)

    def share(self, token: str, planned: str) -> None:
        """Be told how to end by the order for another call, which carries that one's token."""
        self._token = token
        self._change(planned=planned)

    def _order(self, planned: str) -> Order:
        self._change(planned=planned)
        if planned == "return":
            return {"return": self._token}
        return {"raise": planned, "token": self._token}

    def _without_token(self, error: ErrorSeen) -> ErrorSeen:
        """Return an error with words in place of what is another in every run."""
        return msgspec.structs.replace(error, message=error.message.replace(self._token, "failed"))

    def _change(self, **fields: Any) -> None:
        self.seen = msgspec.structs.replace(self.seen, **fields)
