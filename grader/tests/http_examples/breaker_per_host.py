from urllib.parse import urlsplit

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


class Gateway:
    def __init__(self) -> None:
        self._breakers: dict[str, CircuitBreaker] = {}
        self._client = httpx.AsyncClient(follow_redirects=True)

    async def get(self, url: str) -> httpx.Response:
        host = urlsplit(url).netloc
        breaker = self._breakers.setdefault(
            host, CircuitBreaker(host, CircuitBreakerConfig(failure_threshold=3))
        )
        return await breaker.call_async(self._send, url)

    async def _send(self, url: str) -> httpx.Response:
        response = await self._client.get(url)
        if response.is_server_error:
            response.raise_for_status()
        return response

    async def aclose(self) -> None:
        await self._client.aclose()
