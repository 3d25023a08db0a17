import http.client
import json

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig

breaker = CircuitBreaker("legacy", CircuitBreakerConfig(failure_threshold=2, recovery_timeout=15))


def ask(path):
    connection = http.client.HTTPSConnection("legacy.example", timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status >= 500:
            raise ConnectionError(f"legacy system answered {answer.status}")
        return json.loads(answer.read())
    finally:
        connection.close()


def ask_safely(path):
    return breaker.call(ask, path)
