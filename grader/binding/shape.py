"""What the worker says about a candidate's API, as strict types."""

import msgspec

from grader.conversation.messages import Opaque, Scalar


class ParameterShape(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a constructor, function or method."""

    name: str
    kind: str
    annotation: str = ""
    required: bool = True
    default: Scalar = None

    @property
    def variadic(self) -> bool:
        """Whether it is `*args` or `**kwargs`."""
        return self.kind.startswith("var_")


class MethodShape(msgspec.Struct, frozen=True, kw_only=True, rename={"is_async": "async"}):
    """A public method of a class."""

    name: str
    is_async: bool
    context: bool
    async_context: bool
    generator: bool
    parameters: tuple[ParameterShape, ...]
    static: bool = False
    """A class method or static method."""
    returns: str = ""
    """The annotation of what it returns."""

    @property
    def takes_nothing(self) -> bool:
        """Whether it can be called without an argument."""
        return not any(p.required and not p.variadic for p in self.parameters)

    @property
    def takes_function(self) -> bool:
        """Whether its first parameter can be a function, by position."""
        first = self.parameters[0] if self.parameters else None
        return first is not None and first.kind in {
            "positional_only",
            "positional_or_keyword",
            "var_positional",
        }

    @property
    def passes_arguments(self) -> bool:
        """Whether it takes arguments for the function, after the function."""
        return any(p.kind == "var_positional" for p in self.parameters)


class ClassShape(msgspec.Struct, frozen=True, kw_only=True, tag="class", tag_field="kind"):
    """A class that the candidate defines."""

    module: str
    name: str
    error: bool
    bases: tuple[str, ...]
    enum: tuple[str, ...]
    dataclass: bool
    parameters: tuple[ParameterShape, ...]
    methods: tuple[MethodShape, ...]
    attributes: tuple[str, ...]
    made_by: str = ""
    """What builds it instead of itself: a mapping is no class of the candidate."""

    @property
    def path(self) -> str:
        """`module:Name`, as expressions call it."""
        return self.made_by or f"{self.module}:{self.name}"


class FunctionShape(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag="function",
    tag_field="kind",
    rename={"is_async": "async"},
):
    """A function that the candidate defines."""

    module: str
    name: str
    is_async: bool
    generator: bool
    parameters: tuple[ParameterShape, ...]
    returns: str = ""

    @property
    def path(self) -> str:
        """`module:name`, as expressions call it."""
        return f"{self.module}:{self.name}"


Shape = tuple[ClassShape | FunctionShape, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some members of a candidate, and where to go on, if there are more."""

    members: Shape
    next: int | None


class DatumShape(msgspec.Struct, frozen=True, kw_only=True):
    """One data attribute of an object."""

    type: str
    enum: bool
    own: bool
    methods: tuple[str, ...] = ()


class ObjectShape(msgspec.Struct, frozen=True, kw_only=True):
    """The data attributes of a breaker that was built, and what it can be asked."""

    type: str
    data: dict[str, DatumShape]
    methods: tuple[str, ...] = ()
    """Plain methods that take nothing."""


__all__ = ["ClassShape", "FunctionShape", "MethodShape", "ObjectShape", "Opaque", "Page", "Shape"]
