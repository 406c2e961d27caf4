"""A long transcript in a real browser: read and heard as a short one is, with a script and without."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Opened
from tests.browser.site import LONG, Published
from tests.browser.test_player import current, until
from tests.browser.test_search import HOME, search

PAGE = f"episodes/{LONG}.html"

LAST_SECOND_WAS_PLAYED = "audio.played.length && audio.currentTime > 39"
"""It may be over before anybody looks whether it plays."""


def sentences(page: Page) -> list[int]:
    """The numbers of the sentences that are there, in order."""
    return [int(number) for number in re.findall(r"nummer(\d+)", page.locator("main").text_content() or "")]


def test_opened_it_is_whole(opened: Opened) -> None:
    """Every sentence once, under its chapter, where the first ones were; nothing is fetched before it is opened."""
    asked: list[str] = []
    page = opened(PAGE, first=lambda page: page.on("request", lambda request: asked.append(request.url)))
    page.wait_for_load_state("networkidle")
    assert not [address for address in asked if "transcript" in address]
    assert 0 < len(sentences(page)) < 200
    page.locator(".transcript summary").click()
    expect(page.locator(".rest")).to_have_count(0)
    assert sentences(page) == list(range(400))
    assert page.locator(".transcript h3").all_text_contents() == ["Begin", "Midden", "Slot"]


def test_what_is_said_late_is_followed(opened: Opened) -> None:
    """A link to a moment marks it, a click on a line that came later plays it, and what is heard is marked."""
    page = opened(f"{PAGE}#t=20.02", reduced_motion="reduce")
    page.locator(".transcript summary").click()
    expect(page.locator(".turn[aria-current]")).to_contain_text("nummer200")
    page.locator(".turn").last.click()
    until(page, LAST_SECOND_WAS_PLAYED)
    (said,) = current(page, ".turn")
    assert "nummer399" in said


def test_a_time_that_came_later_is_a_link_into_the_sound(opened: Opened) -> None:
    """By the keyboard too, and in another tab."""
    page = opened(PAGE)
    page.locator(".transcript summary").click()
    expect(page.locator(".rest")).to_have_count(0)
    time = page.locator(".turn .when").last
    assert re.search(r"/audio/.*\.mp3#t=39\.", time.evaluate("link => link.href"))
    time.focus()
    page.keyboard.press("Enter")
    until(page, LAST_SECOND_WAS_PLAYED)


def test_without_a_script_it_is_read_to_the_end(opened: Opened) -> None:
    """From the episode to where it goes on, from part to part; and a time leads back to the episode."""
    page = opened(f"{PAGE}#transcript", java_script_enabled=False)
    link = page.get_by_role("link", name="Lees verder")
    expect(link).to_be_visible()  # a link to what is said opens it
    first = len(sentences(page))
    link.click()
    page.wait_for_url(f"**/{LONG}/transcript.html#on")
    expect(page.locator("#on")).to_contain_text(f"nummer{first} ")
    read = sentences(page)
    while page.locator("[rel=next]").count():
        page.locator("[rel=next]").click()
        page.wait_for_load_state()
        read += sentences(page)
    assert read == list(range(400))
    page.locator(".when").last.click()
    page.wait_for_url(f"**/{PAGE}#t=39*")


def test_what_is_said_late_is_found(opened: Opened) -> None:
    """The search reads its pages as well; the time of what is found sounds from there."""
    page = opened(HOME)
    search(page, "nummer377")
    expect(page.locator(".said")).to_have_text("Gevonden afleveringen: 1")
    page.locator(".passage .when").first.click()
    page.wait_for_url(f"**/{PAGE}#t=3*")
    page.get_by_role("button", name="Afspelen").click()
    until(page, "audio.currentTime > 36")


def test_what_does_not_come_leaves_a_link(browser: Browser, site: Published) -> None:
    """Offline the first sentences stay, and the way to the others; opened again it tries again."""
    context = browser.new_context(locale="nl-NL")
    page = context.new_page()
    page.goto(site.address + PAGE)
    before = sentences(page)
    context.set_offline(True)
    page.locator(".transcript summary").click()
    page.wait_for_timeout(300)
    assert sentences(page) == before
    expect(page.get_by_role("link", name="Lees verder")).to_be_visible()
    context.set_offline(False)
    page.locator(".transcript summary").click()
    page.locator(".transcript summary").click()
    expect(page.locator(".rest")).to_have_count(0)
    assert sentences(page) == list(range(400))
    context.close()
