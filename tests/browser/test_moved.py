"""An episode that moved, in a real browser: its old address leads to it, and to the moment that was meant."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from pipeline import publish, serve
from pipeline.audio.deliver import Studio
from pipeline.rendering import Newsroom
from pipeline.store.memory import MemoryStore
from tests.browser.site import EPISODE, Published
from tests.browser.test_player import PAGE

NEW = "episodes/poorten.html"


@pytest.fixture(scope="module")
def moved(show: Path, site: Published, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is after the episode that has everything got another name."""
    root = Path(shutil.copytree(show, tmp_path_factory.mktemp("moved") / "show"))
    (root / "episodes" / f"01-{EPISODE}").rename(root / "episodes" / "01-poorten")
    store = MemoryStore()
    store.objects = dict(site.objects)
    studio = Studio(root=root, cache=root / ".omroep", environ={})
    room = Newsroom(root=root, studio=studio, now=datetime(2026, 1, 1, tzinfo=UTC))
    publish.publish(publish.prepare(room, lambda own: store, lambda title, what, part: None), lambda action: None)
    server = serve.bind("127.0.0.1", 0)
    server.app = serve.site(store.objects.values(), lambda line: None)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("script", [True, False])
def test_an_old_link_arrives(browser: Browser, moved: str, script: bool) -> None:
    """With a script and without; the way back leads to where one came from, and nothing is complained of."""
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(moved + "about.html")
    page.goto(moved + PAGE)
    page.wait_for_url(moved + NEW)
    expect(page.get_by_role("heading", level=1)).to_have_text("Open deuren & één raam")
    page.go_back()
    expect(page).to_have_url(moved + "about.html")
    assert said == []
    context.close()


def test_a_link_to_a_moment_arrives_at_that_moment(browser: Browser, moved: str) -> None:
    """Which a refresh alone would drop: the player is there where the link meant."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{moved}{PAGE}#t=15")
    page.wait_for_url(f"{moved}{NEW}#t=15")
    expect(page.locator(".now")).to_have_text(re.compile("0:1[5-9]"))
    context.close()


def test_a_player_in_a_page_of_somebody_else_stays_one(browser: Browser, moved: str) -> None:
    """Code that was copied before the move shows the player, and nothing else."""
    code = f'<!doctype html><title>x</title><iframe src="{moved}{PAGE}#embed" title="Speler" height="300"></iframe>'
    server = make_server("127.0.0.1", 0, Response(code, mimetype="text/html"))
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("button", name="Afspelen")).to_be_visible()
    expect(frame.get_by_role("navigation")).to_have_count(0)
    assert page.frames[1].url == f"{moved}{NEW}#embed"
    context.close()
    server.shutdown()
    server.server_close()
