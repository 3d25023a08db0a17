"""Which type of an answer names the three states, in words that are known or were learnt."""

import ast
import itertools
import re
from collections.abc import Iterable, Iterator

from grader.answers import parsing
from grader.binding.shape import ClassShape, Shape
from grader.binding.state import CLOSED, HALF_OPEN, OPEN, state_of
from grader.candidate import Candidate

_STATES = {CLOSED, OPEN, HALF_OPEN}


def states(shape: Shape, candidate: Candidate, learnt: Iterable[str]) -> str:
    """Return what names the three states; empty where nothing does.

    `learnt` are the words of the breaker's own for them, or for two of them.
    """
    own = frozenset(word.lower() for word in learnt if not word.isdecimal())
    for member in shape:
        if isinstance(member, ClassShape):
            known = _are_known(member.enum or member.attributes)
            if known or _hold(member.enum, own):
                return member.name
    classes = [m.name for m in shape if isinstance(m, ClassShape) and m.name.endswith("State")]
    if _are_known(classes):
        return ", ".join(classes)
    return _written(candidate, own)


def _are_known(words: Iterable[object]) -> bool:
    return {state_of(word) for word in words} >= _STATES


def _hold(words: Iterable[object], own: frozenset[str]) -> bool:
    """Whether the words that were learnt are among at least three."""
    said = {str(word).lower() for word in words}
    return bool(own) and own <= said and len(said) >= len(_STATES)


def _written(candidate: Candidate, own: frozenset[str]) -> str:
    """Return what names the states in the code itself, also where it is private."""
    for file in candidate.files:
        tree = parsing.tree(file.text)
        found = _literal(tree, own) or _a_name_each(tree) or _values(tree, own)
        found = found or _a_class_each(tree, own) or _a_label_each(tree)
        found = found or _a_constant_each(tree, own)
        if found:
            return found
    return ""


def _literal(tree: ast.Module, own: frozenset[str]) -> str:
    """Return `Literal` where a type names the states as strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Literal"):
            words = [c.value for c in ast.walk(node) if isinstance(c, ast.Constant)]
            if _are_known(words) or _hold(words, own):
                return "Literal"
    return ""


def _values(tree: ast.Module, own: frozenset[str]) -> str:
    """Return the class whose members have the states as values, whatever they are called."""
    for kind in (n for n in tree.body if isinstance(n, ast.ClassDef)):
        given = (n.value for n in kind.body if isinstance(n, ast.Assign))
        words = [v.value for v in given if isinstance(v, ast.Constant)]
        if _are_known(words) or _hold(words, own):
            return kind.name
    return ""


_NO_PART_OF_IT = re.compile(r"state|status|phase|circuit|breaker|cb|_")


def _a_name_each(tree: ast.Module) -> str:
    """Return the three names where each state is a class, or a constant of the module."""
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    constants = [
        name.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]
    for names in (classes, constants):
        bare = {_NO_PART_OF_IT.sub("", name.lower()): name for name in names}
        if bare.keys() >= {"closed", "open", "halfopen"}:
            return ", ".join(bare[state] for state in ("closed", "open", "halfopen"))
    return ""


def _a_class_each(tree: ast.Module, own: frozenset[str]) -> str:
    """Return the classes of which each is, or gives, one of the words that were learnt."""
    kinds = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    by_base = sorted(kinds, key=lambda kind: [ast.unparse(base) for base in kind.bases])
    for _, group in itertools.groupby(by_base, lambda k: [ast.unparse(b) for b in k.bases]):
        alike = list(group)
        found = {
            word: [kind.name for kind in alike if word in {kind.name.lower(), *_given(kind)}]
            for word in own
        }
        names = {names[0] for names in found.values() if len(names) == 1}
        if own and len(names) == len(own) and len(alike) >= len(_STATES):
            return ", ".join(sorted(names))
    return ""


def _a_label_each(tree: ast.Module) -> str:
    """Return the three classes of which each has another state for the value of an attribute."""
    labelled: dict[str, list[str]] = {}
    for kind in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        words = [word for node in kind.body for _, word in _assigned(node)]
        said = {state for word in words if (state := state_of(word)) in _STATES}
        if len(said) == 1:
            labelled.setdefault(str(*said), []).append(kind.name)
    if labelled.keys() == _STATES and all(len(names) == 1 for names in labelled.values()):
        return ", ".join(sorted(name for (name,) in labelled.values()))
    return ""


def _a_constant_each(tree: ast.Module, own: frozenset[str]) -> str:
    """Return the constants of the module of which each is one of the words that were learnt."""
    constants = {
        word: name for node in tree.body for name, word in _assigned(node) if name.isupper()
    }
    if not _hold(constants, own):
        return ""
    return ", ".join(sorted(constants[word] for word in own))


def _given(kind: ast.ClassDef) -> Iterator[str]:
    for node in ast.walk(kind):
        for _, word in _assigned(node):
            yield word


def _assigned(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield names and the words that are assigned to them, in small letters."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
        places = target.elts if several and isinstance(target, ast.Tuple) else [target]
        values = node.value.elts if isinstance(node.value, ast.Tuple) and several else [node.value]
        for place, value in zip(places, values, strict=False):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield ast.unparse(place), value.value.lower()
