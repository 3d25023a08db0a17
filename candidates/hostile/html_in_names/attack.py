"""Has markup and script in its name and in the names of its classes' messages."""

from breaker import CircuitBreaker, CircuitOpenError

async def call(self, function, *args, **kwargs):
    raise CircuitOpenError('<script>document.title="zoo-ran"</script><img src=x onerror=alert(1)>')

CircuitBreaker.call = call
CircuitBreaker.state = property(lambda self: '<script>document.title="zoo-ran"</script><img src=x onerror=alert(1)>')
CircuitBreaker.__name__ = CircuitBreaker.__qualname__ = '<script>document.title="zoo-ran"</script><img src=x onerror=alert(1)>'
