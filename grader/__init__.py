"""Grade circuit breakers by execution: an executable specification instead of an opinion."""

__version__ = "0.1.0"
