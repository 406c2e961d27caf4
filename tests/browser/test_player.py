"""The player in a real browser: every behaviour that listeners rely on."""

from playwright.sync_api import expect

from tests.browser.conftest import Opened


def test_opens(opened: Opened) -> None:
    """x."""
    page = opened()
    expect(page.locator("h1")).to_have_text("Open deuren & één raam")
    print(page.locator("audio").count())
