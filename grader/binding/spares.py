"""What a constructor takes and no name explains, for experiments to find out what it sets."""

from collections.abc import Iterator

import msgspec

from grader.binding.model import Argument, Constructor

Place = tuple[int, ...]
"""The way to an argument: its number, then that within what is nested there; `ON` leads to `on`."""
ON = -1


def spares(constructor: Constructor, kinds: frozenset[str]) -> list[tuple[Place, Argument]]:
    """Return the arguments of one of these kinds that set nothing known, and where they are."""
    return [(place, spare) for place, spare in _spares(constructor, ()) if spare.kind in kinds]


def _spares(constructor: Constructor, above: Place) -> Iterator[tuple[Place, Argument]]:
    if constructor.on is not None:
        yield from _spares(constructor.on, (*above, ON))
    for number, argument in enumerate(constructor.arguments):
        if argument.nested is not None:
            yield from _spares(argument.nested, (*above, number))
        elif argument.spare and argument.concept is None:
            yield (*above, number), argument


def place_of(constructor: Constructor, concept: str) -> Place | None:
    """Return where the argument is that sets a concept."""
    for number, argument in enumerate(constructor.arguments):
        if argument.concept == concept:
            return (number,)
        if argument.nested is not None and (below := place_of(argument.nested, concept)):
            return (number, *below)
    on = place_of(constructor.on, concept) if constructor.on is not None else None
    return None if on is None else (ON, *on)


def assigned(constructor: Constructor, place: Place, **changes: object) -> Constructor:
    """Return the constructor with what is known now of the argument at a place."""
    first, *rest = place
    if first == ON and constructor.on is not None:
        on = assigned(constructor.on, tuple(rest), **changes)
        return msgspec.structs.replace(constructor, on=on)
    arguments = list(constructor.arguments)
    found = arguments[first]
    if rest and found.nested is not None:
        changes = {"nested": assigned(found.nested, tuple(rest), **changes)}
    arguments[first] = msgspec.structs.replace(found, **changes)
    return msgspec.structs.replace(constructor, arguments=tuple(arguments))


def without_spares(constructor: Constructor) -> Constructor:
    """Return the constructor without what it takes and nobody has to give."""
    arguments = tuple(
        argument
        if argument.nested is None
        else msgspec.structs.replace(argument, nested=without_spares(argument.nested))
        for argument in constructor.arguments
        if not argument.left_out
    )
    on = without_spares(constructor.on) if constructor.on is not None else None
    return msgspec.structs.replace(constructor, arguments=arguments, on=on)
