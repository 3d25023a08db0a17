import asyncio

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


async def ready() -> CircuitBreaker:
    return CircuitBreaker("once", CircuitBreakerConfig(failure_threshold=3))


async def load(url):
    async with httpx.AsyncClient() as client:
        response = await client.get(url)
    if response.is_server_error:
        response.raise_for_status()
    return response.text


async def main() -> None:
    breaker = await ready()
    print(await breaker.call_async(load, "https://once.example/1"))


if __name__ == "__main__":
    asyncio.run(main())
