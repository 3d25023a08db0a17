"""From source files to a candidate: what they amount to as a whole."""

from collections.abc import Iterable
from typing import Any

from grader.answers import breaker, cutting, installs, labels, layout, markdown, newer, notebook
from grader.candidate import Candidate, SourceFile
from grader.errors import InputError

BLOCKS = 1_000
"""The most fenced blocks an answer may have."""


def from_markdown(text: str, *, where: str = "the answer", **known: Any) -> Candidate:
    """Return the candidate that a Markdown answer describes; *known* are its other fields.

    One without Python is a candidate too: it has no files, and its main module is
    None. Raises `InputError`, which begins with *where*, for more than `BLOCKS` blocks.
    """
    document = markdown.read(text)
    if len(document.blocks) > BLOCKS:
        raise InputError(f"{where} has more than {BLOCKS:,} code blocks")
    files = layout.files(document)
    broken = [
        f"the answer breaks off in a {block.info.split()[0][:20] if block.info else 'code'} block:"
        " the code fence is never closed"
        for block in document.blocks
        if not block.closed and not any(_ends_with(file, block) for file in files)
    ]
    if document.endless_thought:
        broken.append("the answer breaks off before it begins: what the model thought never ends")
    requires = known.pop("requires", ()) or installs.distinct(_packages(document))
    return from_files(files, cut_off=broken, requires=requires, **known)


def from_files(
    files: Iterable[SourceFile], *, cut_off: Iterable[str] = (), **known: Any
) -> Candidate:
    """Return the candidate made of *files*; *cut_off* says what breaks off besides them.

    Raises `InputError` where a newer Python is needed to tell what they are.
    """
    ordered = tuple(files)
    if problem := newer.needed(ordered):
        raise InputError(f"{known['id']}: {problem}")
    known["main"] = known.get("main") or breaker.main_module(ordered)
    return Candidate(
        files=ordered,
        cut_off=(*(sentence for file in ordered for sentence in _breaks_off(file)), *cut_off),
        modified=any(file.text != file.delivered for file in ordered),
        **known,
    )


def source_file(path: str, text: str, *, open_fence: bool = False, **known: Any) -> SourceFile:
    """Return the file at *path*, cut back to what parses."""
    kept = cutting.cut(text, open_fence=open_fence)
    return SourceFile(path=path, delivered=text, text=kept.text, cut=kept.cut, **known)


def _ends_with(file: SourceFile, block: markdown.Block) -> bool:
    """Tell whether *file* breaks off where the open *block* does, which is an answer's last."""
    told = file.cut is not None and file.cut.reason == cutting.OPEN_FENCE
    # A fence that opens with a language and then nothing is the last that came of an answer.
    empty = block.info and not block.text.strip()
    return told or (not empty and file.delivered.endswith(block.text))


def _breaks_off(file: SourceFile) -> list[str]:
    if file.cut is None:
        return []
    open_fence = file.cut.reason == cutting.OPEN_FENCE
    why = "the code fence is never closed" if open_fence else f"the rest {file.cut.reason}"
    return [f"{file.path} breaks off after line {file.cut.kept_lines}: {why}"]


def _packages(document: markdown.Document) -> Iterable[str]:
    for paragraph in document.prose:
        yield from installs.from_prose(paragraph)
    for block in document.blocks:
        about = [block.info, block.lead_in, *(above.text for above in block.headings[-1:])]
        if any("requirements.txt" in words for words in about) and not labels.is_python(block.info):
            yield from installs.from_requirements(block.text)
        elif installs.is_shell(block.info):
            yield from installs.from_commands(block.text)
        elif labels.is_python(block.info):
            yield from installs.from_comments(notebook.plain(block.text))
