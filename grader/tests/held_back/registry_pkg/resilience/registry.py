from .breaker import CircuitBreaker


class BreakerRegistry:
    def __init__(self, default_settings=None):
        self._default = default_settings
        self._breakers = {}

    def get_breaker(self, name, settings=None):
        if name not in self._breakers:
            self._breakers[name] = CircuitBreaker(name, settings or self._default)
        return self._breakers[name]

    def names(self):
        return sorted(self._breakers)


_registry = BreakerRegistry()


def get_breaker(name, settings=None):
    return _registry.get_breaker(name, settings)
