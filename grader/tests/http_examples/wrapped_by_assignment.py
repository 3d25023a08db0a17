import aiohttp

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


async def fetch(url):
    async with aiohttp.ClientSession() as session:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=3)) as response:
            if response.status >= 500:
                raise aiohttp.ClientError(f"status {response.status}")
            return await response.json()


guarded_fetch = CircuitBreaker("a", CircuitBreakerConfig(failure_threshold=3))(fetch)
