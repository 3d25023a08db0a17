import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError


class NewsClient:
    def __init__(self, client: httpx.AsyncClient, name: str = "news"):
        self._client = client
        self._breaker = CircuitBreaker(name, CircuitBreakerConfig(failure_threshold=3))

    async def headlines(self, country: str) -> list:
        try:
            async with self._breaker.guard():
                response = await self._client.get("https://news.example", params={"c": country})
                if response.status_code >= 500:
                    raise httpx.HTTPStatusError(
                        "bad", request=response.request, response=response
                    )
        except (CircuitOpenError, httpx.HTTPError):
            return []
        return [response.json()] if response.is_success else []
