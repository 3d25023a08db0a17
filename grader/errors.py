"""What can go wrong on our side of the fence, as named types.

Nothing here is ever a candidate's fault: what a candidate does wrong is a
verdict (`grader.verdicts`), not an exception that reaches the user.
"""


class GraderError(Exception):
    """Base of every error that is told to the user in one line."""

    exit_status = 3


class SpecificationFailedError(GraderError):
    """A requirement or a scenario raised what is no verdict; the message names it."""


class InputError(GraderError):
    """A path, a file or an option cannot be used; the message names it and says why."""

    exit_status = 2


class IsolationError(GraderError):
    """The sandbox tier that was asked for does not work on this machine."""

    exit_status = 2


class StoppedError(GraderError):
    """The user interrupted a run or an audit; what was done is kept."""

    exit_status = 130
