import asyncio

import httpx

from circuit_breaker import CircuitBreaker

breaker = CircuitBreaker("a")


async def fetch(url):
    async with httpx.AsyncClient() as client:
        return await client.get(url)


async def main():
    print(await breaker.call_async(fetch_page, "https://a.example"))


if __name__ == "__main__":
    asyncio.run(main())
