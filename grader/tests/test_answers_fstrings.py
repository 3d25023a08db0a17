"""f-strings of Python 3.12 are read by a Python that cannot, and what no Python reads is not."""

import ast
from pathlib import Path

import pytest

import grader
from grader.answers import fstrings

SOURCES = sorted(Path(grader.__file__).resolve().parent.rglob("*.py"))


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ('f"{a["b"]}"', 'f"{_}"'),
        ("f'{a['b']!r:>{width}} of {c}'", "f'{_} of {_}'"),
        (r"""f"{'\n'.join(lines)}" """, 'f"{_}" '),
        (r'f"\N{BULLET} {{x}} \{a}\t{b}"', r'f"\N{BULLET} {{x}} \{_}\t{_}"'),
        ('f"{a # a comment }\n}"', 'f"{_}"'),
        ('rf"{a}\\" + "{b}"', 'rf"{_}\\" + "{b}"'),
        ('f"{f"{f"{a}"}"}"', 'f"{_}"'),
        ('f"{a!=b} {a=} {a == b:{c}.{d}}"', 'f"{_} {_} {_}"'),
        ('f"""{a["""b"""]}\n"""', 'f"""{_}\n"""'),
        ('f"{ {1: 2}[1] }" "{" b"{" # f"{"', 'f"{_}" "{" b"{" # f"{"'),
        ("return f'{(lambda: {1: 2})()}'", "return f'{_}'"),
    ],
)
def test_what_stands_in_braces_becomes_a_name(newer: str, older: str) -> None:
    assert fstrings.plain(newer) == older


@pytest.mark.parametrize(
    "broken",
    ['f"{a[}"', 'f"{}"', 'f"{a', 'f"{a b}"', 'f"a\n', '"a', 'f"{a)}"', 'f"{a!}"', 'f"{' * 9],
)
def test_what_no_version_reads_stays_as_it_is(broken: str) -> None:
    assert fstrings.plain(f'f"{{a}}"\n{broken}') == f'f"{{_}}"\n{broken}'


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_code_that_parses_still_does_and_is_the_same_beside_its_strings(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    before, after = (_without_values(ast.parse(source)) for source in (text, fstrings.plain(text)))
    assert before == after, "more changed than what stands in braces"


def _without_values(tree: ast.Module) -> str:
    class Emptied(ast.NodeTransformer):
        def visit_JoinedStr(self, _: ast.JoinedStr) -> ast.AST:
            return ast.Constant(value="an f-string")

    return ast.dump(Emptied().visit(tree))
