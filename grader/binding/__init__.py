"""Finding out how a candidate's circuit breaker is used, whatever API it has.

`discover` reads the shape (names, signatures, fields) and proposes; `learn`
settles doubts by behaviour. The outcome is a `Binding`: plain data that a
report can show, and that a hand-written `[binding]` can override.
"""
