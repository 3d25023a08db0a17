import aiohttp

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


class Shop:
    def __init__(self, breaker: CircuitBreaker) -> None:
        self.breaker = breaker

    async def __aenter__(self):
        self.session = aiohttp.ClientSession(raise_for_status=True)
        return self

    async def __aexit__(self, *error):
        await self.session.close()

    async def order(self, order_id: int, url: str = "https://shop.example/orders"):
        async with self.breaker.guard():
            async with self.session.get(f"{url}/{order_id}") as response:
                return await response.text()
