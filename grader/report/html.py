"""One self-contained HTML page: it opens from disk and asks nothing of a network.

Everything that a candidate had a hand in reaches the page through Jinja's
autoescape, after `text.visible`; the content security policy allows this one
style sheet and this one script, by their hashes, and nothing else at all. So
there are no style attributes: bars are SVG, whose geometry is plain attributes.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.comparing import Comparison
from grader.report import curve, source, timeline, view
from grader.report.measured import Burst, burst_of, curve_of
from grader.report.models import models_section
from grader.report.tables import Section
from grader.report.text import one_line, visible
from grader.results import Area, CandidateResult, Finding, Results
from grader.verdicts import Level, Verdict

_MOST_DOTS = 60
_MOST_CHARTS = 2
_MOST_OPEN = 60
"""Candidates that a browser can lay out at once; of more, each is unpacked when it is looked at."""
_EVIDENCE = 1200
_CODE = re.compile(r"`([^`]+)`")


class AreaView(msgspec.Struct, frozen=True, kw_only=True):
    """One area of one candidate: what needs telling stands open, the rest folds away.

    Rows that only record a choice fold away by themselves, and count among no others.
    """

    name: str
    area: Area | None
    open_rows: dict[str, Finding]
    folded: dict[str, Finding]
    choices: dict[str, Finding]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario in pictures, and the failed rows that look at it."""

    scenario: str
    rows: tuple[str, ...]
    charts: tuple[timeline.Chart, ...]


class CandidateView(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate's section of the page."""

    rank: int | None
    result: CandidateResult
    anchor: str
    areas: tuple[AreaView, ...]
    blocked: tuple[view.BlockedGroup, ...]
    curve: curve.Picture | None
    burst: Burst | None
    dots: tuple[str, ...]
    sources: tuple[source.SourceView, ...]
    stories: tuple[Story, ...]

    @property
    def story_of(self) -> dict[str, str]:
        """Return the scenario whose timeline shows a failed row, by the row."""
        return {row: story.scenario for story in reversed(self.stories) for row in story.rows}


def render_html(
    results: Results, sections: Sequence[Section] = (), comparison: Comparison | None = None
) -> str:
    """Return the page; `sections` stand between the requirements and the candidates."""
    style, script = _inlined("style.css"), _inlined("page.js")
    models = models_section(results)
    environment = _environment()
    page = environment.get_template("page.html.j2").render(
        results=results,
        candidates=_candidates(results),
        areas=view.by_area(results),
        sections=(*([models] if models else []), *sections),
        comparison=comparison,
        packed=len(results.candidates) > _MOST_OPEN,
        pack=_packed,
        scored=sum(r.level is not Level.INFORMATIVE for r in results.requirements.values()),
        style=style,
        script=script,
        policy=_policy(style, script),
    )
    return page + "\n"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("grader.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_fit,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        glyphs=view.GLYPHS,
        meanings=view.MEANINGS,
        note=view.RE_ENACTMENT_NOTE,
        re_enactment=view.RE_ENACTMENT,
        view=view,
    )
    environment.filters.update(
        evidence=lambda text: one_line(text, _EVIDENCE),
        short=lambda text: one_line(text, 160),
        capitalize_first=lambda text: text[:1].upper() + text[1:],
        in_code=_in_code,
        combined=lambda one, other: {**one, **other},
        width=lambda share: f"{100 * min(max(share, 0.0), 1.0):.4g}",
    )
    environment.tests["table"] = lambda value: isinstance(value, Mapping)
    return environment


def _fit(value: Any) -> Any:
    """Write out what acts instead of showing, in every expression of every template."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def _in_code(sentence: str) -> Markup:
    """Set what stands in backticks as code, everything escaped."""
    parts = _CODE.split(visible(sentence))
    return Markup().join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    )


def _inlined(name: str) -> Markup:
    text = files("grader.report").joinpath("templates", name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - our own file


def _packed(section: Markup) -> str:
    """Return a section of the page, already escaped, as text that the page's script unpacks."""
    return base64.b64encode(gzip.compress(section.encode(), mtime=0)).decode()


def _policy(style: str, script: str) -> str:
    """Return the content security policy: two hashes, and nothing from anywhere."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _candidates(results: Results) -> tuple[CandidateView, ...]:
    names = view.anchors(results.candidates)
    return tuple(
        _candidate(standing, results, names[standing.candidate.id])
        for standing in view.standings(results)
    )


def _candidate(standing: view.Standing, results: Results, anchor: str) -> CandidateView:
    result = standing.candidate
    periods, burst = curve_of(result), burst_of(result)
    return CandidateView(
        rank=standing.rank,
        result=result,
        anchor=anchor,
        areas=_areas(result, results),
        blocked=view.blocked(result),
        curve=curve.lay_out(periods) if periods else None,
        burst=burst,
        dots=_dots(burst) if burst else (),
        sources=source.views(result.sources),
        stories=_stories(result, results),
    )


def _areas(result: CandidateResult, results: Results) -> tuple[AreaView, ...]:
    """Return the areas with their rows; one of which nothing was asked is left out."""
    views = []
    for name, identifiers in view.by_area(results).items():
        found = {
            identifier: result.requirements[identifier]
            for identifier in identifiers
            if identifier in result.requirements
        }
        wrong = {key: finding for key, finding in found.items() if view.is_wrong(finding)}
        choices = {key: finding for key, finding in found.items() if view.is_informative(finding)}
        rest = {k: finding for k, finding in found.items() if k not in wrong and k not in choices}
        if found:
            views.append(
                AreaView(
                    name=name,
                    area=result.areas.get(name),
                    open_rows=wrong,
                    folded=rest,
                    choices=choices,
                )
            )
    return tuple(views)


def _stories(result: CandidateResult, results: Results) -> tuple[Story, ...]:
    failed = view.of_verdict(result, Verdict.FAIL)
    stories = []
    for scenario, timelines in result.timelines.items():
        rows = tuple(row for row in failed if scenario in results.requirements[row].scenarios)
        charts = [timeline.chart(each) for each in timelines if each.calls]
        # Where a surprise is, is where to look first.
        charts.sort(key=lambda chart: -chart.surprises)
        if rows and charts:
            stories.append(
                Story(
                    scenario=scenario,
                    rows=rows,
                    charts=(charts[0], *(c for c in charts[1:_MOST_CHARTS] if c.surprises)),
                )
            )
    return tuple(stories)


def _dots(burst: Burst) -> tuple[str, ...]:
    """Return one class name per caller: it ran, ran above the limit, was rejected or waits."""
    allowed = burst.running - burst.over
    kinds = (
        ("ran", allowed),
        ("over", burst.over),
        ("rejected", burst.rejected),
        ("pending", burst.pending),
    )
    dots: list[str] = []
    for kind, count in kinds:
        dots += [kind] * min(count, _MOST_DOTS - len(dots))
    return tuple(dots)
