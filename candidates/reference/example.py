"""An HTTP client behind a circuit breaker: one client, and one breaker, per upstream."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError

UPSTREAM_FAILURES = CircuitBreakerConfig(
    failure_threshold=3,
    recovery_timeout=5.0,
    backoff_multiplier=2.0,
    max_recovery_timeout=60.0,
    include_exceptions=(httpx.TransportError, httpx.HTTPStatusError),
)


class ResilientClient:
    """Sends requests to one upstream, and stops sending them while it is down.

    A 5xx answer, a failed connection and a timeout count as failures. A 4xx answer does not: the
    upstream works, the request was wrong. It is returned like any other.
    """

    def __init__(
        self,
        base_url: str = "",
        *,
        config: CircuitBreakerConfig = UPSTREAM_FAILURES,
        timeout: float = 5.0,
    ) -> None:
        self.breaker = CircuitBreaker(base_url or "http", config)
        self._client = httpx.AsyncClient(base_url=base_url, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def get(self, url: str, **kwargs: Any) -> httpx.Response:
        """GET a URL. Raises CircuitOpenError, without a request, while the upstream is down."""
        return await self.request("GET", url, **kwargs)

    async def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        """Send a request. Raises CircuitOpenError, without one, while the upstream is down."""
        async with self.breaker.guard():
            response = await self._client.request(method, url, **kwargs)
            if response.is_server_error:
                response.raise_for_status()
            return response


async def main() -> None:
    """Ask a server that is often out of order, and show what the breaker made of it."""
    async with ResilientClient("https://httpbin.org") as client:
        for _ in range(10):
            try:
                response = await client.get("/status/200,503")
            except CircuitOpenError as rejection:
                print(f"not sent: {rejection}")
                await asyncio.sleep(rejection.retry_after)
            except httpx.HTTPError as error:
                print(f"failed: {error!r}")
            else:
                print(f"answered: {response.status_code}")
        print(client.breaker.metrics)


if __name__ == "__main__":
    asyncio.run(main())
