"""Searching the site: in the show's own language, over notes and transcripts, to the moment in the sound."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from pipeline import pages, theme
from pipeline.model import Cue, Entry, Guid, Key, Object, Slug
from tests.browser import gallery
from tests.browser.conftest import Opened
from tests.browser.site import EPISODE
from tests.browser.test_player import until
from tests.test_pages import EDITION, FIRST, entry

HOME = "index.html"
COUNT = 103
"""Episodes of a show that has blocks of both sizes (64 and 2 of 16) and seven episodes that are in none."""
NOTHING = "Niets gevonden. Probeer een ander woord, of minder woorden."


def search(page: Page, words: str) -> None:
    """Types words and presses Enter."""
    page.get_by_label("Woorden in afleveringen").fill(words)
    page.keyboard.press("Enter")


def test_a_result_is_heard_from_its_moment(opened: Opened) -> None:
    """`deur` finds what was said of `deuren`, marked; its time leads to the episode, and sounds from there."""
    page = opened(HOME)
    search(page, "deur open")
    expect(page.locator(".said")).to_have_text("Gevonden afleveringen: 1")
    assert page.locator(".found .row-title").all_text_contents() == ["Open deuren & één raam"]
    said = page.locator(".found .passage").filter(has_text="Waarom staat de deur open?")
    assert said.locator("mark").all_text_contents() == ["deur", "open"]
    said.get_by_role("link", name="0:15").click()
    page.wait_for_url(f"**/episodes/{EPISODE}.html#t=15")
    page.get_by_role("button", name="Afspelen").click()
    until(page, "audio.currentTime > 15")
    assert page.evaluate("document.querySelector('.player audio').currentTime") < 20


@pytest.mark.parametrize(("words", "passage"), [("zoe", "Zoë Gast De Deur"), ("drempel", "drempels")])
def test_guests_and_topics_are_quoted_as_they_are_read(opened: Opened, words: str, passage: str) -> None:
    """Without the initials that stand where a photo would, and each topic by itself."""
    page = opened(HOME)
    search(page, words)
    expect(page.locator(".found .passage").filter(has_text=passage).first).to_have_text(passage)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("binnenkomt niemand", 1),  # what is said
        ("lees", 1),  # the notes say `lezen`
        ("tafels", 1),  # a chapter is called `Tafel`
        ("zoe gasten", 1),  # Zoë Gast is in it
        ("EEN RAMEN", 1),  # the title says `één raam`
        ("binnenkomt fietsenstalling", 0),
        ("aflevering prent", 1),  # in a title alone
        ("...", None),
    ],
)
def test_words_are_found_by_their_stem(opened: Opened, words: str, count: int | None) -> None:
    """All of them must be there, in any form; case and accents do not matter."""
    page = opened(HOME)
    search(page, words)
    told = {None: "", 0: NOTHING}.get(count, f"Gevonden afleveringen: {count}")
    expect(page.locator(".said")).to_have_text(told)
    expect(page.locator(".found > li")).to_have_count(count or 0)


def test_with_the_keyboard_alone(opened: Opened) -> None:
    """From the link in the masthead to the moment and back: Tab and Enter, and what came is told in a live region."""
    page = opened("about.html")
    page.get_by_role("banner").get_by_role("link", name="Zoeken").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/index.html#search")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "search-words"
    page.keyboard.type("niemand")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Gevonden afleveringen: 1")).to_be_visible()
    expect(page.locator(".found > li")).to_have_count(1)
    for stop in ("Zoeken", "Open deuren & één raam", "0:25"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == stop
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/episodes/{EPISODE}.html#t=25.5")
    page.go_back()
    expect(page.locator(".said")).to_have_text("Gevonden afleveringen: 1")
    assert page.locator("#search-words").input_value() == "niemand"


def test_without_a_script_it_is_told(opened: Opened) -> None:
    """And no box stands there that does nothing."""
    page = opened(HOME, java_script_enabled=False)
    expect(page.locator("#search")).to_contain_text("kan alleen met JavaScript")
    assert page.locator("#search").get_by_role("searchbox").count() == 0
    assert not page.locator("#search :is(input, button)").evaluate_all("all => all.some(one => one.checkVisibility())")


def test_results_are_for_everybody(opened: Opened) -> None:
    """Axe finds nothing in a page of results, by day and by night, and nothing is wider than a phone."""
    page = opened(f"{HOME}?q=deuren", viewport={"width": 320, "height": 800}, reduced_motion="reduce")
    expect(page.locator(".found > li")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        told = Axe().run(page, options={"resultTypes": ["violations"]})
        assert not told.response["violations"], told.generate_report()


def numbered(number: int) -> Entry:
    """An episode in which a word is said that is said in no other, and one of every fourth."""
    said = f"Hier gebruiken wij kenwoorden{number}x, en <b>ook</b> viertallen." if number % 4 == 0 else "Hier niet."
    cues = (Cue(start_s=30.0, end_s=60.0, text=said), Cue(start_s=61.0, end_s=62.0, text=f"Nummer kenwoord{number}x."))
    guid, slug = Guid(f"guid-{number}"), Slug(f"nummer-{number}")
    return entry(replace(FIRST, guid=guid, slug=slug, title=f"Titel {number}", chapters=(), transcript=cues))


def below(address: str) -> tuple[Object, ...]:
    """The site of that show, in a folder of its address."""
    shown = replace(
        EDITION,
        show=replace(EDITION.show, base_url=f"{address}onder/"),
        entries=tuple(map(numbered, range(1, COUNT + 1))),
        withdrawn=(),
    )
    composed = pages.compose(shown, theme.load(gallery.ROOT, "nl"))
    return tuple(replace(made, key=Key(f"onder/{made.key}")) for made in composed)


@pytest.fixture(scope="module")
def great(browser: Browser) -> Iterator[Page]:
    """Home of a show with more than a hundred episodes, below a folder."""
    with gallery.serving(below) as address:
        page = browser.new_page()
        page.set_default_timeout(10_000)
        page.route("**/*.jpg", lambda route: route.abort())
        page.goto(f"{address}onder/{HOME}")
        yield page
        page.close()


@pytest.mark.parametrize("number", [1, 64, 65, 80, 96, 97, COUNT])
def test_every_episode_is_found_once(great: Page, number: int) -> None:
    """Those of every block, the first and the last of each, and those in none; only pages with the word are read."""
    asked: list[str] = []
    great.on("request", lambda request: asked.append(request.url))
    search(great, f"kenwoord{number}x")
    expect(great.locator(".said")).to_have_text("Gevonden afleveringen: 1")
    expect(great.locator(".found a").first).to_have_text(f"Titel {number}")
    fresh = {f"nummer-{one}.html" for one in range(97, COUNT + 1)}
    read = {url.rpartition("/")[2] for url in asked if "/episodes/" in url}
    assert read <= fresh | {f"nummer-{number}.html"}


def test_more_are_shown_when_asked_for(great: Page) -> None:
    """Ten at a time, the newest first; the focus goes to the first that came."""
    search(great, "viertal")
    expect(great.locator(".said")).to_have_text(f"Gevonden afleveringen: {COUNT // 4}")
    titles = great.locator(".found .row-title")
    expect(titles).to_have_count(10)
    assert titles.all_text_contents()[:2] == ["Titel 100", "Titel 96"]
    assert great.locator(".found b").count() == 0
    great.get_by_role("button", name="Toon meer").click()
    expect(titles).to_have_count(20)
    assert great.evaluate("document.activeElement.textContent") == "Titel 60"
    great.get_by_role("button", name="Toon meer").click()
    expect(titles).to_have_count(COUNT // 4)
    expect(great.get_by_role("button", name="Toon meer")).to_be_hidden()


def test_a_failure_is_told(great: Page) -> None:
    """Offline it says so, and the next search works again."""
    great.context.set_offline(True)
    search(great, "kenwoord5x")
    expect(great.locator(".said")).to_have_text("Zoeken lukte niet. Ben je online?")
    great.context.set_offline(False)
    search(great, "kenwoord5x")
    expect(great.locator(".found a").first).to_have_text("Titel 5")
