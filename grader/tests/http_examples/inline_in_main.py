import asyncio

import aiohttp

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError


async def main():
    breaker = CircuitBreaker("inline", CircuitBreakerConfig(failure_threshold=3))
    async with aiohttp.ClientSession() as session:
        for _ in range(12):
            try:
                async with breaker.guard():
                    async with session.get("https://inline.example/") as response:
                        if response.status >= 500:
                            response.raise_for_status()
                        print(await response.text())
            except CircuitOpenError:
                print("open")
            except aiohttp.ClientError as error:
                print(error)
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main())
