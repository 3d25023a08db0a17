from dataclasses import dataclass
from enum import Enum
from typing import Optional


class BreakerState(Enum):
    PASSING = "passing"
    BROKEN = "broken"
    RECOVERING = "recovering"


@dataclass(frozen=True)
class BreakerSnapshot:
    state: BreakerState
    calls: int
    call_succeeded: int
    call_failed: int
    call_rejected: int
    times_opened: int
    consecutive_failures: int
    opened_at: Optional[float]
