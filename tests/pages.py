"""HTML pages as a test reads them, and as a browser lays them out."""

import itertools
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest

CHROMIUM = shutil.which("chromium")
GROUNDS = {"light": "rgb(246, 247, 249)", "dark": "rgb(16, 20, 26)"}


class Page(HTMLParser):
    """The words, tags and attributes of a page."""

    def __init__(self, page: str):
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())

    def has(self, *words: str) -> bool:
        """Tells whether these texts follow each other in the page."""
        return any(tuple(self.words[i : i + len(words)]) == words for i in range(len(self.words)))


def check_loads_nothing(text: str) -> None:
    """Makes sure that a page needs no other file."""
    page = Page(text)
    assert not {"link", "img", "script", "iframe", "image"} & set(page.tags)
    loads = [value or "" for key, value in page.attributes if key in {"src", "href", "xlink:href"}]
    assert all(value.startswith("#") for value in loads)
    assert "@import" not in text
    assert "url(http" not in text
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def in_a_browser(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that needs one."""
    missing = pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium")
    return pytest.mark.integration(missing(test))


def check_in_a_browser(file: Path) -> None:
    """Makes sure that nothing sticks out of a page, narrow or wide, and that each scheme has its colours."""
    from playwright.sync_api import sync_playwright

    grounds = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
        for width, scheme in itertools.product((360, 800, 1400), schemes):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == width
            wide = (
                "[...document.querySelectorAll('dd')].filter(d => d.scrollWidth > d.clientWidth).map(d => d.innerText)"
            )
            assert page.evaluate(wide) == []
            grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        browser.close()
    assert grounds == GROUNDS
