from typing import TYPE_CHECKING, Optional

import httpx

if TYPE_CHECKING:
    from circuit_breaker import CircuitBreaker


async def load(safety: "Optional[CircuitBreaker]", web: "httpx.AsyncClient", url: str) -> str:
    async def send() -> str:
        response = await web.get(url)
        if response.status_code >= 500:
            response.raise_for_status()
        return response.text

    return await safety.call_async(send)
