"""Takes a picture of a report: `python -m grader.report.picture REPORT.html PICTURE.png`.

Needs what the tests need: Playwright and Debian's Chromium.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from grader.errors import InputError

_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
_SIZE = {"width": 1180, "height": 780}


def take(report: Path, picture: Path) -> None:
    """Write the first screen of a report as PNG; raises InputError where that cannot be done."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise InputError("chromium is not installed: apt-get install chromium")
    if not report.is_file():
        raise InputError(f"{report}: not found; `grader run` writes it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        page = browser.new_page(color_scheme="light")
        page.set_viewport_size({"width": _SIZE["width"], "height": _SIZE["height"]})
        page.goto(report.resolve().as_uri())
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    try:
        take(*map(Path, sys.argv[1:3]))
    except (InputError, TypeError) as error:
        sys.exit(f"picture: {error}; python -m grader.report.picture REPORT.html PICTURE.png")
