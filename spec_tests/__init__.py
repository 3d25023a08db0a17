"""The executable specification of the circuit breaker: see README.md in this folder."""
