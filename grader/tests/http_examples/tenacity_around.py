import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig

breaker = CircuitBreaker("quotes", CircuitBreakerConfig(failure_threshold=3, recovery_timeout=60))


@retry(
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.5),
    retry=retry_if_exception_type(httpx.HTTPError),
    reraise=True,
)
async def get_quote(client: httpx.AsyncClient, symbol: str):
    async with breaker.guard():
        response = await client.get(f"https://quotes.example/{symbol}")
        if response.is_server_error:
            response.raise_for_status()
        return response.text
