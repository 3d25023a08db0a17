import time

import requests

from circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError

breaker = CircuitBreaker("script", CircuitBreakerConfig(failure_threshold=3))

for number in range(8):
    try:
        with breaker.guard():
            answer = requests.get("https://script.example/", timeout=2)
            if answer.status_code >= 500:
                answer.raise_for_status()
            print(answer.text)
    except CircuitOpenError as error:
        print("open", error)
    except requests.RequestException as error:
        print("failed", error)
    time.sleep(1)
