import asyncio

import httpx

from circuit_breaker import CircuitBreaker

breaker = CircuitBreaker("a")


async def fetch(url):
    await asyncio.sleep(0.1)
    if "bad" in url:
        raise httpx.ConnectError("simulated")
    return {"url": url}


async def main():
    print(await breaker.call_async(fetch, "https://a.example"))


if __name__ == "__main__":
    asyncio.run(main())
