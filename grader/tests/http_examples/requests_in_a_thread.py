import asyncio

import requests

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig

breaker = CircuitBreaker("thread", CircuitBreakerConfig(failure_threshold=3))


def load(url):
    response = requests.get(url, timeout=5)
    if response.status_code >= 500:
        response.raise_for_status()
    return response.text


async def load_async(url: str) -> str:
    return await breaker.call_async(asyncio.to_thread, load, url)
