"""The player in a real browser: every behaviour that listeners rely on."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import SECONDS, Opened
from tests.browser.site import EPISODE, Published

PAGE = f"episodes/{EPISODE}.html"


def at(page: Page) -> float:
    """Where the sound is, in seconds."""
    return float(page.evaluate("document.querySelector('audio').currentTime"))


def paused(page: Page) -> bool:
    """Whether nothing is heard."""
    return bool(page.evaluate("document.querySelector('audio').paused"))


def sound(page: Page, property: str) -> Any:
    """A property of the audio element."""
    return page.evaluate("property => document.querySelector('audio')[property]", property)


def until(page: Page, condition: str) -> None:
    """Wait until JavaScript about `audio` holds (playwright's own way evaluates a string, which pages refuse)."""
    for _ in range(200):
        if page.evaluate(f"(() => {{ const audio = document.querySelector('audio'); return {condition}; }})()"):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never: {condition}")


def button(page: Page, name: str) -> Locator:
    """A button by what it is called in Dutch."""
    return page.get_by_role("button", name=name, exact=True)


def position(page: Page) -> Locator:
    """The slider by which one seeks."""
    return page.get_by_role("slider", name="Positie")


def current(page: Page, selector: str) -> list[str]:
    """The texts marked as current among these."""
    return page.locator(f"{selector}[aria-current]").all_inner_texts()


def test_plays_and_pauses(opened: Opened) -> None:
    """By one button that says what it will do; the browser's own controls are gone, and time goes by."""
    page = opened()
    assert sound(page, "controls") is False
    button(page, "Afspelen").click()
    until(page, "audio.currentTime > 0.3")
    button(page, "Pauzeren").click()
    expect(button(page, "Afspelen")).to_be_visible()
    assert paused(page)
    expect(page.locator(".now")).to_have_text("0:00")


def test_nothing_is_fetched_before_it_is_asked_for(opened: Opened) -> None:
    """Neither sound nor subtitles: a page that is only read costs nothing more."""
    asked: list[str] = []
    page = opened(first=lambda page: page.on("request", lambda request: asked.append(request.url)))
    page.wait_for_load_state("networkidle")
    assert len(asked) > 3
    assert not [address for address in asked if "/audio/" in address or "/transcripts/" in address]


def test_a_chapter_is_heard(opened: Opened) -> None:
    """A click on its name goes there and plays, marks it in the list and names it in the player."""
    page = opened()
    page.get_by_role("link", name="Tafel", exact=False).first.click()
    until(page, "audio.currentTime > 10 && !audio.paused")
    assert at(page) < 15
    assert current(page, ".chapters a") == ["0:10\nTafel"]
    expect(page.locator(".now-chapter")).to_have_text("Tafel")
    assert page.url.endswith(PAGE)
    page.evaluate("document.querySelector('audio').currentTime = 26")
    expect(page.locator(".chapters a[aria-current]")).to_have_text(re.compile("Afscheid"))


def test_a_link_with_a_modifier_is_a_link(opened: Opened) -> None:
    """Who wants a moment in another tab gets it."""
    page = opened()
    with page.context.expect_page() as other:
        page.get_by_role("link", name="Tafel", exact=False).first.click(modifiers=["ControlOrMeta"])
    assert other.value.url.endswith("#t=10")
    assert paused(page)


def test_the_transcript_follows(opened: Opened) -> None:
    """What is said is marked while it is said; a click on other words goes there, and so does Enter on their time."""
    page = opened(PAGE + "#t=15")
    page.locator(".transcript summary").click()
    assert current(page, ".turn") == ["Presentatie\n0:15\nWaarom staat de deur open?"]
    page.get_by_text("Dank je wel").click()
    until(page, "audio.currentTime > 10.4 && !audio.paused")
    assert current(page, ".turn") == ["Zoë Gast\n0:10\nDank je wel, fijn om hier te zijn."]
    button(page, "Pauzeren").click()
    page.get_by_role("link", name="0:25").last.focus()
    page.keyboard.press("Enter")
    until(page, "audio.currentTime > 25.4 && !audio.paused")
    assert current(page, ".turn") == ["Zoë Gast\n0:25\nOmdat er anders niemand binnenkomt."]


def test_selecting_words_does_not_move_the_sound(opened: Opened) -> None:
    """Who marks a sentence to quote it does not want to hear it."""
    page = opened()
    page.locator(".transcript summary").click()
    words = page.get_by_text("Dank je wel")
    words.scroll_into_view_if_needed()
    box = words.bounding_box()
    assert box
    page.mouse.move(box["x"] + 2, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 8)
    page.mouse.up()
    assert page.evaluate("getSelection().toString()")
    assert paused(page)
    assert at(page) == 0


@pytest.mark.parametrize("hands_off", [True, False])
def test_the_page_scrolls_along_with_who_reads_along(opened: Opened, hands_off: bool) -> None:
    """The line that is said comes into sight without taking the focus; not when the reader has just scrolled."""
    page = opened(PAGE + "#t=4", viewport={"width": 360, "height": 300}, reduced_motion="reduce")
    page.locator(".transcript summary").click()
    page.locator(".turn").first.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.turn').scrollIntoView({block: 'end'})")
    focus = page.evaluate("document.activeElement.outerHTML")
    if not hands_off:
        page.mouse.move(100, 100)
        page.mouse.wheel(0, 1)
    before = page.evaluate("scrollY")
    page.evaluate("document.querySelector('audio').play()")
    until(page, "!audio.paused")
    page.evaluate("document.querySelector('audio').currentTime = 26")
    expect(page.locator(".turn[aria-current]")).to_contain_text("Omdat")
    moved = page.evaluate("scrollY") - before
    assert (moved > 50) is hands_off
    assert page.evaluate("document.activeElement.outerHTML") == focus


def test_speed(opened: Opened) -> None:
    """As chosen, written as Dutch is, and remembered for the next page."""
    page = opened()
    page.get_by_label("Snelheid").select_option(label="1,25×")
    assert sound(page, "playbackRate") == 1.25
    page.goto(page.url.replace(PAGE, "episodes/kaal.html"))
    assert sound(page, "playbackRate") == 1.25
    expect(page.get_by_label("Snelheid")).to_have_value("1.25")


def test_skips(opened: Opened) -> None:
    """Fifteen seconds back, thirty on; never before the beginning or after the end."""
    page = opened()
    button(page, "30 seconden vooruit").click()
    expect(page.locator(".now")).to_have_text("0:30")
    button(page, "15 seconden terug").click()
    expect(page.locator(".now")).to_have_text("0:15")
    for _ in range(2):
        button(page, "15 seconden terug").click()
    expect(page.locator(".now")).to_have_text("0:00")
    button(page, "Afspelen").click()
    until(page, "audio.currentTime > 0.1")
    assert at(page) < 5


def test_scrubbing_with_the_mouse(opened: Opened) -> None:
    """A click on the drawing of the sound goes to that place, and the drawing is bright as far as it has been heard."""
    page = opened()
    box = page.locator(".scrub").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    expect(page.locator(".now")).to_have_text("0:30")
    heard = page.locator(".heard").evaluate("drawing => getComputedStyle(drawing).clipPath")
    assert 24 < float(re.search(r"([\d.]+)%\)? 0", heard)[1]) < 76  # type: ignore[index]
    button(page, "Afspelen").click()
    until(page, "audio.currentTime > 29")
    assert at(page) < 33


def test_the_keyboard(opened: Opened) -> None:
    """With the focus in the player: its keys; every control is reached by Tab; letters elsewhere are left alone."""
    page = opened()
    page.keyboard.press("k")
    assert paused(page)
    position(page).focus()
    for key, shown in (("l", "0:30"), ("ArrowLeft", "0:25"), ("j", "0:10"), ("ArrowRight", "0:15"), ("Home", "0:00")):
        page.keyboard.press(key)
        expect(page.locator(".now")).to_have_text(shown)
    assert position(page).get_attribute("aria-valuetext") == f"0:00 van 0:{SECONDS:.0f}"
    names = []
    for _ in range(6):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        names.append(focus.evaluate("focus => focus.ariaLabel || focus.labels[0].firstElementChild.innerText"))
        outline = focus.evaluate("focus => getComputedStyle(focus).outlineStyle")
        assert outline != "none", names[-1]
    assert names == [
        "15 seconden terug",
        "Afspelen",
        "30 seconden vooruit",
        "Snelheid",
        "Geluid uit",
        "Volume",
    ]
    page.keyboard.press("ArrowLeft")
    assert sound(page, "volume") == pytest.approx(0.95)
    button(page, "Geluid uit").focus()
    page.keyboard.press("m")
    assert sound(page, "muted") is True
    button(page, "Afspelen").focus()
    page.keyboard.press("Space")
    until(page, "!audio.paused")


def test_volume_and_place_are_remembered(opened: Opened) -> None:
    """Over a reload; each episode has its own place, the volume is the same for all."""
    page = opened()
    volume = page.get_by_role("slider", name="Volume")
    volume.fill("0.4")
    button(page, "Geluid uit").click()
    page.evaluate("document.querySelector('audio').play()")
    until(page, "!audio.paused")
    page.evaluate("document.querySelector('audio').currentTime = 20")
    page.reload()
    assert (sound(page, "volume"), sound(page, "muted")) == (0.4, True)
    expect(button(page, "Geluid uit")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".now")).to_have_text("0:20")
    assert current(page, ".chapters a") == ["0:10\nTafel"]
    page.goto(page.url.replace(PAGE, "episodes/kaal.html"))
    expect(page.locator(".now")).to_have_text("0:00")
    assert sound(page, "volume") == 0.4


def test_what_is_nearly_over_begins_anew(opened: Opened) -> None:
    """The place is forgotten at the end."""
    page = opened(PAGE + "#t=39")
    button(page, "Afspelen").click()
    until(page, "audio.ended")
    address = page.url
    page.goto(address.replace(PAGE, "index.html").partition("#")[0])
    page.goto(address.partition("#")[0])
    expect(page.locator(".now")).to_have_text("0:00")


MOMENTS = {
    "t=12.5": "0:12",
    "t=npt:12": "0:12",
    "t=0:12": "0:12",
    "t=0:00:12.7": "0:12",
    "t=npt%3A12": "0:12",
    "a=b&t=12,20": "0:12",
    "t=,20": "0:00",
    "t=1:02:03": "0:40",
    "t=20,12": "0:00",
    "t=twaalf": "0:00",
    "t=smpte:0:12": "0:00",
    "verder-lezen": "0:00",
    "t=%E0%A4%A": "0:00",
}
"""Fragments of addresses, and where an episode of forty seconds is then (Media Fragments URI 1.0, section 4.2.1)."""


def test_links_to_a_moment(opened: Opened) -> None:
    """Every way of writing normal play time begins there, anything else at the beginning; nothing plays by itself."""
    page = opened(first=lambda page: page.add_init_script("localStorage.clear()"))
    address, shown = page.url, {}
    for number, fragment in enumerate(MOMENTS):
        page.goto(f"{address}?{number}#{fragment}")  # another query, or it would be the same page
        shown[fragment] = page.locator(".now").inner_text()
        assert paused(page)
    assert shown == MOMENTS


def test_a_link_to_a_passage_ends_with_it(opened: Opened) -> None:
    """`#t=5,6` plays one second; changing the address on the page plays from there."""
    page = opened(f"{PAGE}#t=5,6")
    button(page, "Afspelen").click()
    until(page, "audio.paused && audio.currentTime >= 6")
    assert at(page) < 7.5
    page.evaluate("location.hash = '#t=0:20'")
    until(page, "!audio.paused && audio.currentTime > 20")


def test_the_link_wins_over_the_memory(opened: Opened) -> None:
    """Somebody sent it for a reason; without one it goes on where it was left."""
    page = opened(f"{PAGE}#t=20")
    button(page, "Afspelen").click()
    until(page, "audio.currentTime > 20")
    page.evaluate("document.querySelector('audio').pause()")
    address = page.url.partition("#")[0]
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator(".now")).to_have_text("0:20")
    page.goto("about:blank")
    page.goto(f"{address}#t=5")
    expect(page.locator(".now")).to_have_text("0:05")


def test_keys_of_the_machine(opened: Opened) -> None:
    """Media Session: what is playing and by whom, its picture, where it is, and every key does something."""
    script = """window.handlers = {}; const own = navigator.mediaSession.setActionHandler;
    navigator.mediaSession.setActionHandler = (name, does) => { handlers[name] = does; };
    navigator.mediaSession.setPositionState = (state) => { window.state = state; };"""
    page = opened(first=lambda page: page.add_init_script(script))
    page.evaluate("handlers.play()")
    until(page, "!audio.paused && window.state")
    told = page.evaluate("(({title, artist, album}) => ({title, artist, album}))(navigator.mediaSession.metadata)")
    assert told == {"title": "Open deuren & één raam", "artist": "De Proevers", "album": "Proefshow"}
    assert re.search(r"/images/.*\.jpg$", page.evaluate("navigator.mediaSession.metadata.artwork[0].src"))
    for key, where in (
        ("seekto({seekTime: 5})", 5),
        ("nexttrack()", 10),
        ("nexttrack()", 25),
        ("previoustrack()", 10),
        ("seekforward({})", 40),
        ("seekbackward({})", 25),
    ):
        page.evaluate(f"handlers.{key}")
        assert at(page) == pytest.approx(where, abs=1)
    until(page, "Math.abs(window.state.position - 25) < 2")
    assert page.evaluate("state.duration") == pytest.approx(SECONDS, abs=0.2)
    page.evaluate("handlers.pause()")
    assert paused(page)


def test_sound_that_does_not_come_is_told(browser: Browser, site: Published) -> None:
    """In words, where a screen reader hears them; another try works when the network is back."""
    context = browser.new_context()
    context.route("**/audio/*", lambda route: route.abort())
    page = context.new_page()
    page.goto(site.address + PAGE)
    button(page, "Afspelen").click()
    expect(page.locator(".player [role=status]")).to_have_text("Het geluid kan niet worden geladen. Ben je online?")
    context.unroute_all()
    button(page, "Afspelen").click()
    until(page, "audio.currentTime > 0.1")
    expect(page.locator(".player [role=status]")).to_have_text("")
    context.close()


def test_without_storage_it_plays(opened: Opened) -> None:
    """A browser that keeps nothing is no reason not to work."""
    script = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })"
    page = opened(first=lambda page: page.add_init_script(script))
    button(page, "Afspelen").click()
    until(page, "audio.currentTime > 0.1")


def test_links_to_share(opened: Opened) -> None:
    """The address as the world knows it, from the moment that is heard where that is asked for; copied by a button."""
    page = opened(f"{PAGE}#t=12", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Delen of insluiten").click()
    link = page.get_by_label("Link naar deze aflevering")
    expect(link).to_have_value(f"https://proef.example.org/{PAGE}")
    page.get_by_label("Begin op 0:12").check()
    expect(link).to_have_value(f"https://proef.example.org/{PAGE}#t=12")
    button(page, "Kopiëren").first.click()
    expect(page.locator(".share [role=status]")).to_have_text("Gekopieerd")
    assert page.evaluate("navigator.clipboard.readText()") == f"https://proef.example.org/{PAGE}#t=12"
    button(page, "Kopiëren").last.click()
    code = page.get_by_label("Code voor je eigen website").input_value()
    assert page.evaluate("navigator.clipboard.readText()") == code
    assert 'title="Open deuren &amp; één raam – Proefshow"' in code
