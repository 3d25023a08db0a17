"""Tells how well the specification tells breakers apart whose verdicts are known: `grader audit`.

`sections/` holds what is looked at, one module each; `conduct` runs their items over processes,
`store` keeps what came of each, and `pages` shows it.
"""
