"""A stand-alone script that tells one story about a candidate's own code.

It needs nothing of this package: a clock that stands still until the story moves it, the
breaker built and called as its author would, and plain asserts.
"""

from textwrap import indent
from typing import Any

from grader.binding.model import Binding, Surface
from grader.certificate import Certificate
from grader.driver.settings import settings_for
from grader.explain.code import Imports, NoScriptError, written

_START = 1_000.0
_WAITS = ("loop.call_later", "loop.call_at", "asyncio.sleep", "threading.Timer", "Event.wait")
_DATETIME = """
class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(now, tz)
    @classmethod
    def utcnow(cls):
        return cls.fromtimestamp(now, datetime.timezone.utc).replace(tzinfo=None)
datetime.datetime = Clock
""".strip()


class Script:
    """Collects the lines of one story, and knows how this candidate's breaker is used."""

    def __init__(self, binding: Binding, clock: Certificate | None) -> None:
        if not binding.surfaces:
            raise NoScriptError("no way of making a call was found")
        if clock is not None and not clock.frozen:
            raise NoScriptError(f"it sees real time: {clock.reason}")
        self.binding = binding
        self.surface: Surface = binding.surfaces[0]
        self._clock = clock
        self._settings: dict[str, Any] = {}
        self._imports = Imports()
        self._lines: list[str] = []

    # --- what a story is told with ------------------------------------------------------

    @property
    def asynchronous(self) -> bool:
        """Whether calls are coroutines."""
        return self.surface.mode == "async"

    def needs_overlap(self) -> None:
        """Say that calls have to be under way at the same time; NoScriptError where they cannot."""
        if not self.asynchronous:
            raise NoScriptError("the story needs calls that overlap, which takes threads here")

    def build(self, **settings: Any) -> None:
        """Choose what the breaker is built with, by concept, such as `threshold` and `base`."""
        self._settings = settings

    def add(self, *lines: str) -> None:
        """Add lines to the story, written as for coroutines: `await call("fail")`."""
        self._lines += lines

    # --- how it is written ----------------------------------------------------------------

    def text(self, title: str, told: str) -> str:
        """Return the source; *title* and *told* say what it shows."""
        moves_time = any("now +=" in line or "period()" in line for line in self._lines)
        if moves_time and self.binding.jittery:
            raise NoScriptError("its open periods are drawn at random, which no setting stops")
        if moves_time and self._clock is not None:
            waits = [read.reads for read in self._clock.reads if read.reads in _WAITS]
            if waits:
                raise NoScriptError(f"it recovers by a timer ({waits[0]}), not by reading a clock")
        build = self._build()
        call = self._call()
        helpers = [_PERIOD] if any("period()" in line for line in self._lines) else []
        body = "\n".join(["global now"] * moves_time + self._lines)
        parts = [
            f'"""{_quoted(title)}\n\n{_quoted(told)}\n"""',
            self._clock_lines(),
            "\n".join([*self._imports.lines(), *self._errors()]),
            f"breaker = {build}\nran = []",
            self._service(),
            call,
            *(self._in_mode(helper) for helper in helpers),
            self._in_mode(f"async def story():\n{indent(body, '    ')}"),
            "asyncio.run(story())" if self.asynchronous else "story()",
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _build(self) -> str:
        settings = settings_for(self.binding, self._settings)
        return written(self.binding.constructor.expression(settings), self._imports)

    def _clock_lines(self) -> str:
        reads = [read.reads for read in self._clock.reads] if self._clock is not None else []
        dated = any(read.startswith("datetime") for read in reads)
        imports = ["asyncio"] * self.asynchronous + ["contextlib"] + ["datetime"] * dated + ["time"]
        lines = [
            f"import {', '.join(imports)}",
            f"now = {_START}",
            "time.time = time.monotonic = time.perf_counter = lambda: now  # before the import",
        ]
        if "loop.time" in reads:
            lines.append("asyncio.BaseEventLoop.time = lambda loop: now")
        return "\n".join([*lines, *([_DATETIME] if dated else [])])

    def _errors(self) -> list[str]:
        self._imports.error(self.binding.failure)
        return [f"class {name}(Exception): pass" for name in sorted(self._imports.own_errors)]

    def _def(self, signature: str) -> str:
        return f"{'async ' * self.asynchronous}def {signature}:"

    def _in_mode(self, source: str) -> str:
        if self.asynchronous:
            return source
        return source.replace("async def ", "def ").replace("await ", "")

    def _service(self) -> str:
        waits = any('"wait' in line for line in self._lines)
        failure = self._imports.error(self.binding.failure)
        lines = ["ran.append(how)"]
        if waits:
            lines += ['if "wait" in how: await gate.wait()']
        lines += [f'if "fail" in how: raise {failure}("down")']
        service = f"{self._def('service(how)')}\n{indent(chr(10).join(lines), '    ')}"
        if self.surface.style == "decorate":
            member = f".{self.surface.name}" if self.surface.name else ""
            made = f"breaker{member}{'()' if self.surface.parentheses else ''}"
            service += f"\nguarded = {made}(service)"
        return f"gate = asyncio.Event()\n\n{service}" if waits else service

    def _call(self) -> str:
        lines = ["before = len(ran)", "with contextlib.suppress(Exception):"]
        lines += [*(f"    {line}" for line in self._one_call()), "return len(ran) > before"]
        told = self._def('call(how="")') + "  # returns whether the function ran"
        return f"{told}\n{indent(chr(10).join(lines), '    ')}"

    def _one_call(self) -> list[str]:
        surface = self.surface
        member = f"breaker.{surface.name}" if surface.name else "breaker"
        wait = "await " * self.asynchronous
        if surface.style == "decorate":
            return [f"{wait}guarded(how)"]
        if surface.style == "context":
            entered = f"{member}()" if surface.parentheses else member
            entered = f"await {entered}" if surface.awaited else entered
            opened = "async with" if self.asynchronous and not surface.plain else "with"
            return [f"{opened} {entered}:", f"    {wait}service(how)"]
        if surface.style == "permit":
            raise NoScriptError("its calls are a permit and a record, which takes a longer script")
        if surface.coroutine:
            return [f"{wait}{member}(service(how))"]
        if surface.closed:
            return [f"{wait}{member}(lambda: service(how))"]
        return [f"{wait}{member}(service, how)"]


_PERIOD = """
async def period():  # returns how long it is until a call is let through; that one fails
    global now
    start = now
    while not await call("fail") and now < start + 5_000: now += 0.125
    return now - start
""".strip()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''")
