import requests

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


def main():
    breaker = CircuitBreaker("read", CircuitBreakerConfig(failure_threshold=3))

    def load(path):
        response = requests.get("https://read.example" + path, timeout=5)
        if response.status_code >= 500:
            response.raise_for_status()
        return response

    body = breaker.call(load, "/1").json()
    print(body)


if __name__ == "__main__":
    main()
