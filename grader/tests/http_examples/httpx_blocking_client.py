import httpx

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


class UpstreamError(Exception):
    pass


class UserService:
    def __init__(self, base_url, breaker=None):
        self._http = httpx.Client(base_url=base_url, timeout=3.0)
        self._breaker = breaker or CircuitBreaker(
            "users", CircuitBreakerConfig(failure_threshold=2, recovery_timeout=30)
        )

    def close(self):
        self._http.close()

    def _load(self, user_id):
        response = self._http.get(f"/users/{user_id}")
        if response.status_code >= 500:
            raise UpstreamError(response.status_code)
        return response

    def get_user(self, user_id):
        response = self._breaker.call(self._load, user_id)
        return response.json() if response.status_code == 200 else None
