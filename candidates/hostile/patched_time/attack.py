"""Replaces the clocks by ones that jump an hour at every look."""

import time, itertools
jumps = itertools.count(0, 3600)
for name in ("time", "monotonic", "perf_counter"):
    setattr(time, name, lambda: float(next(jumps)))
