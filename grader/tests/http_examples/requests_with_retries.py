import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError


class RobustSession:
    def __init__(self) -> None:
        self.session = requests.Session()
        retry = Retry(total=2, backoff_factor=0.5, status_forcelist=[502, 503, 504])
        self.session.mount("https://", HTTPAdapter(max_retries=retry))
        self.breaker = CircuitBreaker("shop", CircuitBreakerConfig(recovery_timeout=20))

    def fetch(self, url, **kwargs):
        with self.breaker.guard():
            return self.session.get(url, timeout=(2, 5), **kwargs)


if __name__ == "__main__":
    http = RobustSession()
    for _ in range(5):
        try:
            print(http.fetch("https://shop.example/").status_code)
        except (CircuitOpenError, requests.RequestException) as error:
            print(error)
