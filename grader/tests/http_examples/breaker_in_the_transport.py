import asyncio

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


class BreakerTransport(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, breaker: CircuitBreaker):
        self._inner = inner
        self._breaker = breaker

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with self._breaker.guard():
            response = await self._inner.handle_async_request(request)
            if response.status_code >= 500:
                raise httpx.HTTPStatusError("down", request=request, response=response)
            return response

    async def aclose(self) -> None:
        await self._inner.aclose()


async def main():
    breaker = CircuitBreaker("transport", CircuitBreakerConfig(failure_threshold=3))
    transport = BreakerTransport(httpx.AsyncHTTPTransport(retries=1), breaker)
    async with httpx.AsyncClient(transport=transport) as client:
        for _ in range(5):
            response = await client.get("https://transport.example/")
            print(response.text)


if __name__ == "__main__":
    asyncio.run(main())
