"""The site without a script, inside other people's pages, and against scripts that are not its own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from pipeline.model import Key
from tests.browser.conftest import Opened
from tests.browser.site import EPISODE, LINES, Published
from tests.browser.test_player import PAGE, at, button, paused, until

EMBED = f"{PAGE}#embed"
PLAYERS = ("index.html", PAGE, EMBED)


def test_without_a_script_all_is_there(opened: Opened, site: Published) -> None:
    """The browser's own controls, and nothing that would need a script."""
    page = opened(java_script_enabled=False)
    for key in PLAYERS:
        page.goto(site.address + key)
        sound = page.locator("audio")
        expect(sound).to_be_visible()
        assert sound.get_attribute("controls") is not None
        assert (sound.bounding_box() or {"height": 0})["height"] > 40
        expect(page.get_by_role("button")).to_have_count(0)
        expect(page.locator("template input").first).to_be_hidden()


def test_without_a_script_times_are_links_into_the_sound(opened: Opened) -> None:
    """Chapters and transcript lead to the file at their moment; the code to embed can be copied by hand."""
    page = opened(java_script_enabled=False)
    page.locator(".transcript summary").click()
    for _, _, _, words in LINES:
        expect(page.get_by_text(words)).to_be_visible()
    links = [link.get_attribute("href") or "" for link in page.locator(".chapters a, .turn .when").all()]
    assert len([link for link in links if re.search(r"^\.\./audio/.*\.mp3#t=[\d.]+$", link)]) == 8
    page.get_by_text("Delen of insluiten").click()
    expect(page.get_by_label("Code voor je eigen website")).to_have_value(re.compile("^<iframe "))


def test_a_script_of_somebody_else_does_not_run(browser: Browser, site: Published) -> None:
    """Whatever got into a page: neither inline scripts, handlers and styles nor those of another host are obeyed."""
    page = browser.new_context().new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(site.address + PAGE)
    page.evaluate(
        """() => {
            for (const [text, src] of [["window.inside = 1"], ["", "https://elsewhere.example/x.js"]]) {
                const script = document.createElement("script");
                if (src) script.src = src; else script.textContent = text;
                document.body.append(script);
            }
            document.body.insertAdjacentHTML("beforeend",
                '<img src=x onerror="window.inside = 2"><a href="javascript:window.inside = 3" id=x>x</a>' +
                '<iframe src="javascript:parent.inside = 4"></iframe><base href="https://elsewhere.example/">');
            document.getElementById("x").click();
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.inside") is None
    assert page.evaluate("document.baseURI").startswith(site.address)
    refused = [line for line in said if "Content Security Policy" in line]
    assert len(refused) >= 5, said
    page.context.close()


def test_every_button_has_a_name_and_room(opened: Opened, site: Published) -> None:
    """In the show's language, and 44 pixels each way (WCAG 2.2, 2.5.5); nothing is wider than a small screen."""
    page = opened(viewport={"width": 320, "height": 600})
    for key in PLAYERS:
        page.goto(site.address + key)
        names = []
        for part in page.locator(".player button, .player select, .player .seek").all():
            box = part.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 44, part.evaluate("part => part.outerHTML")
            names.append(part.evaluate("part => part.ariaLabel || part.labels[0].firstElementChild.innerText"))
        assert names == [
            "Positie",
            "15 seconden terug",
            "Afspelen",
            "30 seconden vooruit",
            "Snelheid",
            "Geluid uit",
        ]
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_forced_colours(opened: Opened) -> None:
    """Where the system chooses the colours, the drawing gives way to a slider that can be seen."""
    page = opened(forced_colors="active")
    expect(page.locator(".waveform").first).to_be_hidden()
    expect(page.locator(".seek")).to_be_visible()
    assert page.locator(".seek").evaluate("slider => getComputedStyle(slider).appearance") == "auto"


@pytest.fixture
def elsewhere(site: Published) -> Iterator[str]:
    """The address of another site, whose only page holds what oEmbed says."""
    card = json.loads(bytes(site.objects[Key(f"episodes/{EPISODE}.oembed.json")].body or b""))
    code = card["html"].replace("https://proef.example.org/", site.address)
    server = make_server("127.0.0.1", 0, Response(f"<!doctype html><title>x</title>{code}", mimetype="text/html"))
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("width", [320, 1000])
def test_the_player_in_a_page_of_somebody_else(browser: Browser, elsewhere: str, width: int) -> None:
    """As oEmbed gives it: named, it plays, is all in sight, and a link leads to the episode in the whole window."""
    context = browser.new_context(viewport={"width": width, "height": 600})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(elsewhere)
    frame = page.frame_locator("iframe[title='Open deuren & één raam – Proefshow']")
    frame.get_by_role("button", name="Afspelen").click()
    expect(frame.get_by_role("button", name="Pauzeren")).to_be_visible()
    inside = page.frames[1]
    assert inside.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert inside.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(frame.get_by_role("navigation")).to_have_count(0)
    expect(frame.get_by_role("heading")).to_have_text(["Open deuren & één raam"])
    frame.get_by_role("link", name="Deze aflevering op de site van Proefshow").click()
    expect(page).to_have_url(re.compile(f"{PAGE}$"))
    assert [text for text in complaints if "favicon" not in text and "404" not in text] == []
    context.close()


def test_from_a_folder(browser: Browser, site: Published, tmp_path: Path) -> None:
    """The site is files: opened from a disk, the player works as well."""
    for key, item in site.objects.items():
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(item.body if isinstance(item.body, bytes) else Path(str(item.body)).read_bytes())
    page: Page = browser.new_context().new_page()
    page.goto((tmp_path / PAGE).as_uri())
    button(page, "Afspelen").click()
    until(page, "audio.currentTime > 0.1")
    button(page, "Pauzeren").click()
    assert paused(page)
    assert at(page) < 5
    page.context.close()


def test_a_page_is_light(site: Published) -> None:
    """Home and episode with their style and script are at most 60 kB before sound and pictures."""
    shared = sum(item.size for key, item in site.objects.items() if re.match(r"assets/(style|player|search)\.", key))
    assert next(item.size for key, item in site.objects.items() if key.startswith("assets/player.")) < 10_000
    for key in ("index.html", PAGE):
        assert site.objects[Key(key)].size + shared <= 60_000, key
