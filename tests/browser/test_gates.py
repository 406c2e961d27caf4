"""The gates of the site: who cannot see, hear, point or wait gets all of it, on every kind of page."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, Route

from pipeline import pages
from pipeline.model import Edition, Object
from tests.browser import gallery
from tests.browser.gallery import KINDS
from tests.test_pages import DUTCH, HOSTILE, hostile
from tests.tools import require

JUDGES = Path(__file__).parent.parent / "judges" / "node_modules"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    """Where the site with every kind of page is."""
    with gallery.served("nl") as found:
        yield found


@pytest.fixture(scope="package")
def leftwards() -> Iterator[str]:
    """Where the same is in Arabic."""
    with gallery.served("ar") as found:
        yield found


@pytest.fixture(scope="package")
def window(browser: Browser) -> Iterator[Page]:
    """One window for all looks at pages that leave nothing behind; without animations, to look at once."""
    page = browser.new_page(locale="nl-NL", reduced_motion="reduce")
    page.set_default_timeout(10_000)
    page.route(f"**/{KINDS['moved']}", _stays)
    yield page
    page.close()


def _stays(route: Route) -> None:
    """The page less what leads on from it at once: as it is read where that is switched off."""
    answer = route.fetch()
    body, count = re.subn('<meta http-equiv="refresh"[^>]*>', "", answer.text())
    assert count == 1
    route.fulfill(response=answer, body=body)


def opened(window: Page, address: str, kind: str, width: int = 1280, height: int = 800, **media: Any) -> Page:
    """A kind of page on a screen of that size in CSS pixels."""
    window.set_viewport_size({"width": width, "height": height})
    window.emulate_media(**{"color_scheme": "light", "forced_colors": "none", "reduced_motion": "reduce"} | media)
    if window.url != address + KINDS[kind]:
        window.goto(address + KINDS[kind])
    return window


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(window: Page, address: str, kind: str) -> None:
    """Deque's axe by day, all rules of WCAG 2.2 AA and its advice; and all that has to do with colour by night."""
    axe = Axe()
    by_day = axe.run(opened(window, address, kind), options={"runOnly": list(WCAG), "resultTypes": ["violations"]})
    assert not by_day.response["violations"], by_day.generate_report()
    by_night = axe.run(
        opened(window, address, kind, color_scheme="dark"),
        options={"runOnly": {"type": "rule", "values": list(COLOURS)}},
    )
    assert not by_night.response["violations"], by_night.generate_report()


@pytest.mark.parametrize("kind", KINDS)
def test_htmlcs_finds_nothing(window: Page, address: str, kind: str) -> None:
    """Squiz' HTML_CodeSniffer, WCAG 2 AA: no errors."""
    script = JUDGES / "html_codesniffer" / "build" / "HTMLCS.js"
    require(script.is_file(), "needs: cd tests/judges && npm ci")
    page = opened(window, address, kind)
    page.evaluate(script.read_text("utf-8") + "; globalThis.HTMLCS = HTMLCS")
    found = page.evaluate(
        """() => new Promise(done => HTMLCS.process('WCAG2AA', document, () =>
             done(HTMLCS.getMessages().filter(told => told.type === HTMLCS.ERROR)
                        .map(told => told.code + ' ' + told.msg + ' ' + told.element.outerHTML.slice(0, 120)))))"""
    )
    assert found == []


def test_the_nu_checker_finds_nothing(address: str, leftwards: str) -> None:
    """The W3C's validator, on every kind of page in both directions: no errors, and no warnings either."""
    jar = JUDGES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    require(shutil.which("java") and jar.is_file(), "needs Java and: cd tests/judges && npm ci")
    urls = [where + key for where in (address, leftwards) for key in KINDS.values()]
    command = ["java", "-Dnu.validator.servlet.allow-forbidden-hosts=true", "-jar", str(jar), "--Werror"]
    # It takes JSON-LD for a script; a data block is none (HTML 4.12.1), and no policy keeps it from being read.
    command += ["--filterpattern", "Inline script violates Content Security Policy.*"]
    told = subprocess.run([*command, *urls], capture_output=True, text=True, timeout=120)
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_wider_than_the_screen(window: Page, address: str, leftwards: str, kind: str, width: int) -> None:
    """At 320 CSS pixels (WCAG 1.4.10) and at 200 % of 1280 (1.4.4), with the longest Dutch words, and in Arabic."""
    for where in (address, leftwards):
        page = opened(window, where, kind, width)
        wide = page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
                 [...document.querySelectorAll('body *')].filter(one => {
                   const box = one.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1
                 }).map(one => one.outerHTML.slice(0, 160))"""
        )
        assert wide == []


TAB = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  const drawn = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const seen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  return [one.outerHTML.slice(0, 120), drawn, seen]
}"""
FOCUSABLE = """() => [...document.querySelectorAll('a[href], button, summary, input, textarea, select, audio')]
  .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("kind", ["episode", "transcript", "subscribe", "about"])
def test_all_is_reached_with_the_keyboard(window: Page, address: str, kind: str) -> None:
    """The tab key comes to every link and control, in the order in which they are read, each seen to have the focus."""
    page = opened(window, address, kind)
    page.reload()
    wanted = page.evaluate(FOCUSABLE)
    stops: list[tuple[str, bool, bool]] = []
    for _ in range(len(wanted) + 40):  # the browser's own player has controls inside it
        page.keyboard.press("Tab")
        stop = tuple(page.evaluate(TAB))
        if stop[0].startswith("<body"):
            break
        stops.append(stop)
    reached = [stop[0] for number, stop in enumerate(stops) if not number or stop[0] != stops[number - 1][0]]
    assert reached == wanted
    assert [stop for stop in stops if not (stop[1] and stop[2]) and "<audio" not in stop[0]] == []


def test_the_first_tab_skips_to_the_content(window: Page, address: str) -> None:
    """It is seen when it has the focus, and leads there."""
    page = opened(window, address, "home")
    page.reload()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Direct naar de inhoud"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def spoken(page: Page) -> list[tuple[str, str]]:
    """What a screen reader meets: roles and names, in its order."""
    session = page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in session.send("Accessibility.getFullAXTree")["nodes"]}
    session.detach()
    told: list[tuple[str, str]] = []

    def visit(node: Mapping[str, Any]) -> None:
        role, name = node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")
        if not node.get("ignored"):
            told.append((role, name))
        for child in node.get("childIds", ()):
            visit(nodes[child])

    visit(next(node for node in nodes.values() if "parentId" not in node))
    return told


LANDMARKS = {"banner", "navigation", "main", "contentinfo", "heading", "region"}


def test_an_episode_is_read_in_order(window: Page, address: str) -> None:
    """Landmarks and headings as the accessibility tree has them: what it is first, then its parts as they are read."""
    page = opened(window, address, "episode")
    told = [each for each in spoken(page) if each[0] in LANDMARKS]
    title = gallery.WORDS["nl"][1]
    named = [name for role, name in told if role == "heading"]
    assert [role for role, _ in told][:3] == ["banner", "navigation", "main"]
    assert [name for role, name in told if role == "navigation"] == ["Hoofdmenu", "Andere afleveringen"]
    assert named[:5] == [title, "Hoofdstukken", "Gasten", "Martijn de Wildt", "Frans Coenen"]
    assert [name for name in named if name in ("Onderwerpen", "Over deze aflevering", "Transcript")] == [
        "Onderwerpen",
        "Over deze aflevering",
        "Transcript",
    ]
    assert told[-1][0] == "contentinfo"


def test_a_transcript_is_read_in_order(window: Page, address: str) -> None:
    """What it is, its parts, then the words under their chapters; each part is a link with its span of time."""
    told = spoken(opened(window, address, "transcript"))
    named = [name for role, name in told if role == "heading"]
    assert named == ["Online werving", "Transcript 15:32–31:32", "Tafel (vervolg)"]
    assert [name for role, name in told if role == "navigation"] == [
        "Hoofdmenu",
        "Delen van dit transcript",
        "Andere delen",
    ]
    assert "15:32–31:32" in [name for role, name in told if role == "link"]


def test_every_picture_and_code_says_what_it_is(window: Page, address: str) -> None:
    """Or is not there at all for who cannot see it."""
    code = [name for role, name in spoken(opened(window, address, "subscribe")) if role in ("image", "img")]
    assert code == ["Code met het adres van deze pagina"]
    cover = [name for role, name in spoken(opened(window, address, "about")) if role in ("image", "img")]
    assert cover == ["Vijf open deuren."]


@pytest.mark.parametrize("kind", ["home", "episode", "subscribe"])
def test_forced_colours_keep_every_edge(window: Page, address: str, kind: str) -> None:
    """Where the system chooses the colours, what was told by a background has a border, and the focus is seen."""
    page = opened(window, address, kind, forced_colors="active")
    flat = page.evaluate(
        """() => [...document.querySelectorAll(
             '.button, .tags a, .apps a, .monogram, .transcript summary, .address a, .qr')]
             .filter(one => getComputedStyle(one).borderTopStyle === 'none').map(one => one.outerHTML.slice(0, 120))"""
    )
    assert flat == []
    page.evaluate("document.querySelector('main a').focus()")
    page.keyboard.press("Tab")
    assert page.evaluate(TAB)[1]


SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) sum += one.sources.some(source => source.node) ? one.value : 0;
  }).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 60);
})"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_moves_while_it_loads(window: Page, address: str, kind: str, width: int) -> None:
    """Cumulative layout shift is nought, though pictures and scripts come late, on a screen that is high, too.

    What moves inside Chromium's own player is in no document, and so has no node.
    """
    window.route("**/images/*", _late)
    window.route("**/*.js", _late)
    for height in (800, 2400):
        page = opened(window, address, kind, width, height)
        page.reload()
        assert page.evaluate(SHIFTS) == 0
    window.unroute("**/images/*")
    window.unroute("**/*.js")


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_moves_in_a_frame(window: Page, address: str, width: int) -> None:
    """Where others show an episode's player alone."""
    window.route("**/*.js", _late)
    window.set_viewport_size({"width": width, "height": 300})
    window.goto("about:blank")
    window.goto(f"{address}{KINDS['episode']}#embed")
    assert window.evaluate(SHIFTS) == 0
    window.unroute("**/*.js")


def _late(route: Route) -> None:
    sleep(0.03)
    route.continue_()


def test_no_page_asks_anybody_else_for_anything(window: Page, address: str) -> None:
    """Every request goes to where the page came from; but to open them, apps' addresses are not touched."""
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    for kind in KINDS:
        window.goto(address + KINDS[kind])
        window.mouse.wheel(0, 10_000)
    assert asked
    assert [url for url in asked if not url.startswith(address)] == []


def test_a_browser_takes_the_smaller_pictures(window: Page, address: str) -> None:
    """WebP where it knows it, and no larger than the screen needs."""
    page = opened(window, address, "about", 360)
    page.reload()
    page.wait_for_function("document.querySelector('.about .art').complete")
    chosen = page.evaluate("document.querySelector('.about .art').currentSrc")
    assert chosen.endswith(".webp")
    assert "-300." in chosen or "-600." in chosen


PROBE = """() => {
  const marks = '[onerror], [onfocus], [onmouseover], [autofocus], script:not([type="application/ld+json"], [src])';
  for (const one of document.querySelectorAll('a, img')) one.dispatchEvent(new Event('mouseover', {bubbles: true}));
  return [...document.querySelectorAll(marks)].map(one => one.outerHTML).concat(globalThis.alarms);
}"""


def test_nothing_that_anybody_wrote_is_run(browser: Browser) -> None:
    """Texts that mean harm, wherever anybody can write: no alert, no script and no handler of theirs."""
    page = browser.new_page()
    page.add_init_script("globalThis.alarms = []; globalThis.alert = said => { alarms.push('alert ' + said) }")
    page.route("**/*.jpg", lambda route: route.abort())
    for text in HOSTILE:
        with gallery.serving(partial(_said, text)) as address:
            for key in ("index.html", "episodes/aflevering-1.html"):
                page.goto(address + key)
                assert page.evaluate(PROBE) == [], (key, text)
    page.goto("about:blank")
    page.set_content("<img src=x onerror=alert(1)>")
    page.wait_for_function("alarms.length")  # the trap works where no policy stops the mouse
    page.close()


def _said(text: str, address: str) -> tuple[Object, ...]:
    edition: Edition = hostile(text)
    return pages.compose(replace(edition, show=replace(edition.show, base_url=address)), DUTCH)


def test_what_is_not_found_looks_like_the_site_on_any_host(window: Page, address: str) -> None:
    """Also where the site is shown under another name than its own, however deep the address."""
    window.goto(address.replace("127.0.0.1", "localhost") + "er/is/niets")
    assert window.evaluate("[...document.styleSheets].length") == 1
    assert (
        window.evaluate("getComputedStyle(document.querySelector('.masthead')).backgroundColor") != "rgba(0, 0, 0, 0)"
    )
