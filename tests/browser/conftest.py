"""The system's Chromium, for tests of what a browser makes of edgekit's bytes."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of this folder; a test that needs cookies or no scripts makes a context of its own.

    Skipped where there is none, which fails in CI. Scope `package`: while playwright's sync API is open, no other
    test of the process can run an event loop.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("needs Chromium (on Debian `apt install chromium`)")
    # Chromium refuses to run its sandbox as root; /dev/shm is 64 MiB in containers.
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
