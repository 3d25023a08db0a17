import asyncio

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


class BreakerTransport(httpx.AsyncBaseTransport):
    def __init__(self, breaker: CircuitBreaker):
        self._inner = httpx.AsyncHTTPTransport()
        self._breaker = breaker

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with self._breaker.guard():
            response = await self._inner.handle_async_request(request)
            if response.status_code >= 500:
                raise httpx.HTTPStatusError("down", request=request, response=response)
            return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def make_client() -> httpx.AsyncClient:
    breaker = CircuitBreaker("transport", CircuitBreakerConfig(failure_threshold=3))
    return httpx.AsyncClient(transport=BreakerTransport(breaker), timeout=5.0)


async def fetch(client: httpx.AsyncClient, url: str) -> httpx.Response:
    return await client.get(url)


async def main() -> None:
    async with make_client() as client:
        for number, url in enumerate(["https://one.example/", "https://two.example/"] * 3):
            print(number, (await fetch(client, url)).text)


if __name__ == "__main__":
    asyncio.run(main())
