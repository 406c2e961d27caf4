"""`omroep serve --live`: what is written is seen at once, drafts too, and what is wrong with it."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.shows import write_episode, write_show
from tests.test_publish import OMROEP, omroep

DRAFT = "03-concept"
LONG_MS = 60_000
"""Until a busy machine has made a show anew."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A show that is looked at while it is written."""

    root: Path
    address: str
    told: Path
    """What the program says on both outputs."""


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preview]:
    """The real program over a show of a live, a scheduled and a draft episode."""
    root = write_show(tmp_path_factory.mktemp("live"))
    write_episode(root, "01-een", title="Gewoon")
    write_episode(root, "02-later", title="Straks", date="2099-01-01")
    write_episode(root, DRAFT, title="Nog niet", status="draft")
    told = root / "told.txt"
    command = [str(OMROEP), "--show", str(root), "serve", "--live", "--port", "0"]
    with told.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={"PATH": "/nonexistent", "PYTHONUNBUFFERED": "1"}
        )
    try:
        yield Preview(root=root, address=_address(told, process), told=told)
        process.terminate()
    finally:
        process.kill()


def _address(told: Path, process: "subprocess.Popen[bytes]") -> str:
    while process.poll() is None:
        if found := re.search(r"at (http://127\.0\.0\.1:\d+/)index\.html", told.read_text("utf-8")):
            return found[1]
        time.sleep(0.05)
    pytest.fail(told.read_text("utf-8"))


@pytest.fixture
def page(browser: Browser, preview: Preview) -> Iterator[Page]:
    """Home, open; nothing is complained of in its console."""
    complaints: list[str] = []
    page = browser.new_page(locale="nl-NL")
    page.set_default_timeout(20_000)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{preview.address}index.html")
    yield page
    page.close()
    assert complaints == []


def rewrite(preview: Preview, folder: str, old: str, new: str) -> None:
    """As an editor saves: a new file that takes the place of the old one."""
    file = preview.root / "episodes" / folder / "episode.md"
    beside = file.with_suffix(".tmp")
    beside.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    beside.replace(file)


def test_drafts_and_scheduled_episodes_are_marked(page: Page) -> None:
    """In front of their titles, in the show's language; others have no mark."""
    titles = page.locator(".row-title").all_text_contents()
    assert sorted(titles) == ["Gewoon", "[Concept] Nog niet", "[Gepland] Straks"]


def test_a_change_is_seen_at_once(page: Page, preview: Preview) -> None:
    """The page that is open loads itself again."""
    rewrite(preview, "01-een", "Gewoon", "Bijzonder")
    expect(page.locator(".row-title").filter(has_text="Bijzonder")).to_be_visible(timeout=LONG_MS)
    rewrite(preview, "01-een", "Bijzonder", "Gewoon")
    expect(page.locator(".row-title").filter(has_text="Gewoon")).to_be_visible(timeout=LONG_MS)
    assert "Made again." in preview.told.read_text("utf-8")


def test_what_is_wrong_is_told_on_the_page(page: Page, preview: Preview) -> None:
    """With file and line, over what was there before, on the terminal too; mended, it is gone."""
    rewrite(preview, "01-een", '"2020-10-01"', '"<b>gisteren</b>"')
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(re.compile(r"episodes/01-een/episode\.md:\d+: .*<b>gisteren</b>"), timeout=LONG_MS)
    assert page.locator(".row-title").filter(has_text="Gewoon").count() == 1
    assert re.search(r"problem: episodes/01-een/episode\.md:\d+: ", preview.told.read_text("utf-8"))
    rewrite(preview, "01-een", '"<b>gisteren</b>"', '"2020-10-01"')
    expect(alert).to_have_count(0, timeout=LONG_MS)
    expect(page.locator(".row-title").filter(has_text="Gewoon")).to_be_visible()


def test_nothing_of_it_is_published(preview: Preview, tmp_path: Path) -> None:
    """Neither drafts nor what only a preview has; and without `--live` drafts are not shown."""
    root = Path(shutil.copytree(preview.root, tmp_path / "show"))
    done = omroep(root, "publish", "--to", tmp_path / "public")
    assert done.returncode == 0, done.stderr
    files = {path: path.read_bytes() for path in (tmp_path / "public").rglob("*") if path.is_file()}
    assert files
    for word in (b"Nog niet", b"Straks", b"concept", b".omroep"):
        assert [path for path, body in files.items() if word in body] == []
    with urlopen(f"{preview.address}feed.xml") as answer:
        assert b"[Concept] Nog niet" in answer.read()
