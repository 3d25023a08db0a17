"""Scores: a rubric file with the weights, and pure functions from verdicts to 0..10."""

from grader.scoring.rubric import Rubric, load
from grader.scoring.score import Score, score

__all__ = ["Rubric", "Score", "load", "score"]
