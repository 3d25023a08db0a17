"""No class: a factory closes over the state, and what it gives decorates and has functions."""

import functools

from machine import Machine, counted


def make_breaker(*, max_failures=5, open_for=15.0, growth=2.0, longest=600.0, probes=1):
    machine = Machine(max_failures, open_for, growth, longest, probes)

    async def arun(fn, /, *args, **kwargs):
        return await machine.run(fn, *args, **kwargs)

    def fuse(fn):
        @functools.wraps(fn)
        async def guarded(*args, **kwargs):
            return await arun(fn, *args, **kwargs)

        guarded.phase, guarded.stats = phase, stats
        return guarded

    def phase():
        return machine.word.upper()

    def stats():
        return counted(machine)

    fuse.arun, fuse.phase, fuse.stats = arun, phase, stats
    return fuse
