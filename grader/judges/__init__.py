"""The judges judged: what peers wrote about answers, held against what running them showed."""

from grader.judges.compare import Comparison, compare
from grader.judges.matrix import Evaluation, Judgment, load
from grader.judges.published import Figure, figures

__all__ = ["Comparison", "Evaluation", "Figure", "Judgment", "compare", "figures", "load"]
