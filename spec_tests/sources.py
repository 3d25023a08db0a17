"""Where the rules come from: what the short names of the requirements' sources stand for.

`name#123` is an issue or a pull request of the project of that name; what stands in no list here
says by itself what it is.
"""

from grader.specification import cite

cite("the question", "what was asked for: The Multivac, CODE-012")
cite("the definition", "what a circuit breaker is, to every source that is named here")
cite("all", "every source that is named here")
cite("AZ", "Azure Architecture Center: Circuit Breaker pattern")
cite("FOW", "Martin Fowler: CircuitBreaker")
cite("R4J", "resilience4j, for Java")
cite("POL", "Polly, for .NET")
cite("GOB", "sony/gobreaker, for Go")
cite("FS", "failsafe, for Java")
cite("HYS", "Netflix Hystrix, for Java")
cite("AKKA", "Akka's CircuitBreaker, for Scala and Java")
cite("MON", "monix-catnap's CircuitBreaker, for Scala, which has exponential backoff")
cite("ARR", "Arrow's CircuitBreaker, for Kotlin, which has exponential backoff")
cite("ENV", "Envoy: outlier detection")
cite("AWS", "AWS Architecture Blog: Exponential Backoff and Jitter")
cite("fabfuel", "circuitbreaker by fabfuel, for Python")
cite("pybreaker", "pybreaker, for Python")
cite("aiobreaker", "aiobreaker, for Python")
cite("purgatory", "purgatory, for Python")
cite("interlock", "interlock-cb, for Python")
cite("seen in libraries", "observed by running libraries from PyPI")
cite("seen in the wild", "observed in published code")
cite("the published answers", "observed in the ten answers to the question")
