"""A real browser, and a small show published once, for every test of how the site behaves."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from pipeline import publish, serve
from pipeline.audio.deliver import Studio
from pipeline.rendering import Newsroom
from pipeline.store.memory import MemoryStore
from tests.browser.site import EPISODE, LONG, Published, sitting, talking
from tests.shows import write_episode, write_show, write_tone
from tests.tools import require

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio")
SECONDS = 40.0
"""Of the episode that has everything: enough to skip about in."""


@pytest.fixture(scope="package")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show in Dutch: an episode with everything, one that is bare, one with a picture, one of many words."""
    root = write_show(tmp_path_factory.mktemp("site"), hosts=["Hadassa Host"])
    folder = root / "episodes" / f"01-{EPISODE}"
    folder.mkdir()
    write_tone(folder / "audio.wav", seconds=SECONDS, rate=8000)
    write_episode(
        root,
        folder.name,
        title="Open deuren & één raam",
        notes="Over **deuren**.\n\n## Verder lezen\n\n- [Voorbeeld](https://voorbeeld.nl/)",
        guests=[{"name": "Zoë Gast", "organisation": "De Deur"}],
        topics=["deuren", "drempels"],
        chapters=[
            "0:00 Welkom",
            {"start": "0:10", "title": "Tafel", "link": "https://voorbeeld.nl/tafel"},
            "0:25 Afscheid",
        ],
    )
    (folder / "transcript.vtt").write_text(sitting(), "utf-8")
    bare = write_episode(root, "02-kaal", transcript=None, summary=None, notes="")
    (bare / "transcript.vtt").unlink()
    pictured = write_episode(root, "03-prent", image="prent.png", image_alt="Een prent.", topics=["deuren"])
    Image.new("RGB", (1400, 1400), "#0a6e5e").save(pictured / "prent.png")
    long = root / "episodes" / f"04-{LONG}"
    long.mkdir()
    write_tone(long / "audio.wav", seconds=SECONDS, rate=8000)
    chapters = ["0:00 Begin", "0:12 Midden", "0:30 Slot"]
    write_episode(root, long.name, title="Uitgesproken", date="2020-09-01", summary=None, chapters=chapters)
    (long / "transcript.vtt").write_text(talking(SECONDS), "utf-8")
    return root


@pytest.fixture(scope="package")
def site(show: Path) -> Iterator[Published]:
    """That show, published by the real pipeline and served on this machine."""
    store = MemoryStore()
    room = Newsroom(
        root=show, studio=Studio(root=show, cache=show / ".omroep", environ={}), now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    server = serve.bind("127.0.0.1", 0)
    publish.publish(publish.prepare(room, lambda own: store, lambda title, what, part: None), lambda action: None)
    server.app = serve.site(store.objects.values(), lambda line: None)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield Published(address=f"http://127.0.0.1:{server.port}/", objects=store.objects)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, for all tests here; what is open in it costs until it is closed."""
    require(CHROMIUM, "Chromium is not installed: apt install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


Opened = Callable[..., Page]
"""From a key, and settings of playwright's `new_context`, to that page, open; `first` is done to it before."""


@pytest.fixture
def opened(browser: Browser, site: Published) -> Iterator[Opened]:
    """Opens pages of the site; in the end nothing may have been complained of in the console of any."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(
        key: str = f"episodes/{EPISODE}.html", *, first: Callable[[Page], object] | None = None, **settings: object
    ) -> Page:
        context = browser.new_context(locale="nl-NL", **settings)  # type: ignore[arg-type]
        contexts.append(context)
        context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        page.set_default_timeout(10_000)
        if first:
            first(page)
        page.goto(site.address + key)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
