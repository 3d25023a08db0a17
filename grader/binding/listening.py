"""Which names say that what they take is a listener."""

import re
from typing import Final

_LISTENS: Final = re.compile(
    r"listener|observer|subscriber|callback|hook|subscribe"
    r"|^on_?(state|transition|change|open|trip|status)|state_?change|transition_(handler|fn|func)"
)
_NO_LISTENER: Final = re.compile(
    r"fallback|remove|unsubscribe|unregister|clear|detach|error_callback|retry"
)


def listens(name: str) -> bool:
    """Whether a name says that what it takes is told of changes of state."""
    lowered = name.lower()
    return _LISTENS.search(lowered) is not None and _NO_LISTENER.search(lowered) is None
