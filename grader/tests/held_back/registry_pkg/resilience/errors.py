class ResilienceError(Exception):
    pass


class BreakerOpenError(ResilienceError):
    def __init__(self, breaker, retry_after):
        super().__init__("%s is open" % breaker)
        self.breaker = breaker
        self.retry_after = retry_after
