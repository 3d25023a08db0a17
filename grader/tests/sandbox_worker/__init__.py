"""A stand-in for the worker: copied into a sandbox by the tests, imported by none."""
