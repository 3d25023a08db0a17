"""Why a verdict is what it is, told so that it can be checked without this package."""

from grader.explain.code import NoScriptError
from grader.explain.explanation import Explanation, explain
from grader.explain.kit import write_kit

__all__ = ["Explanation", "NoScriptError", "explain", "write_kit"]
