"""What the example calls `client` is a proxy of its own, which guards the methods of a real one."""

import asyncio
import functools
import inspect

import httpx

from circuit_breaker import CircuitBreaker


class GuardedProxy:
    def __init__(self, target, breaker: CircuitBreaker):
        self._target = target
        self._breaker = breaker

    def __getattr__(self, name: str):
        attribute = getattr(self._target, name)
        if name == "aclose" or not inspect.iscoroutinefunction(attribute):
            return attribute

        @functools.wraps(attribute)
        async def guarded(*args, **kwargs):
            async def send():
                response = await attribute(*args, **kwargs)
                if response.status_code >= 500:
                    response.raise_for_status()
                return response

            return await self._breaker.call_async(send)

        return guarded


def build_client(base_url: str, breaker: CircuitBreaker) -> GuardedProxy:
    return GuardedProxy(httpx.AsyncClient(base_url=base_url, timeout=5.0), breaker)


async def fetch(client: GuardedProxy, path: str) -> str:
    response = await client.get(path)
    return response.text


async def main() -> None:
    breaker = CircuitBreaker("upstream")
    client = build_client("https://upstream.example", breaker)
    for _ in range(6):
        try:
            print(await fetch(client, "/things/1"))
        except Exception as error:
            print(error)
    await client.aclose()


if __name__ == "__main__":
    asyncio.run(main())
