"""Circuit breakers by name."""
from .breaker import CircuitBreaker
from .errors import BreakerOpenError, ResilienceError
from .registry import BreakerRegistry, get_breaker
from .settings import BreakerSettings, ExponentialBackoff
from .types import BreakerState, BreakerSnapshot

__all__ = ["BreakerOpenError", "BreakerRegistry", "BreakerSettings", "BreakerSnapshot", "BreakerState", "CircuitBreaker",
           "ExponentialBackoff", "ResilienceError", "get_breaker"]
