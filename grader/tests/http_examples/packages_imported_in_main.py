import asyncio

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


async def fetch(url, safety, web):
    async def send():
        response = await web.get(url)
        if response.status_code >= 500:
            response.raise_for_status()
        return response.text

    return await safety.call_async(send)


async def main():
    import httpx

    guard = CircuitBreaker("lazy", CircuitBreakerConfig(failure_threshold=3))
    async with httpx.AsyncClient() as web:
        for number in range(5):
            print(await fetch(f"https://lazy.example/{number}", guard, web))


if __name__ == "__main__":
    asyncio.run(main())
