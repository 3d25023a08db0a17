"""A hub that runs calls for many services, each with a circuit of its own."""

from machine import Machine, counted


class ServiceCircuitBreaker:
    def __init__(
        self,
        failure_threshold: int = 5,
        reset_timeout: float = 30.0,
        backoff_factor: float = 2.0,
        max_backoff: float = 300.0,
        max_probes: int = 1,
    ):
        self._settings = (failure_threshold, reset_timeout, backoff_factor, max_backoff, max_probes)
        self._machines = {}
        Machine(*self._settings)

    def _machine(self, service):
        return self._machines.setdefault(service, Machine(*self._settings))

    async def call(self, service: str, fn, /, *args, **kwargs):
        return await self._machine(service).run(fn, *args, **kwargs)

    def get_state(self, service: str) -> str:
        return self._machine(service).word

    def get_metrics(self, service: str) -> dict:
        return counted(self._machine(service))
