"""Reports: one set of results as a terminal table, HTML, JUnit XML and Markdown."""

from grader.report.html import render_html
from grader.report.junit import render_junit
from grader.report.markdown import render_markdown
from grader.report.terminal import RunProgress, leaderboard, print_leaderboard
from grader.report.write import write_all

__all__ = [
    "RunProgress",
    "leaderboard",
    "print_leaderboard",
    "render_html",
    "render_junit",
    "render_markdown",
    "write_all",
]
