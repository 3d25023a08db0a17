import asyncio

import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError


def counts(error):
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500
    return isinstance(error, httpx.HTTPError)


class ServerTrouble(Exception):
    pass


breaker = CircuitBreaker(
    "weather",
    CircuitBreakerConfig(
        failure_threshold=4, recovery_timeout=8, include_exceptions=(ServerTrouble, httpx.HTTPError)
    ),
)


@breaker
async def fetch_forecast(url: str, timeout: float = 2.0) -> dict:
    async with httpx.AsyncClient(timeout=timeout) as client:
        response = await client.get(url)
        if response.status_code >= 500:
            raise ServerTrouble(response.status_code)
        return {"status": response.status_code, "forecast": response.json()}


async def main() -> None:
    for _ in range(10):
        try:
            print(await fetch_forecast("https://weather.example/today"))
        except CircuitOpenError:
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())
