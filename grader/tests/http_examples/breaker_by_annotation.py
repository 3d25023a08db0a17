import httpx

from circuit_breaker import CircuitBreaker


class Depot:
    def __init__(self, client, damper: "CircuitBreaker") -> None:
        self._http = client
        self._damper = damper

    async def fetch(self, url: str) -> str:
        async def send():
            response = await self._http.get(url)
            if response.is_server_error:
                response.raise_for_status()
            return response.text

        return await self._damper.call_async(send)
