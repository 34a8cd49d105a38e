"""A page in a real browser, as the tests speak of it: Chromium without a window, driven by keys and clicks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

PATIENCE_S = 5.0
"""Longest time that a test waits for something to become true."""

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-device-scale-factor=1",
    "--window-size=1200,900",
)


@contextmanager
def chromium(profile: Path) -> Iterator[WebDriver]:
    """A running Chromium with a fresh profile; the test is skipped where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed (pip install selenium)")
    service = pytest.importorskip("selenium.webdriver.chrome.service")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("no chromium and chromedriver on the path (Debian: chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=service.Service(driver))
    try:
        yield started
    finally:
        started.quit()


class Page:
    """The page that the browser shows."""

    def __init__(self, driver: WebDriver) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        """Load it anew, even if only the part after # differs."""
        self.driver.get("about:blank")
        self.driver.get(address)
        self.until(lambda: self.run("return 'ready' in document.documentElement.dataset"))

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element("css selector", selector)

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def until(self, holds: Callable[[], object]) -> None:
        """Wait for something to become true; the test fails if it does not."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > end:
                pytest.fail("it did not come to pass")
            time.sleep(0.02)

    def emulate(self, **features: str) -> None:
        """Set media features, underscores for hyphens: ``prefers_color_scheme="dark"``."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})

    def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def reset(self) -> None:
        self.emulate()
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def complaints(self) -> list[str]:
        """What the browser's console holds since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    # ---- words of the gallery

    @property
    def is_open(self) -> bool:
        """True while the viewer is shown."""
        return bool(self.run("return document.getElementById('viewer').open"))

    @property
    def position(self) -> str:
        return self.text("#viewer-position")

    @property
    def focused_card(self) -> str:
        """Title of the card that has the focus; empty for none."""
        return str(self.run("return document.activeElement.querySelector('.title')?.textContent ?? ''"))

    def shown_picture(self) -> str:
        """File name of the picture on the stage, decoded, empty until it is there."""
        found = self.run("const i = document.querySelector('#stage img'); return i?.naturalWidth ? i.src : ''")
        return unquote(str(found)).rsplit("/", 1)[-1]

    def open_card(self, number: int) -> None:
        """Open a card (from 0) by the Enter key and wait for its viewer."""
        self.run("document.querySelectorAll('.card')[arguments[0]].focus()", number)
        self.press("\ue007")
        self.until(lambda: self.is_open)
