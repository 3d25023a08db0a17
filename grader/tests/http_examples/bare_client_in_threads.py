import asyncio

import httpx

from circuit_breaker import CircuitBreaker


class Archive:
    def __init__(self, client, breaker: CircuitBreaker) -> None:
        self.client = client
        self.breaker = breaker

    def _load(self, url: str) -> str:
        response = self.client.get(url)
        if response.is_server_error:
            response.raise_for_status()
        return response.text

    async def fetch(self, url: str) -> str:
        return await self.breaker.call_async(asyncio.to_thread, self._load, url)
