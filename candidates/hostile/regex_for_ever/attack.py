"""Runs a regular expression that takes years, holding the interpreter's lock."""

import re
re.match(r"(a+)+$", "a" * 64 + "b")
