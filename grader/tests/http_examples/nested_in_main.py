import asyncio

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


async def main() -> None:
    breaker = CircuitBreaker("nested", CircuitBreakerConfig(failure_threshold=3))

    @breaker
    async def fetch(path: str) -> str:
        async with httpx.AsyncClient(base_url="https://nested.example") as client:
            response = await client.get(path)
            if response.is_server_error:
                response.raise_for_status()
            return response.text

    for n in range(5):
        print(await fetch(f"/{n}"))


if __name__ == "__main__":
    asyncio.run(main())
