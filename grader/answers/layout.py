"""Laying out the code of a Markdown answer as the files its author meant.

A block with a name becomes that file. A nameless one continues the
implementation file before it, or starts `circuit_breaker.py`, unless it is an
example: then it is a file of its own that goes on using the implementation's
names. Methods alone go into the class they belong to.

When a name comes twice, or a nameless block defines again what the file it
would continue defines, this holds, with "defines" meaning classes and
functions at the top level:

- nothing is defined twice: the later block is appended;
- a *named* block defines everything again: it replaces the earlier one;
- a nameless block has a whole breaker again, and the words before it or the code
  around it tell that it is meant instead: it replaces what it defines again;
- otherwise the first stays, and the later becomes a file of its own with the
  role of an example (`alternative.py`), which may use the names of the first: a
  second version glued over the first would be a program that nobody wrote.

Files named without a folder that import each other with a dot, or one of which
is `__init__.py`, were meant as a package: they get a folder.
"""

from collections.abc import Iterator

import msgspec

from grader.answers import blocks, cutting, examples, methods, names, paths, versions
from grader.answers.blocks import Part
from grader.answers.joining import ended, joined
from grader.answers.markdown import Document
from grader.answers.text import lines
from grader.candidate import SourceFile


class _File(msgspec.Struct, kw_only=True):
    """A file while it is put together."""

    path: str
    parts: list[Part]
    role: str = "implementation"
    continues: str | None = None

    @property
    def defines(self) -> set[str]:
        return {name for part in self.parts for name in part.defines}

    @property
    def is_inside(self) -> bool:
        """Whether it imports relatively, as only a package's module can."""
        return any(one.level for part in self.parts for one in part.imports)

    @property
    def delivered(self) -> str:
        """The parts as one text."""
        return joined([part.text for part in self.parts])


def files(document: Document) -> tuple[SourceFile, ...]:
    """Return the Python files of an answer: the implementation's, then the others.

    Empty where the answer has no Python.
    """
    return tuple(_finished(file) for file in _Layout(blocks.parts(document)).files())


def _finished(file: _File) -> SourceFile:
    kept = cutting.cut(file.delivered, open_fence=not file.parts[-1].closed)
    return SourceFile(
        path=file.path,
        delivered=file.delivered,
        text=kept.text,
        role=file.role,
        continues=file.continues,
        cut=kept.cut,
    )


class _Layout:
    """The files of one answer, in the making."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = parts
        self._shown = examples.examples(parts)
        self._files: dict[str, _File] = {}
        self._current: _File | None = None
        self._early: list[_File] = []

    def files(self) -> list[_File]:
        """Return the finished files, implementation first."""
        for part in self._parts:
            if part.path is not None:
                self._named(part, part.path)
            elif part.number in self._shown:
                self._add_example(part)
            else:
                self._nameless(part)
        self._promote()
        self._into_package()
        main = next((file for file in self._files.values() if file.role == "implementation"), None)
        for early in self._early:
            early.continues = main.path if main else None
        return sorted(self._files.values(), key=lambda file: file.role != "implementation")

    def _named(self, part: Part, path: str) -> None:
        known = self._files.get(path)
        shown = part.number in self._shown and not path.endswith("__init__.py")
        role = "example" if shown else "implementation"
        if known is None:
            self._start(_File(path=path, parts=[part], role=role))
        elif not known.defines & part.defines:
            known.parts.append(part)
        elif known.defines <= part.defines:
            known.parts, known.role = [part], role
        else:
            self._add_alternative(part, known)

    def _nameless(self, part: Part) -> None:
        if self._current is None:
            path = blocks.imported_as(self._parts, self._shown) or "circuit_breaker.py"
            self._start(_File(path=self._free(path), parts=[part]))
        elif (hosted := methods.with_methods(self._current.parts, part)) is not None:
            self._current.parts = hosted
        elif self._current.defines & part.defines:
            if versions.replaces(part, self._current.parts, self._parts[part.number + 1 :]):
                self._current.parts = versions.with_replaced(self._current.parts, part)
            else:
                self._add_alternative(part, self._current)
        elif methods.is_excerpt(self._current.parts, part):
            self._add_alternative(part, self._current)
        elif part.broken and not _goes_on(self._current, part):
            # What is not even code would cut off all that follows it.
            self._add_example(part)
        else:
            host = self._home_of(part, self._current)
            host.parts = [*host.parts, part]

    def _home_of(self, part: Part, current: _File) -> _File:
        """Return the file in which a nameless block knows all it uses, best the *current* one."""
        others = [f for f in self._files.values() if f.role == "implementation" and f != current]
        return next((file for file in (current, *others) if not _misses(file, part)), current)

    def _start(self, file: _File) -> None:
        self._files[file.path] = file
        if file.role == "implementation":
            self._current = file

    def _add_example(self, part: Part) -> None:
        file = self._add("example", part)
        if self._current is None:
            self._early.append(file)
        else:
            file.continues = self._current.path

    def _add_alternative(self, part: Part, known: _File) -> None:
        file = self._add("alternative", part)
        if known.role == "implementation":  # it may leave out what stands there
            file.continues = known.path

    def _add(self, stem: str, part: Part) -> _File:
        path = self._free(f"{stem}.py")
        self._files[path] = _File(path=path, parts=[part], role="example")
        return self._files[path]

    def _free(self, wanted: str) -> str:
        """Return the first of `x.py`, `x_2.py`, … that no other module hides or is hidden by."""
        taken = {*self._files, *(part.path for part in self._parts if part.path is not None)}
        folders = {path.split("/")[0] for path in taken if "/" in path}
        return next(
            path
            for path in _numbered(wanted.removesuffix(".py"))
            if path not in taken
            and path.removesuffix(".py") not in folders
            and ("/" not in path or f"{path.split('/')[0]}.py" not in taken)
        )

    def _promote(self) -> None:
        """Make what the implementation imports part of it, whatever its name sounds like."""
        found = list(self._files.values())
        for _ in found:
            needed = {
                module
                for file in found
                if file.role == "implementation"
                for part in file.parts
                for one in part.imports
                for module in one.targets(file.path)
            }
            for file in found:
                if file.continues is None and paths.module(file.path) in needed:
                    file.role = "implementation"
        if found and all(file.role == "example" for file in found):
            found[0].role, found[0].continues = "implementation", None

    def _into_package(self) -> None:
        flat = [
            file
            for file in self._files.values()
            if "/" not in file.path and (file.role == "implementation" or file.is_inside)
        ]
        if not any(file.is_inside or file.path == "__init__.py" for file in flat):
            return
        wanted = self._package({paths.module(file.path) for file in flat})
        package = next(
            name.removesuffix(".py")
            for name in _numbered(wanted)
            if not any(f"{name.removesuffix('.py')}/{file.path}" in self._files for file in flat)
        )
        moved = {file.path: f"{package}/{file.path}" for file in flat}
        for file in self._files.values():
            file.path = moved.get(file.path, file.path)
            file.continues = moved.get(file.continues or "", file.continues)

    def _package(self, flat: set[str]) -> str:
        """Return the one folder there is, or what the files are imported by."""
        folders = {path.split("/")[0] for path in self._files if "/" in path}
        if len(folders) == 1:
            return folders.pop()
        defines = {name for file in self._files.values() for name in file.defines}
        tops = (
            one.top
            for part in self._parts
            for one in part.imports
            if one.name in defines and one.top not in {"", *flat}
        )
        known = (top for top in tops if paths.refusal(f"{top}.py") is None)
        return next(known, "circuit_breaker")


def _misses(file: _File, part: Part) -> set[str]:
    """Return the names that a block would use below a file and that are defined nowhere there."""
    before = joined([other.kept for other in file.parts])
    return names.undefined(joined([before, part.kept])) - names.undefined(before)


def _goes_on(file: _File, part: Part) -> bool:
    """Tell whether a block that does not parse alone has code that belongs to *file*."""
    if part.defines or not part.indented:
        return bool(part.defines)
    before = len(lines(ended(file.delivered)))
    whole = cutting.cut(ended(file.delivered) + part.text, open_fence=not part.closed)
    return whole.cut is None or whole.cut.kept_lines > before


def _numbered(stem: str) -> Iterator[str]:
    yield f"{stem}.py"
    number = 2
    while True:
        yield f"{stem}_{number}.py"
        number += 1
