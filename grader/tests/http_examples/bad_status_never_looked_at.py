import httpx

from circuit_breaker import CircuitBreaker

breaker = CircuitBreaker("a")


@breaker
async def fetch(url):
    async with httpx.AsyncClient() as client:
        return await client.get(url)
