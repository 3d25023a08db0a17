"""The page in a real browser: headless Chromium, opened from disk, with no network."""

import json
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from grader.comparing import compare
from grader.disputes import read_disputes, with_disputes
from grader.report import render_html
from grader.results import Results
from grader.tests.results_helpers import candidate, everyone, failing_with_timeline, results
from grader.verdicts import Verdict

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium is not None, "apt-get install chromium: the page is tested in a browser"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(accept_downloads=True) as made:
        made.set_default_timeout(20_000)
        yield made


class Opened:
    """A page that was opened from disk, what it asked for, and what went wrong in it."""

    def __init__(self, context: BrowserContext, path: Path, html: str) -> None:
        path.write_text(html, encoding="utf-8")
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.goto(path.as_uri())

    def names(self) -> list[str]:
        return self.page.locator(".board tbody tr:visible th a").all_inner_texts()


def run() -> Results:
    return results(*everyone().candidates, failing_with_timeline())


@pytest.fixture
def opened(context: BrowserContext, tmp_path: Path) -> Opened:
    return Opened(context, tmp_path / "report.html", render_html(run()))


def test_it_asks_for_nothing_but_itself_and_nothing_goes_wrong(opened: Opened) -> None:
    assert len(opened.asked) == 1, opened.asked
    assert opened.wrong == []


def test_the_leaderboard_sorts_by_keyboard(opened: Opened) -> None:
    best_first = opened.names()
    button = opened.page.locator(".board thead button", has_text="score")
    button.press("Enter")
    assert opened.page.locator("th[aria-sort]").inner_text().startswith("score")
    button.press("Enter")
    scores = [
        float(value)
        for value in opened.page.locator(".board td.score").evaluate_all(
            "cells => cells.map(cell => cell.dataset.value)"
        )
    ]
    assert scores == sorted(scores), scores
    assert sorted(opened.names()) == sorted(best_first)


def test_filters_hide_candidates_with_their_sections_and_requirements(opened: Opened) -> None:
    opened.page.get_by_label("Name").fill("LATE")
    assert opened.names() == ["Lets all in late"]
    assert opened.page.locator("article:visible").count() == 1
    opened.page.get_by_label("Requirement", exact=True).fill("ho-limit")
    shown = opened.page.locator(".matrix tbody tr:not(.area):visible th code").all_inner_texts()
    assert shown == ["ho-limit"]


def test_a_failed_row_links_to_its_timeline_with_what_was_expected(opened: Opened) -> None:
    opened.page.locator("article[data-candidate=late] a", has_text="timeline").first.click()
    story = opened.page.locator("#late--t-bursts")
    assert story.get_attribute("open") is not None
    assert story.locator(".call.surprise").count() == 1
    told = story.locator(".call.surprise title").text_content() or ""
    assert told.endswith("let in, returned; expected: to be rejected"), told
    bands = story.locator(".band.expected").evaluate_all(
        "bands => bands.map(band => band.classList[1])"
    )
    assert bands == ["closed", "open"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_everything_unfolded(
    browser: Browser, tmp_path: Path, scheme: str
) -> None:
    with browser.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        before = with_first_row_failed(run())
        html = render_html(run(), comparison=compare(run(), before))
        page = Opened(context, tmp_path / "report.html", html).page
        page.evaluate(
            "for (const each of document.querySelectorAll('details')) each.open = true;"
            "for (const each of document.querySelectorAll('article'))"
            " each.style.contentVisibility = 'visible'"
        )
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(253, 253, 251)") == (scheme == "light"), paper
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_it_is_usable_at_200_per_cent(context: BrowserContext, tmp_path: Path) -> None:
    page = Opened(context, tmp_path / "report.html", render_html(run())).page
    page.set_viewport_size({"width": 640, "height": 400})  # 1280 pixels at 200 per cent
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 640, f"the page is {wide} pixels wide and scrolls sideways"


def test_what_was_better_or_worse_stands_in_the_comparison(
    context: BrowserContext, tmp_path: Path
) -> None:
    html = render_html(run(), comparison=compare(run(), with_first_row_failed(run())))
    page = Opened(context, tmp_path / "report.html", html).page
    text = page.locator("#comparison").inner_text()
    assert "Improved: 1" in text, text
    assert "was fail, is pass" in text, text


def test_an_exported_dispute_is_shown_and_changes_no_verdict(opened: Opened) -> None:
    page = opened.page
    row = page.locator("#late--ho-limit")
    row.scroll_into_view_if_needed()
    row.get_by_role("button", name="Dispute ho-limit").click()
    page.get_by_label("Reason").fill('Not "late":\n</script> the limit is 2')
    page.get_by_role("button", name="Mark as disputed").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export TOML").click()
    exported = Path(download.value.path()).with_suffix(".toml")
    download.value.save_as(exported)
    entry = tomllib.loads(exported.read_text())["dispute"][0]
    assert entry["reason"] == 'Not "late":\n</script> the limit is 2', json.dumps(entry)
    shown, notes = with_disputes(run(), read_disputes(exported))
    assert notes == []
    disputed = next(c for c in shown.candidates if c.id == "late")
    assert disputed.requirements["ho-limit"].verdict is Verdict.FAIL
    assert disputed.score is not None
    assert disputed.score_if_upheld is not None
    assert disputed.score_if_upheld > disputed.score


def test_of_many_candidates_each_is_unpacked_when_it_is_looked_at(
    context: BrowserContext, tmp_path: Path
) -> None:
    late = failing_with_timeline()
    many = results(*(msgspec.structs.replace(late, id=f"late{n}") for n in range(61)))
    page = Opened(context, tmp_path / "report.html", render_html(many)).page
    assert page.locator("#late60--ho-limit").count() == 0
    page.evaluate("location.hash = '#late60--ho-limit'")
    page.locator("#late60--ho-limit").wait_for()


def with_first_row_failed(run: Results) -> Results:
    """An earlier run, in which the reference failed one row more."""
    perfect = next(c for c in run.candidates if c.id == "reference")
    row = next(iter(perfect.requirements))
    failed = msgspec.structs.replace(perfect.requirements[row], verdict=Verdict.FAIL, share=0.0)
    changed = candidate("reference", {**perfect.requirements, row: failed})
    others = tuple(c for c in run.candidates if c is not perfect)
    return msgspec.structs.replace(run, candidates=(changed, *others))
