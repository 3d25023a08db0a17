"""Context managers that are told how it went: what leaves the block tells them nothing."""

import ast

import msgspec

from grader.answers import parsing
from grader.binding import vocabulary as v
from grader.binding.model import Binding
from grader.candidate import Candidate

_STYLE = "context"


def unless_told(binding: Binding, candidate: Candidate) -> Binding:
    """Return the binding, as one that makes no call where its calls would have to be told more.

    So it is where no failure ever trips it, and its author writes, say,
    `with breaker.attempt() as outcome: outcome.good = True`.
    """
    names = {s.name for s in binding.surfaces if s.style == _STYLE and s.name}
    of_contexts = binding.surfaces and binding.surfaces[0].style == _STYLE
    if binding.trips_at is not None or not of_contexts or not _tells(names, candidate):
        return binding
    told = "has to be told how it went"
    return msgspec.structs.replace(binding, works=False, sure=False, first_call=told)


def _tells(names: set[str], candidate: Candidate) -> bool:
    """Whether code anywhere tells what one of these context managers gives."""
    blocks = [
        (item.optional_vars.id, block)
        for file in candidate.files
        for block in parsing.nodes(file.text)
        if isinstance(block, ast.With | ast.AsyncWith)
        for item in block.items
        if isinstance(item.optional_vars, ast.Name) and _called(item.context_expr) in names
    ]
    return any(
        isinstance(node, ast.Attribute) and _is(node.value, given) and _is_told(node)
        for given, block in blocks
        for node in ast.walk(block)
    )


def _called(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else ""


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_told(attribute: ast.Attribute) -> bool:
    """Whether an attribute is set, or is a method that says that a call went well, or badly."""
    says = v.match(attribute.attr, v.SUCCESS + v.FAILURE) is not None
    return isinstance(attribute.ctx, ast.Store) or says
