import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig

breaker = CircuitBreaker(
    "a",
    CircuitBreakerConfig(
        failure_threshold=3,
        include_exceptions=(ConnectionError, TimeoutError, httpx.HTTPStatusError),
    ),
)


@breaker
async def fetch(url):
    async with httpx.AsyncClient() as client:
        response = await client.get(url)
        response.raise_for_status()
        return response.json()
