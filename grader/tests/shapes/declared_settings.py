"""Settings that a class declares, attribute by attribute, and metrics as Prometheus reads them."""

from typing import Any, Callable, Optional

from machine import Machine


class Setting:
    def __init__(self, default: Any) -> None:
        self.default = default


class Settings:
    def __init__(self, **values: Any) -> None:
        declared = {n: s for n, s in vars(type(self)).items() if isinstance(s, Setting)}
        for extra in values.keys() - declared.keys():
            raise TypeError(f"unknown setting {extra!r}")
        for name, setting in declared.items():
            setattr(self, name, values.get(name, setting.default))


class Budget(Settings):
    drops = Setting(5)
    lockout = Setting(20.0)
    escalation = Setting(2.0)
    lockout_limit = Setting(600.0)
    seats = Setting(1)


class BudgetBreaker:
    def __init__(self, budget: Optional[Budget] = None) -> None:
        b = budget or Budget()
        self._m = Machine(b.drops, b.lockout, b.escalation, b.lockout_limit, b.seats)

    @property
    def where(self) -> str:
        return self._m.word.upper()

    async def spend(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await self._m.run(fn, *args, **kwargs)

    def exposition(self) -> str:
        c = self._m.counts
        rows = [f'spent_total{{result="{r}"}} {c[r]}' for r in ("ok", "failed", "rejected")]
        return "\n".join(["# TYPE spent_total counter", *rows, f"moves_total {c['changes']}"])
