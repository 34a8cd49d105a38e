"""One browser for all tests of this folder, and pages that a test makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from convkit.writers.gallery import GalleryGroup, gallery_html
from tests.browser.page import Page, chromium

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    with chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def page(driver: WebDriver) -> Iterator[Page]:
    """A page that must leave the browser's console silent."""
    shown = Page(driver)
    shown.reset()
    yield shown
    driver.get("about:blank")
    assert shown.complaints() == []


@pytest.fixture
def write_gallery(tmp_path: Path) -> Callable[..., str]:
    """Write index.html into the folder of the test and give its file:// address."""

    def write(groups: Sequence[GalleryGroup], title: str = "Pictures") -> str:
        path = tmp_path / "index.html"
        path.write_bytes(gallery_html(groups, title=title, footer="Made by a test."))
        return path.as_uri()

    return write
