import asyncio

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


def make_loader():
    breaker = CircuitBreaker("loader", CircuitBreakerConfig(failure_threshold=3))

    async def load(url: str) -> str:
        async def send() -> str:
            async with httpx.AsyncClient() as client:
                response = await client.get(url)
            if response.is_server_error:
                response.raise_for_status()
            return response.text

        return await breaker.call_async(send)

    return load


if __name__ == "__main__":
    print(asyncio.run(make_loader()("https://loader.example/1")))
