"""The HTML page: self-contained, honest about provenance, and deaf to hostile text."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest

from grader.report import render_html
from grader.report.view import RE_ENACTMENT_NOTE
from grader.tests.results_helpers import (
    HOSTILE,
    UNTESTED,
    choosing,
    everyone,
    finding,
    hostile,
    no_breaker,
    not_understood,
    passing,
    reference,
    results,
    unsettled,
    wrong_backoff,
)
from grader.tests.results_helpers import candidate as a_candidate
from grader.verdicts import Verdict

VOID = {"meta", "link", "img", "br", "hr", "input"}
LOADING = {"src", "srcset", "href", "action", "data", "poster", "xlink:href"}


class Page(HTMLParser):
    """What a browser would find: tags with attributes, ids, text, and whether they nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(html)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return "".join(
            piece
            for tag, pieces in self.texts.items()
            if tag not in {"script", "style"}
            for piece in pieces
        )


def page(*candidates: object) -> Page:
    return Page(render_html(results(*candidates)))  # type: ignore[arg-type]


def skeleton(parsed: Page) -> list[tuple[str, tuple[str, ...]]]:
    return [(tag, tuple(sorted(attributes))) for tag, attributes in parsed.tags]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_not_become_markup(text: str) -> None:
    tame, wild = page(hostile("harmless")), page(hostile(text))
    assert len(wild.named("script")) == 1
    assert wild.named("script") == tame.named("script")
    for tag, attributes in wild.tags:
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "style" not in attributes, tag
    assert {tag for tag, _ in wild.tags} <= {tag for tag, _ in tame.tags} | {"code", "span"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_adds_no_attribute(text: str) -> None:
    tame, wild = skeleton(page(hostile("harmless"))), skeleton(page(hostile(text)))
    coloured = {"code", "span"}
    assert [entry for entry in wild if entry[0] not in coloured] == [
        entry for entry in tame if entry[0] not in coloured
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_invisible_reaches_the_page(text: str) -> None:
    html = render_html(results(hostile(text)))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", html)
    html.encode("utf-8")


def test_a_template_expression_in_a_name_is_only_text() -> None:
    assert "{{ 7 * 7 }}" in page(hostile("{{ 7 * 7 }}")).text


def test_the_page_loads_nothing() -> None:
    parsed = Page(render_html(everyone()))
    for tag, attributes in parsed.tags:
        for name in LOADING & attributes.keys():
            assert attributes[name].startswith("#"), (tag, name)
    assert not parsed.named("link")
    assert not parsed.named("img")
    style = "".join(parsed.texts["style"])
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_allows_just_this_style_and_this_script() -> None:
    parsed = Page(render_html(everyone()))
    policy = next(meta["content"] for meta in parsed.named("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        digest = hashlib.sha256("".join(parsed.texts[tag]).encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy


def test_the_script_writes_no_markup() -> None:
    script = "".join(Page(render_html(everyone())).texts["script"])
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script


def test_every_link_inside_the_page_has_a_target_and_no_id_is_used_twice() -> None:
    parsed = Page(render_html(everyone()))
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in parsed.named("a"):
        assert link["href"].removeprefix("#") in ids


def test_ids_that_look_alike_as_anchors_stay_apart() -> None:
    parsed = page(a_candidate("a b", passing()), a_candidate("a/b", passing()))
    articles = [attributes["id"] for attributes in parsed.named("article")]
    assert articles == ["a-b", "a-b-2"]


def test_provenance_stands_wherever_the_name_stands() -> None:
    html = render_html(results(wrong_backoff()))
    names = re.findall(r"Wrong Backoff 4(?:</a>)?(?:</span>)*\s*(?:<span[^>]*>)*\s*<?(.{30})", html)
    assert len(names) >= 3
    badges = re.findall(r'class="badge re"[^>]*>re-enactment', html)
    assert len(badges) == 3, "leaderboard, matrix, section"
    assert RE_ENACTMENT_NOTE in html.replace("&#39;", "'")


def test_an_unsure_binding_is_the_first_thing_a_section_says() -> None:
    article = render_html(results(not_understood())).split("<article", 1)[1]
    assert "The binding is unsure" in article
    assert article.index("The binding is unsure") < article.index("Backoff")


def test_blocked_rows_are_told_once_by_their_prerequisite() -> None:
    assert "5 rows blocked by de-breaker" in page(no_breaker()).text


def test_each_failed_row_has_sentence_evidence_and_how_it_is_known() -> None:
    text = page(wrong_backoff()).text
    assert "The first open period follows from" in text
    assert "first open period 40 s, configured 10 s" in text
    assert "50 % of its cases passed" in text
    assert "observed" in text


def test_what_was_cut_off_is_marked() -> None:
    text = page(wrong_backoff()).text
    assert "Cut off here: not run, not graded" in text
    assert "the first 2 lines were kept; the last 1 went with the cut" in text


def test_the_curve_is_a_picture_with_words() -> None:
    parsed = page(wrong_backoff())
    curve = next(svg for svg in parsed.named("svg") if svg.get("class") == "curve")
    assert "configured 10, 20, 40 s; measured 40, 0 s" in curve["aria-label"]


@pytest.mark.parametrize(
    "measured",
    [
        {},
        {"backoff_curve": {}},
        {"backoff_curve": {"configured": [10], "measured": []}},
        {"backoff_curve": {"configured": [10], "measured": [None]}},
        {"backoff_curve": "nonsense", "half_open_burst": {"callers": "12"}},
        {"backoff_curve": None, "half_open_burst": [12]},
    ],
)
def test_what_was_not_measured_is_said_to_be_not_observable(measured: dict[str, object]) -> None:
    text = page(a_candidate("quiet", passing(), measurements=measured)).text
    assert text.count("Not observable") == 2


@pytest.mark.parametrize("periods", [[0.0, 0.0], [1e9, 1e-9], [7.0], [10.0] * 500, [10.0, None]])
def test_any_periods_can_be_drawn(periods: list[float | None]) -> None:
    shown = a_candidate("odd", passing(), measurements={"backoff_curve": {"measured": periods}})
    assert 'role="img"' in render_html(results(shown))


def test_a_burst_above_the_limit_says_by_how_much() -> None:
    text = page(wrong_backoff()).text
    assert "12 callers at once, limit 1: 12 ran, 0 rejected: 11 more than allowed." in text


def test_a_huge_burst_stays_a_small_picture() -> None:
    burst = {"callers": 10**9, "limit": 1, "running": 10**9, "rejected": 0}
    shown = a_candidate("flood", passing(), measurements={"half_open_burst": burst})
    assert render_html(results(shown)).count("<i class=") < 80


def test_a_huge_source_is_shortened_and_says_so() -> None:
    source = msgspec.structs.replace(
        wrong_backoff().sources[0], text="x = 1\n" * 50_000, kept_lines=50_000
    )
    shown = msgspec.structs.replace(wrong_backoff(), sources=(source,))
    html = render_html(results(shown))
    assert "47000 more lines are not shown" in html
    assert len(html) < 500_000


def test_the_run_says_what_it_was_made_with() -> None:
    text = Page(render_html(everyone())).text
    for fact in ("0123456789abcdef", "bwrap", "3.11", "half-open"):
        assert fact in text


def test_the_same_results_give_the_same_page() -> None:
    assert render_html(everyone()) == render_html(everyone())


def test_a_run_without_candidates_is_a_page_too() -> None:
    assert "0 candidates" in Page(render_html(results())).text


def test_a_finding_for_a_row_that_was_not_asked_leaves_a_gap() -> None:
    some = {"bo-first": finding(Verdict.PASS)}
    assert "not asked" in page(a_candidate("partial", some), reference()).text


def test_results_without_recorded_weights_still_render() -> None:
    text = Page(render_html(msgspec.structs.replace(everyone(), rubric={}))).text
    assert "Wrong Backoff 4" in text


def test_recorded_choices_fold_away_by_themselves_and_count_among_no_others() -> None:
    parsed = page(choosing())
    assert "1 choice recorded, not scored" in parsed.text
    assert "a hung probe is given up after 30 s" in parsed.text
    assert "1 pass" in parsed.text, "the other half-open row alone"
    assert "2 pass" in page(reference()).text
    assert "6 requirements, of which 5 are scored" in parsed.text


def test_a_choice_is_no_tick_in_the_table_of_verdicts() -> None:
    html = render_html(results(choosing()))
    assert '<td class="choice" title="recorded: a hung probe is given up after 30 s">' in html


def test_a_choice_that_could_not_be_seen_is_nothing_that_went_wrong() -> None:
    html = render_html(results(unsettled()))
    assert 'class="rows"' in html
    assert "1 choice recorded, not scored" in html


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_choice_builds_nothing(text: str) -> None:
    wild, tame = (
        [entry for entry in skeleton(page(choosing(said))) if entry[0] != "code"]
        for said in (text, "harmless")
    )
    assert wild == tame, "backticks make code, and nothing else makes anything"


def test_untested_rows_are_listed_with_the_reason() -> None:
    text = Page(render_html(results(reference(), untested=UNTESTED))).text
    assert "It works on trio." in text
    assert "Nobody can freeze its clock." in text


def test_a_run_that_was_judged_again_says_by_what_it_was_played() -> None:
    text = Page(render_html(results(reference(), played_by="feedfeed"))).text
    assert "scenarios played by" in text
    assert "feedfeed" in text
    assert "scenarios played by" not in page(reference()).text
