"""Loading candidate folders and files, and writing them out."""

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answers import assembly, load, load_all, manifest, save
from grader.candidate import Candidate, Unreadable
from grader.errors import InputError

BREAKER = "class CircuitBreaker:\n    def call(self, f):\n        return f()\n"


def write(folder: Path, **files: str) -> Path:
    """Write files into *folder*: `__` in a name is a slash, the last `_` a dot."""
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        path = folder / f"{stem.replace('__', '/')}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def one(path: Path) -> Candidate:
    (found,) = load(path)
    assert isinstance(found, Candidate), found
    return found


def refused(path: Path) -> str:
    """Return the one line that tells why *path* cannot be loaded."""
    with pytest.raises(InputError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_folder_with_nothing_said_takes_its_name_and_its_files(tmp_path: Path) -> None:
    found = one(write(tmp_path / "mine", candidate_toml="", cb_py=BREAKER, pkg__a_py="x = 1\n"))
    assert (found.id, found.name, found.kind, found.provenance) == (
        "mine",
        "mine",
        "answer",
        "answer",
    )
    assert [file.path for file in found.files] == ["cb.py", "pkg/a.py"]
    assert found.main == "cb"


def test_a_folder_prefers_its_answer(tmp_path: Path) -> None:
    found = one(
        write(tmp_path, candidate_toml="", answer_md=f"```python\n{BREAKER}```", b_py="x\n")
    )
    assert [file.path for file in found.files] == ["circuit_breaker.py"]


def test_all_keys(tmp_path: Path) -> None:
    told = """
    id = "some.id-1_x"
    name = "Some name"
    kind = "library"
    provenance = "re-enactment"
    files = ["b.py", "a.py"]
    examples = ["use.py"]
    main = "a"
    requires = ["httpx"]
    [binding]
    class = "Breaker"
    parameters = {failure_threshold = "limit"}
    """
    found = one(
        write(tmp_path, candidate_toml=told, a_py="x = 1\n", b_py=BREAKER, use_py="", c_py="y\n")
    )
    assert (found.id, found.name) == ("some.id-1_x", "Some name")
    assert (found.kind, found.provenance, found.main) == ("library", "re-enactment", "a")
    assert found.requires == ("httpx",)
    assert found.binding == {"class": "Breaker", "parameters": {"failure_threshold": "limit"}}
    assert [(file.path, file.role) for file in found.files] == [
        ("b.py", "implementation"),
        ("a.py", "implementation"),
        ("use.py", "example"),
    ]


@pytest.mark.parametrize("source", ["breaker.py", "reply.md"])
def test_one_source_can_be_named(tmp_path: Path, source: str) -> None:
    write(tmp_path, candidate_toml=f'source = "{source}"', breaker_py=BREAKER, answer_md="No.")
    (tmp_path / "reply.md").write_text(f"```python\n# breaker.py\n{BREAKER}```\n")
    assert [file.path for file in one(tmp_path).files] == ["breaker.py"]


def test_files_that_are_named_like_examples_are_examples(tmp_path: Path) -> None:
    write(tmp_path, candidate_toml="", cb_py=BREAKER, example_py="x\n", tests__test_a_py="x\n")
    write(tmp_path, conftest_py="x\n", setup_py="x\n", main_py="x\n")
    assert {file.path: file.role for file in one(tmp_path).files} == {
        "cb.py": "implementation",
        "example.py": "example",
        "main.py": "example",
        "tests/test_a.py": "example",
    }


def test_a_file_with_a_breaker_is_no_example_whatever_its_name(tmp_path: Path) -> None:
    assert one(write(tmp_path, candidate_toml="", main_py=BREAKER, a_py="x\n")).main == "main"


@pytest.mark.parametrize("beside", [{"answer_md": f"```python\n{BREAKER}```"}, {"cb_py": BREAKER}])
def test_an_adapter_comes_along(tmp_path: Path, beside: dict[str, str]) -> None:
    found = one(write(tmp_path, candidate_toml="", adapter_py="def make(): ...\n", **beside))
    assert [file.role for file in found.files] == ["implementation", "adapter"]
    assert found.main != "adapter"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("colour = 1", "unknown key 'colour'; allowed are id, name, kind"),
        ("id = 1", "Expected `str`, got `int` - at `$.id`"),
        ('id = "../x"', "letters, digits"),
        ('kind = "reply"', "allowed are answer and library"),
        ('name = ""', "name is empty"),
        ("id = ", "not TOML"),
        ("x = " + "[" * 100_000, "not TOML"),
        ('source = "cb.py"\nfiles = ["cb.py"]', "both source and files"),
        ('source = "cb.txt"', "neither .md nor .py"),
        ('source = "gone.md"', "not found"),
        ('files = ["gone.py"]', "not found"),
        ('files = ["cb.py", "cb.py"]', "listed twice"),
        ('files = ["cb.py"]\nmain = "other"', "none of its modules"),
        ('files = ["cb.py"]\nunfinished = ["other.py"]', "'other.py' is none of its files"),
        ('main = "a b"', "no module name"),
        ('source = "a.md"\nexamples = ["cb.py"]', "Python files only"),
        ('files = ["/etc/passwd.py"]', "not relative"),
        ('files = ["../cb.py"]', "`..` part"),
        ('files = ["a/../../cb.py"]', "`..` part"),
        ('source = "../answer.md"', "`..` part"),
        ('files = ["C:/cb.py"]', "drive letter"),
        ('files = ["a\\\\cb.py"]', "backslash"),
        ('files = ["a\\u0000.py"]', "unprintable"),
        ('files = ["conftest.py"]', "pytest would load it"),
        ('files = ["sitecustomize.py"]', "at start-up"),
        ('files = ["pkg/__main__.py"]', "reserved"),
        ('files = ["asyncio.py"]', "standard library"),
        ('files = ["my-breaker.py"]', "cannot be imported"),
        ('files = ["cb.txt"]', "does not end in .py"),
        ('files = ["a/a/a/a/a/a/a/a/a/a/a/a/a/a.py"]', "too deeply"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, told: str, said: str
) -> None:
    message = refused(write(tmp_path, candidate_toml=told, cb_py=BREAKER))
    assert said in message
    assert str(tmp_path) in message


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("x = 1\n")
    folder = write(tmp_path / "mine", candidate_toml="")
    (folder / "cb.py").symlink_to(tmp_path / "secret.py")
    assert "leads out of the folder" in refused(folder)


def test_a_link_in_a_circle_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", candidate_toml='files = ["cb.py"]')
    (folder / "cb.py").symlink_to(folder / "cb.py")
    refused(folder)


def test_a_folder_without_python_is_refused(tmp_path: Path) -> None:
    assert "no Python source" in refused(write(tmp_path, candidate_toml="", a_py="\n"))


def test_an_empty_module_is_a_file_like_others(tmp_path: Path) -> None:
    write(tmp_path, candidate_toml="", p__cb_py=BREAKER)
    (tmp_path / "p" / "__init__.py").touch()
    found = one(tmp_path)
    assert [file.path for file in found.files] == ["p/__init__.py", "p/cb.py"]
    assert found.main == "p.cb"


def test_a_folder_of_candidates_gives_each_and_a_row_for_what_is_broken(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden", "_draft"):
        write(tmp_path / name, candidate_toml="", cb_py=BREAKER)
    write(tmp_path / "broken", candidate_toml="x = 1")
    write(tmp_path / "empty", notes_txt="")
    write(tmp_path / "group" / "c", candidate_toml="", cb_py=BREAKER)
    write(tmp_path, README_md="What lives here.")
    found = load(tmp_path)
    assert [(type(one).__name__, one.id) for one in found] == [
        ("Candidate", "a"),
        ("Candidate", "b"),
        ("Unreadable", "broken"),
        ("Unreadable", "empty"),
    ]
    assert isinstance(found[2], Unreadable)
    assert "unknown key 'x'" in found[2].problem


def test_a_folder_of_groups_says_so(tmp_path: Path) -> None:
    write(tmp_path / "answers" / "a", candidate_toml="", cb_py=BREAKER)
    assert "groups of them: answers" in refused(tmp_path)
    assert "no candidate folder" in refused(write(tmp_path / "nothing", README_md="x"))
    told = refused(write(tmp_path / "sources", breaker_py="x = 1"))
    assert "an empty candidate.toml beside its Python files makes it one" in told


def test_an_id_that_comes_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, candidate_toml='id = "same"', cb_py=BREAKER)
    with pytest.raises(InputError, match=r"'same' is both in .*/a and in .*/b$"):
        load_all([tmp_path / "a", tmp_path / "b"])
    assert "'same' is both in" in refused(tmp_path)
    with pytest.raises(InputError, match="twice in"):
        load_all([tmp_path / "a", tmp_path / "a"])


def test_several_paths_are_loaded_in_order(tmp_path: Path) -> None:
    write(tmp_path, a_py=BREAKER, b_md=f"```python\n{BREAKER}```\n")
    assert [found.id for found in load_all([tmp_path / "b.md", tmp_path / "a.py"])] == ["b", "a"]


def test_a_python_file_is_a_candidate(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "my-breaker.py").write_bytes(
        b"\xef\xbb\xbf" + BREAKER.replace("\n", "\r\n").encode()
    )
    found = one(tmp_path / "my-breaker.py")
    assert (found.id, found.main) == ("my-breaker", "my_breaker")
    assert found.files[0].delivered == BREAKER
    assert not found.modified


def test_an_answer_is_a_candidate_even_without_python(tmp_path: Path) -> None:
    found = one(write(tmp_path, reply_md="No.") / "reply.md")
    assert (found.id, found.files, found.main) == ("reply", (), None)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.md", b"", "is empty"),
        ("a.md", b" \n\t\n", "is empty"),
        ("a.md", b"\xef\xbb\xbf\n", "is empty"),
        ("a.py", b"", "is empty"),
        ("a.py", b"x = '\xff'", "not UTF-8 (byte 5)"),
        ("a.md", b"a\0b", "NUL"),
        ("a.md", b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MiB"),
        ("a.md", b"\n" * 50_001 + b"x", "more than 50,000 lines"),
        ("a.md", b"```\nx\n```\n" * 1_001, "more than 1,000 code blocks"),
        ("conftest.py", b"x = 1", "pytest would load it"),
        ("a.txt", b"x", "neither a folder nor a .md, .py or .json file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(data)
    message = refused(tmp_path / name)
    assert said in message
    assert message.startswith(str(tmp_path / name)), message


def test_a_huge_file_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.md"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)

    def no_reading(*_: Any) -> None:
        pytest.fail("the file was opened")

    monkeypatch.setattr(Path, "open", no_reading)
    assert "larger than 2 MiB" in refused(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "not found" in refused(tmp_path / "gone.md")
    os.mkfifo(tmp_path / "pipe.md")
    assert "not a regular file" in refused(tmp_path / "pipe.md")
    refused(tmp_path / ("a" * 5_000 + ".md"))
    refused(Path("a\0b.md"))


IMPORTED = [
    "No code at all.",
    f"```python\n{BREAKER}```\n\n## Usage\n\n```python\nCircuitBreaker()\n```\n",
    f"`pip install httpx`\n\n```python\n# cb/a.py\n{BREAKER}\n    def re",
    f"```python\n{BREAKER}```\n\n```bash\npip in",
    f"```python\n{BREAKER}```\n\n```python\nCircuitBreaker().call(\n```\n",
    "## Usage\n\n```python\nprint(1)\n```\n\n## Code\n\n```python\n# cb.py\n" + BREAKER,
]


@pytest.mark.parametrize("answer", IMPORTED)
def test_what_is_written_out_loads_to_the_same(tmp_path: Path, answer: str) -> None:
    candidate = assembly.from_markdown(
        answer, id="x", name='A "name"\n', binding={"a": [1, {"b": 2.5, "c d": True}], "e": "\x7f"}
    )
    folder = save(candidate, tmp_path / "deep" / "er")
    assert folder == tmp_path / "deep" / "er" / "x"
    assert one(folder) == candidate
    assert os.listdir(folder.parent) == ["x"]  # noqa: PTH208 - hidden ones too


def test_a_folder_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    candidate = assembly.from_markdown(IMPORTED[1], id="x", name="x")
    folder = save(candidate, tmp_path)
    assert save(candidate, tmp_path) == folder
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="is there already and differs"):
        save(candidate, tmp_path)
    assert (folder / "notes.txt").read_text() == "mine"


def test_nothing_half_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, f"No space left for {len(data)} bytes", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left"):
        save(assembly.from_markdown("No.", id="x", name="x"), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", [{"id": "../x"}, {"path": "../x.py"}, {"path": "conftest.py"}])
def test_nothing_is_written_under_an_unsafe_name(tmp_path: Path, change: dict[str, str]) -> None:
    candidate = assembly.from_markdown(IMPORTED[1], id="x", name="x")
    if "path" in change:
        files = tuple(msgspec.structs.replace(file, **change) for file in candidate.files)
        candidate = msgspec.structs.replace(candidate, files=files)
    else:
        candidate = msgspec.structs.replace(candidate, **change)
    with pytest.raises(InputError):
        save(candidate, tmp_path / "into")
    assert list(tmp_path.iterdir()) == []


_VALUES = st.recursive(
    st.one_of(
        *(st.text(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.datetimes(), st.dates()),
        st.floats(allow_nan=False),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(min_size=1), st.dictionaries(st.text(), _VALUES, max_size=4))
def test_any_manifest_survives_being_written(name: str, binding: dict[str, Any]) -> None:
    told = manifest.Manifest(name=name, binding=binding)
    assert manifest.parse(manifest.write(told), Path("candidate.toml")) == told


@given(st.text())
def test_no_manifest_breaks_it(text: str) -> None:
    with contextlib.suppress(InputError):
        manifest.parse(text, Path("candidate.toml"))
