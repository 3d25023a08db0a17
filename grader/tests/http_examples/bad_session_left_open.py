import aiohttp

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig

breaker = CircuitBreaker("a", CircuitBreakerConfig(failure_threshold=3))


@breaker
async def fetch(url):
    session = aiohttp.ClientSession()
    response = await session.get(url)
    if response.status >= 500:
        response.raise_for_status()
    return await response.text()
