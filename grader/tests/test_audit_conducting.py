"""Items are looked at once, kept, and gone on with after an interrupt."""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader.audit import conducting
from grader.audit.conducting import all_sections, conduct
from grader.audit.model import Audit, Chapter, Item, Outcomes, Setting
from grader.errors import GraderError, InputError, StoppedError
from grader.sandbox import Tier
from grader.store import Kept, Store


def note(name: str, folder: Path) -> str:
    """Leave a line each time that an item is looked at."""
    with (folder / "looked").open("a") as file:
        file.write(f"{name}\n")
    return f"{name} was looked at"


def work(name: str, folder: Path) -> str:
    """Take some time, so that an interrupt comes before the last."""
    began = time.process_time()
    while time.process_time() < began + 0.05:
        pass
    return note(name, folder)


def fail(name: str, _: Path) -> str:
    """Fail as the grader does."""
    raise GraderError(f"{name} cannot be looked at")


class FakeSection:
    """A section of items that only leave a line."""

    PLACE = 1

    def __init__(
        self, name: str, items: dict[str, str], folder: Path, job: Callable[..., Any] = note
    ) -> None:
        self.NAME = name
        self._items = items
        self._folder = folder
        self._job = job

    def items(self, _: Setting) -> Sequence[Item]:
        return [
            Item(
                name=name,
                content=content,
                job=self._job,
                arguments=(name, self._folder),
                result=str,
            )
            for name, content in self._items.items()
        ]

    def conclude(self, _: Setting, outcomes: Outcomes) -> Chapter:
        return Chapter(
            name=self.NAME,
            title=self.NAME,
            looked_at=len(outcomes),
            unit="items",
            found=", ".join(outcomes.values()),
            problems=("bad is bad",) if "bad" in outcomes else (),
        )


class Watching:
    """Counts, and interrupts after so many items."""

    def __init__(self, stop_after: int = 1_000) -> None:
        self.kept = self.done = self.waited_for = 0
        self._left = stop_after

    def begins(self, section: str, total: int) -> None:
        pass

    def finished(self, section: str, *, kept: bool) -> None:  # noqa: ARG002
        self.done += 1
        self.kept += kept
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt

    def stopping(self, under_way: int) -> None:
        self.waited_for = under_way


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


Run = Callable[..., Audit]


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Conduct an audit of fake sections, in one process more."""

    def conducted(
        *sections: FakeSection,
        watching: Watching | None = None,
        fresh: bool = False,
        chosen: frozenset[str] = frozenset(),
    ) -> Audit:
        monkeypatch.setattr(conducting, "all_sections", lambda: list(sections))
        with Store(folder / "kept.sqlite", fresh=fresh) as store:
            setting = Setting(tier=Tier.PROCESS, chosen=chosen)
            return conduct(setting, store, watching or Watching(), jobs=1)

    return conducted


def looked_at(folder: Path) -> list[str]:
    path = folder / "looked"
    return path.read_text().split() if path.exists() else []


def test_each_item_is_looked_at_and_its_section_concludes(folder: Path, run: Run) -> None:
    audit = run(FakeSection("one", {"a": "1", "b": "2"}, folder))
    assert sorted(looked_at(folder)) == ["a", "b"]
    assert audit.chapters[0].found == "a was looked at, b was looked at"
    assert audit.problems == ()
    assert audit.cpu_seconds >= 0


def test_what_was_looked_at_is_kept_for_the_next_time(folder: Path, run: Run) -> None:
    first = run(FakeSection("one", {"a": "1", "b": "2"}, folder))
    again = Watching()
    second = run(FakeSection("one", {"a": "1", "b": "2"}, folder), watching=again)
    assert len(looked_at(folder)) == 2
    assert (again.done, again.kept) == (2, 2)
    assert msgspec.json.encode(second) == msgspec.json.encode(first)


def test_an_item_whose_content_changed_is_looked_at_again(folder: Path, run: Run) -> None:
    run(FakeSection("one", {"a": "1", "b": "2"}, folder))
    run(FakeSection("one", {"a": "1", "b": "3"}, folder))
    assert sorted(looked_at(folder)) == ["a", "b", "b"]


def test_a_fresh_audit_forgets(folder: Path, run: Run) -> None:
    for fresh in (False, True):
        run(FakeSection("one", {"a": "1"}, folder), fresh=fresh)
    assert looked_at(folder) == ["a", "a"]


def test_an_item_that_two_sections_ask_for_is_looked_at_once(folder: Path, run: Run) -> None:
    watching = Watching()
    sections = [FakeSection(name, {"a": "1"}, folder) for name in ("one", "two")]
    audit = run(*sections, watching=watching)
    assert looked_at(folder) == ["a"]
    assert watching.done == 2
    assert [chapter.looked_at for chapter in audit.chapters] == [1, 1]


def test_an_interrupted_audit_goes_on_where_it_was(folder: Path, run: Run) -> None:
    names = {str(number): str(number) for number in range(12)}
    watching = Watching(stop_after=3)
    with pytest.raises(StoppedError, match=r"\d+ items to go; the same command goes on"):
        run(FakeSection("one", names, folder, work), watching=watching)
    assert len(looked_at(folder)) == 3 + watching.waited_for, "it stopped in the middle"
    assert watching.waited_for <= 2, "no more than there are processes, and one"
    audit = run(FakeSection("one", names, folder, work))
    assert sorted(looked_at(folder)) == sorted(names), "each was looked at once"
    assert audit.chapters[0].looked_at == 12


def test_what_came_before_a_failure_of_the_grader_is_kept(folder: Path, run: Run) -> None:
    good = FakeSection("good", {"a": "1"}, folder)
    with pytest.raises(GraderError, match="b cannot be looked at"):
        run(good, FakeSection("failing", {"b": "2"}, folder, fail))
    run(good)
    assert looked_at(folder) == ["a"]


def test_only_what_is_named_is_looked_at(folder: Path, run: Run) -> None:
    one, two = (FakeSection(name, {f"{name}-a": "1", f"{name}-b": "2"}, folder) for name in "xy")
    audit = run(one, two, chosen=frozenset({"x-b"}))
    assert looked_at(folder) == ["x-b"]
    assert audit.partial
    assert [chapter.name for chapter in audit.chapters] == ["x"]
    assert run(one, two, chosen=frozenset({"y"})).chapters[0].looked_at == 2


def test_a_name_that_nothing_has_is_refused(folder: Path, run: Run) -> None:
    with pytest.raises(InputError, match=r"'z' is neither a section \(one\) nor an item"):
        run(FakeSection("one", {"a": "1"}, folder), chosen=frozenset({"z"}))


def test_one_problem_of_a_section_is_a_problem_of_the_audit(folder: Path, run: Run) -> None:
    assert run(FakeSection("one", {"bad": "1"}, folder)).problems == ("one: bad is bad",)


def test_a_whole_audit_forgets_what_it_did_not_ask_for(folder: Path, run: Run) -> None:
    run(FakeSection("one", {"a": "1", "b": "2"}, folder))
    run(FakeSection("one", {"a": "1"}, folder))
    run(FakeSection("one", {"a": "1", "b": "2"}, folder))
    assert sorted(looked_at(folder)) == ["a", "b", "b"]


def test_every_module_of_the_folder_is_a_section() -> None:
    found = all_sections()
    assert [section.NAME for section in found][:5] == [
        "defects",
        "mutants",
        "correct",
        "reach",
        "agreement",
    ]
    assert len({section.PLACE for section in found}) == len(found)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite"
    path.write_text("these are no kept outcomes, " * 50)
    with pytest.raises(InputError, match="cannot be used"), Store(path):
        pass


def test_a_store_that_is_gone_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "kept.sqlite"
    path.parent.mkdir()
    with Store(path) as store:
        shutil.rmtree(path.parent)
        with pytest.raises(GraderError, match="nothing can be kept any more"):
            store.put("key", Kept(data=b"[1]", cpu=2.5))


def test_a_store_gives_back_what_it_was_given(tmp_path: Path) -> None:
    with Store(tmp_path / "kept.sqlite") as store:
        store.put("key", Kept(data=b"[1]", cpu=2.5))
    with Store(tmp_path / "kept.sqlite") as store:
        assert store.get("key") == Kept(data=b"[1]", cpu=2.5)
        assert store.get("other") is None
