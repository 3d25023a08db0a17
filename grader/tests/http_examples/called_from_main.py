import asyncio

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError


async def fetch_page(url):
    async with httpx.AsyncClient() as client:
        response = await client.get(url)
        if response.status_code >= 500:
            raise RuntimeError("server error")
        return response.text


async def main():
    breaker = CircuitBreaker("pages", CircuitBreakerConfig(failure_threshold=3))
    url = "https://pages.example/1"
    for attempt in range(10):
        try:
            page = await breaker.call_async(fetch_page, url)
            print(attempt, page)
        except CircuitOpenError:
            print("open")
        except Exception as error:
            print(error)
        await asyncio.sleep(0.5)


asyncio.run(main())
