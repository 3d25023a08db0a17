"""What counts as a failure is told to the breaker that `main` makes, through a function."""

import asyncio

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


class ServerError(Exception):
    pass


def make_breaker(name: str) -> CircuitBreaker:
    counted = (ServerError, httpx.TransportError)
    return CircuitBreaker(name, CircuitBreakerConfig(include_exceptions=counted))


async def fetch(client: httpx.AsyncClient, url: str, breaker: CircuitBreaker) -> str:
    async def send() -> str:
        response = await client.get(url)
        if response.status_code >= 500:
            raise ServerError(response.status_code)
        response.raise_for_status()
        return response.text

    return await breaker.call_async(send)


async def main() -> None:
    breaker = make_breaker("example")
    async with httpx.AsyncClient(timeout=2.0) as client:
        for _ in range(10):
            try:
                print(await fetch(client, "https://upstream.example/", breaker))
            except Exception as error:
                print(error)


if __name__ == "__main__":
    asyncio.run(main())
