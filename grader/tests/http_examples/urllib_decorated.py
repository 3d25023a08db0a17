import urllib.error
import urllib.request

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig

breaker = CircuitBreaker("files", CircuitBreakerConfig(failure_threshold=3))


@breaker
def download(url):
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read()
