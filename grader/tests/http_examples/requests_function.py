import requests

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig

api_breaker = CircuitBreaker("api", CircuitBreakerConfig(failure_threshold=5, recovery_timeout=60))


class ClientError(Exception):
    pass


def _get(url):
    response = requests.get(url, timeout=3)
    if response.status_code >= 500:
        response.raise_for_status()
    return response


def get_user(user_id: int):
    response = api_breaker.call(_get, f"https://api.example/users/{user_id}")
    return response.json()
