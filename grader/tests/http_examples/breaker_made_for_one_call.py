import requests

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig


def load(safety, url):
    def send():
        response = requests.get(url, timeout=5)
        if response.status_code >= 500:
            response.raise_for_status()
        return response.text

    return safety.call(send)


def main():
    import json

    settings = CircuitBreakerConfig(failure_threshold=3)
    print(json.loads(load(CircuitBreaker("one", settings), "https://one.example/1")))


if __name__ == "__main__":
    main()
