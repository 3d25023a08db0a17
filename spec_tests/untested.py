"""The rows of the catalogue that cannot be tested, each with its reason; at most three.

One is listed by a call of `untested` (see `grader.specification`), and there is none today.
"""
