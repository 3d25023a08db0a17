"""Looks at the items of all sections, over processes, and keeps what comes of each at once."""

import importlib
import inspect
import json
import multiprocessing
import pkgutil
import resource
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, cast

import msgspec

from grader.audit import sections as package
from grader.audit.model import Audit, Chapter, Item, Section, Setting
from grader.audit.store import Kept, Store, everything_else, key_of
from grader.errors import AuditStoppedError, GraderError, InputError
from grader.grading import python_version, specification_hash
from grader.played import plain

Keys = Mapping[tuple[str, str], str]
"""The key of each item, by its section and its name."""


class Watcher(Protocol):
    """Is told how far an audit has come."""

    def begins(self, section: str, total: int) -> None:
        """Be told of a section before any item is looked at."""

    def finished(self, section: str, *, kept: bool) -> None:
        """Be told of an item that is done; `kept`: in an earlier audit."""


def all_sections() -> list[Section]:
    """Return the sections, in their order: every module in `sections/` is one."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    found = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return sorted((cast("Section", module) for module in found), key=lambda s: s.PLACE)


def conduct(setting: Setting, store: Store, watcher: Watcher, *, jobs: int) -> Audit:
    """Run an audit.

    Raises InputError where a name is chosen that nothing has, AuditStoppedError after an interrupt,
    and GraderError where an item could not be looked at.
    """
    wanted = _wanted(setting)
    ground = key_of(everything_else(), str(setting.tier))
    keys = {
        (section.NAME, item.name): key_of(ground, _job(item), item.content)
        for section, items in wanted
        for item in items
    }
    kept = _Outcomes(store, wanted, keys, watcher)
    _look_at(kept, jobs)
    if not setting.chosen:
        store.keep_only(keys.values())
    chapters = [
        section.conclude(setting, {item.name: kept.value(section, item) for item in items})
        for section, items in wanted
    ]
    return _audit(setting, chapters, kept.cpu())


def _wanted(setting: Setting) -> list[tuple[Section, list[Item]]]:
    wanted: list[tuple[Section, list[Item]]] = []
    known: set[str] = set()
    for section in all_sections():
        every = section.items(setting)
        known |= {section.NAME, *(item.name for item in every)}
        items = [item for item in every if setting.wants(section.NAME, item.name)]
        if items or section.NAME in setting.chosen or not setting.chosen:
            wanted.append((section, items))
    if unknown := sorted(setting.chosen - known):
        names = ", ".join(section.NAME for section in all_sections())
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


def _look_at(outcomes: _Outcomes, jobs: int) -> None:
    if not outcomes.todo:
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["grader.grading"])
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_deaf) as pool:
        futures = {pool.submit(_perform, item): key for key, item in outcomes.todo.items()}
        try:
            for future in _as_they_come(futures):
                outcomes.put(futures[future], future.result())
        except KeyboardInterrupt:
            _stop(pool, futures, outcomes)
        except BrokenProcessPool as error:
            raise GraderError(f"a process of the audit died: {error}") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _as_they_come(futures: Mapping[Future[Kept], str]) -> Iterator[Future[Kept]]:
    pending = set(futures)
    while pending:
        # In a fixed order: what came at the same time is kept in the order of the items.
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        yield from (future for future in futures if future in done)


def _stop(
    pool: ProcessPoolExecutor, futures: Mapping[Future[Kept], str], outcomes: _Outcomes
) -> None:
    """Let what is under way come to its end, keep it, and say so; at once after a second time."""
    try:
        pool.shutdown(wait=True, cancel_futures=True)
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            process.terminate()
    for future, key in futures.items():
        finished = future.done() and not future.cancelled() and future.exception() is None
        if key in outcomes.todo and finished:
            outcomes.put(key, future.result())
    left = len(outcomes.todo)
    raise AuditStoppedError(f"stopped with {left} items to go; the same command goes on from there")


def _deaf() -> None:
    """Leave an interrupt to the process that was started by the user."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _perform(item: Item) -> Kept:
    before = _cpu()
    data = plain(item.job(*item.arguments))
    # Not msgspec's own JSON: see `grader.archive`.
    return Kept(data=json.dumps(data).encode(), cpu=_cpu() - before)


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
