"""Luck: where in its range falls whatever is drawn at random; None for real, seeded randomness.

With jitter that no parameter switches off a breaker still has one open period for one setting, as
long as what is drawn falls at the same place of its range every time.
"""

import os
import random
from collections.abc import Callable
from typing import Any

_NOW: dict[str, float | None] = {"luck": None}
# These draw until something fits, which with one and the same number is never.
_LOOPS = ("sample", "gammavariate", "betavariate", "vonmisesvariate")
_CENTRED = ("gauss", "normalvariate")


def set_luck(luck: float | None) -> None:
    """From now on everything that is drawn falls at this share of its range, 0 ≤ luck < 1."""
    _NOW["luck"] = luck


def install() -> None:
    """Replace the generators, and the module's functions that draw from the shared one."""
    old = vars(random)["_inst"]
    replace: Any = setattr
    for name in ("Random", "SystemRandom"):
        replace(random, name, _steady(getattr(random, name)))
    shared: Any = random.Random()
    replace(random, "_inst", shared)
    for name, value in list(vars(random).items()):
        if getattr(value, "__self__", None) is old:
            replace(random, name, getattr(shared, name))


def _steady(kind: Any) -> Any:
    class Steady(kind):  # type: ignore[misc]
        def seed(self, a: Any = None, version: int = 2) -> None:
            # The one in C reads the system's entropy, where `os.urandom` is ours.
            super().seed(os.urandom(32) if a is None else a, version)

        def random(self) -> float:
            luck = _NOW["luck"]
            return float(super().random()) if luck is None else luck

        def _randbelow(self, n: int) -> int:
            luck = _NOW["luck"]
            return int(super()._randbelow(n)) if luck is None else int(luck * n)

    for name in _LOOPS:
        setattr(Steady, name, _with_real_randomness(getattr(kind, name)))
    for name in _CENTRED:
        setattr(Steady, name, _centred(getattr(kind, name)))
    Steady.__name__ = Steady.__qualname__ = kind.__name__
    return Steady


def _with_real_randomness(draw: Callable[..., Any]) -> Callable[..., Any]:
    def drawn(self: Any, *args: Any, **kwargs: Any) -> Any:
        luck, _NOW["luck"] = _NOW["luck"], None
        try:
            return draw(self, *args, **kwargs)
        finally:
            _NOW["luck"] = luck

    return drawn


def _centred(draw: Callable[..., Any]) -> Callable[..., Any]:
    # A normal distribution has no range; its middle stands for every place in it.

    def drawn(self: Any, mu: float = 0.0, sigma: float = 1.0) -> float:
        return mu if _NOW["luck"] is not None else float(draw(self, mu, sigma))

    return drawn
