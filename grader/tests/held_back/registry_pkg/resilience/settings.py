import random
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ExponentialBackoff:
    """Equal jitter: half of the period is certain, the other half is drawn."""

    initial: float = 10.0
    multiplier: float = 2.0
    maximum: float = 600.0
    jitter: bool = True

    def __post_init__(self):
        if not 0 <= self.initial < float("inf"):
            raise ValueError("initial must be a finite number >= 0")
        if not 1 <= self.multiplier < float("inf"):
            raise ValueError("multiplier must be >= 1")
        if not self.initial <= self.maximum < float("inf"):
            raise ValueError("maximum must be >= initial")

    def delay(self, attempt: int) -> float:
        delay = self.initial
        if delay and self.multiplier > 1:
            while attempt and delay < self.maximum:
                delay *= self.multiplier
                attempt -= 1
        delay = min(delay, self.maximum)
        if self.jitter:
            return delay / 2 + random.random() * delay / 2
        return delay


@dataclass(frozen=True)
class BreakerSettings:
    failure_limit: int = 5
    backoff: ExponentialBackoff = field(default_factory=ExponentialBackoff)
    max_concurrent_probes: int = 1
    close_threshold: int = 1

    def __post_init__(self):
        for name in ("failure_limit", "max_concurrent_probes", "close_threshold"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError("%s must be an int >= 1" % name)
