import asyncio
from typing import Optional

import aiohttp

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError


class ApiClient:
    """Opens its session at the first request."""

    def __init__(self, base_url: str, config: Optional[CircuitBreakerConfig] = None):
        self.base_url = base_url.rstrip("/")
        self.breaker = CircuitBreaker("api", config or CircuitBreakerConfig(failure_threshold=3))
        self._session: Optional[aiohttp.ClientSession] = None

    async def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=4))
        return self._session

    async def get_json(self, endpoint: str, **params):
        return await self.breaker.call_async(self._request, "GET", endpoint, params=params)

    async def _request(self, method, endpoint, **kwargs):
        session = await self._get_session()
        async with session.request(method, f"{self.base_url}{endpoint}", **kwargs) as response:
            if response.status >= 500:
                response.raise_for_status()
            return await response.json()

    async def close(self):
        if self._session is not None:
            await self._session.close()


async def main():
    client = ApiClient("https://api.example")
    try:
        for n in range(8):
            try:
                print(await client.get_json(f"/items/{n}"))
            except (CircuitOpenError, aiohttp.ClientError) as error:
                print(error)
    finally:
        await client.close()


if __name__ == "__main__":
    asyncio.run(main())
