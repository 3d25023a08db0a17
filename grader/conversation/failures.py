"""What can end the play of a scenario early; each becomes a verdict, never a crash of ours."""


class Interrupted(Exception):  # noqa: N818  it ends a play, it is not always an error
    """Base: the scenario could not be played to its end."""


class CandidateFailure(Interrupted):
    """The candidate crashed, hung or broke the protocol: verdict `error`."""

    of: str = ""
    """What it died of: `crash`, `hang`, `resource` or `protocol`; empty where that is not known."""


class Hung(CandidateFailure):
    """No reply came before the deadline."""

    of = "hang"


class Died(CandidateFailure):
    """The worker ended, by a crash or a signal of its own."""

    of = "crash"


class Exhausted(Died):
    """It used more than it may: processor time, memory, or time in all its workers together."""

    of = "resource"


class Misspoke(CandidateFailure):
    """Bytes arrived that are no message, or that nobody asked for."""

    of = "protocol"


class Blocked(Interrupted):
    """A prerequisite does not hold, so there was nothing to see: verdict `blocked`."""

    def __init__(self, because: str, explanation: str) -> None:
        super().__init__(explanation)
        self.because = because
        """Id of the requirement that is the prerequisite, or a short phrase."""


class NotOffered(Interrupted):
    """The candidate does not have the feature, and need not: verdict `not offered`."""


class Unknown(Interrupted):
    """The grader could not observe: verdict `unknown`, with the reason."""


class Recorded(Interrupted):
    """Nothing speaks against the candidate, and the text tells what it chose: verdict `pass`."""
