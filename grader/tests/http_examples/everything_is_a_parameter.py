import asyncio

import httpx

from circuit_breaker import CircuitBreaker


async def protected_get(client: httpx.AsyncClient, breaker: CircuitBreaker, url: str):
    async def send():
        response = await client.get(url, timeout=5)
        if response.status_code >= 500:
            response.raise_for_status()
        return response

    return await breaker.call_async(send)


async def main():
    breaker = CircuitBreaker("x")
    async with httpx.AsyncClient() as client:
        print(await protected_get(client, breaker, "https://x.example"))


if __name__ == "__main__":
    asyncio.run(main())
