"""Looks at the items of all sections, over processes, and keeps what comes of each at once."""

import importlib
import inspect
import itertools
import json
import multiprocessing
import pkgutil
import resource
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, cast

import msgspec

from grader import ground, slot
from grader.audit import sections as package
from grader.audit.model import Audit, Chapter, Item, Section, Setting
from grader.errors import GraderError, InputError, StoppedError
from grader.grading import python_version
from grader.played import plain
from grader.pytest_session import specification_hash
from grader.store import Kept, Store, key_of

_ONLY_READS = tuple(
    f"audit/{name}"
    for name in (
        *("sections/", "conducting.py", "explained.py", "model.py"),
        *("pages.py", "progress.py", "truth.py"),
    )
)
"""What of the audit changes no outcome of an item; sections only read it."""

Keys = Mapping[tuple[str, str], str]
"""The key of each item, by its section and its name."""


class Watcher(Protocol):
    """Is told how far an audit has come."""

    def begins(self, section: str, total: int) -> None:
        """Be told of a section before any item is looked at."""

    def finished(self, section: str, *, kept: bool) -> None:
        """Be told of an item that is done; `kept`: in an earlier audit."""

    def stopping(self, under_way: int) -> None:
        """Be told that an interrupt waits for so many items."""


def all_sections() -> list[Section]:
    """Return the sections, in their order: every module in `sections/` is one."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    found = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return sorted((cast("Section", module) for module in found), key=lambda s: s.PLACE)


def conduct(setting: Setting, store: Store, watcher: Watcher, *, jobs: int) -> Audit:
    """Run an audit.

    Raises InputError where a name is chosen that nothing has, StoppedError after an interrupt,
    and GraderError where an item could not be looked at.
    """
    slot.begin_loading()  # while the items are collected
    wanted = _wanted(setting)
    code = ground.code(*_ONLY_READS)
    basis = key_of(code, ground.surroundings(), str(setting.tier))
    keys = {
        (section.NAME, item.name): key_of(basis, _job(item), item.content)
        for section, items in wanted
        for item in items
    }
    kept = _Outcomes(store, wanted, keys, watcher)
    _look_at(kept, watcher, jobs)
    if not setting.chosen:
        store.keep_only(keys.values())  # the others are of another specification or grader
    chapters = [
        section.conclude(setting, {item.name: kept.value(section, item) for item in items})
        for section, items in wanted
    ]
    return _audit(setting, chapters, kept.cpu())


def _wanted(setting: Setting) -> list[tuple[Section, list[Item]]]:
    wanted: list[tuple[Section, list[Item]]] = []
    sections = all_sections()
    known = {section.NAME for section in sections}
    only_sections = setting.chosen <= known
    for section in sections:
        if setting.chosen and only_sections and section.NAME not in setting.chosen:
            continue  # what its items are may take a while to find out
        every = section.items(setting)
        known |= {item.name for item in every}
        items = [item for item in every if setting.wants(section.NAME, item.name)]
        if items or section.NAME in setting.chosen or not setting.chosen:
            wanted.append((section, items))
    if unknown := sorted(setting.chosen - known):
        names = ", ".join(section.NAME for section in sections)
        raise InputError(f"{unknown[0]!r} is neither a section ({names}) nor an item of one")
    return wanted


def _job(item: Item) -> str:
    """Return what tells jobs apart: name and source."""
    source = inspect.getsource(inspect.getmodule(item.job) or item.job)
    return f"{item.job.__module__}.{item.job.__qualname__}\n{source}"


def _audit(setting: Setting, chapters: Sequence[Chapter], cpu: float) -> Audit:
    return Audit(
        specification=specification_hash(),
        isolation=str(setting.tier),
        python=python_version(),
        partial=bool(setting.chosen),
        chapters=tuple(chapters),
        cpu_seconds=round(cpu, 1),
    )


class _Outcomes:
    """What is known of the items, and what is still to do."""

    def __init__(
        self,
        store: Store,
        wanted: Sequence[tuple[Section, Sequence[Item]]],
        keys: Keys,
        watcher: Watcher,
    ) -> None:
        self._store, self._keys, self._watcher = store, keys, watcher
        self._known: dict[str, Kept] = {}
        self._asked: dict[str, list[str]] = {}
        """Names of the sections that ask for each key."""
        self.todo: dict[str, Item] = {}
        """Items to look at, by key, each once."""
        for section, items in wanted:
            watcher.begins(section.NAME, len(items))
            for item in items:
                key = keys[section.NAME, item.name]
                self._asked.setdefault(key, []).append(section.NAME)
                self.todo.setdefault(key, item)
        for key in list(self.todo):
            kept = store.get(key)
            if kept is not None:
                self._note(key, kept, kept_before=True)

    def put(self, key: str, kept: Kept) -> None:
        """Keep what came of an item."""
        self._store.put(key, kept)
        self._note(key, kept, kept_before=False)

    def _note(self, key: str, kept: Kept, *, kept_before: bool) -> None:
        self._known[key] = kept
        del self.todo[key]
        for section in self._asked[key]:
            self._watcher.finished(section, kept=kept_before)

    def value(self, section: Section, item: Item) -> Any:
        """Return what came of an item."""
        data = json.loads(self._known[self._keys[section.NAME, item.name]].data)
        return msgspec.convert(data, item.result)

    def cpu(self) -> float:
        """Return the processor time of all items, in seconds."""
        return sum(kept.cpu for kept in self._known.values())


def _look_at(outcomes: _Outcomes, watcher: Watcher, jobs: int) -> None:
    if not outcomes.todo:
        return
    under_way: dict[Future[Kept], str] = {}
    with slot.processes(jobs) as pool:
        try:
            _work_off(pool, outcomes, under_way, jobs)
        except KeyboardInterrupt:
            watcher.stopping(len(under_way))
            _finish(under_way, outcomes)
            left = len(outcomes.todo)
            raise StoppedError(
                f"stopped with {left} items to go; the same command goes on from there"
            ) from None
        except BrokenProcessPool as error:
            raise GraderError(f"a process of the audit died: {error}") from error


def _work_off(
    pool: ProcessPoolExecutor, outcomes: _Outcomes, under_way: dict[Future[Kept], str], jobs: int
) -> None:
    """Look at all items, few at a time, as an interrupt waits for those that are under way.

    They are one for each process, and one more, so that none waits for what is done with an outcome
    here. Raises what a job raises.
    """
    waiting = iter(list(outcomes.todo.items()))
    while True:
        for key, item in itertools.islice(waiting, jobs + 1 - len(under_way)):
            under_way[pool.submit(_perform, item)] = key
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            outcomes.put(under_way.pop(future), future.result())


def _finish(under_way: Mapping[Future[Kept], str], outcomes: _Outcomes) -> None:
    """Wait for what is under way and keep it; end it where the user interrupts once more."""
    try:
        wait(under_way)
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            process.terminate()
        return
    for future, key in under_way.items():
        if future.exception() is None:
            outcomes.put(key, future.result())


def _perform(item: Item) -> Kept:
    before = _cpu()
    data = plain(item.job(*item.arguments))
    # Not msgspec's own JSON: see `grader.archive`.
    return Kept(data=json.dumps(data).encode(), cpu=_cpu() - before)


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
