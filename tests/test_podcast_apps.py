"""Podcast apps subscribe to the published example and download it; each agrees with what the producer wrote."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import catalog, feed, release
from pipeline.model import Catalog, Entry
from tests.example import ROOT, Served
from tests.tools import require

ARCHIVER = Path(sys.executable).with_name("podcast-archiver")
Kept = dict[str, Any]


@pytest.fixture(scope="module")
def written() -> Catalog:
    """What the producer wrote, oldest episode first."""
    return catalog.load(ROOT)


@pytest.fixture(scope="module")
def delivered(example_served: Served) -> tuple[Entry, ...]:
    """What was published of each episode, oldest first, as the release says."""
    fed = (example_served.folder / "feed.xml").read_bytes()
    named = feed.release_named_in(fed)
    assert named
    (record,) = (example_served.folder / "releases").iterdir()
    return release.parse(record.read_bytes(), named=named).edition.entries


@pytest.fixture(scope="module")
def expected(example_served: Served, written: Catalog, delivered: tuple[Entry, ...]) -> list[Kept]:
    """All that any app keeps of an episode, by the name of the fact."""
    return [
        {
            "title": episode.title,
            "guid": episode.guid,
            "published": int(episode.published.timestamp()),
            "number": episode.number,
            "kind": episode.kind,
            "summary": episode.summary,
            "page": f"{example_served.address}episodes/{episode.slug}.html",
            "url": example_served.address + entry.media.key,
            "file": entry.media.key.partition("/")[2],
            "size": (example_served.folder / entry.media.key).stat().st_size,
            "seconds": round(entry.media.duration_s),
            "type": "audio/mpeg",
            "chapters": [chapter.title for chapter in episode.chapters],
            "sha256": sha256(example_served.folder / entry.media.key),
        }
        for episode, entry in zip(written.episodes, delivered, strict=True)
    ]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(home: Path, *command: str | Path) -> str:
    """What a program says that has `home` for a home."""
    environ = {"HOME": str(home), "GPODDER_HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, cwd=home)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def rows(database: Path, query: str) -> list[Kept]:
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(query)]
    finally:
        connection.close()


def gpodder(address: str, home: Path) -> list[Kept]:
    """Of its database, and the files that it names."""
    for words in (["subscribe", address], ["update"], ["download"]):
        run(home, "gpo", *words)
    (show,) = rows(home / "Database", "SELECT * FROM podcast")
    assert (show["title"], show["url"]) == ("Open Deuren voor Inclusie", address)
    folder = home / "Downloads" / show["download_folder"]
    return [
        {
            "title": row["title"],
            "guid": row["guid"],
            "published": row["published"],
            "page": row["link"],
            "url": row["url"],
            "size": row["file_size"],
            "seconds": row["total_time"],
            "type": row["mime_type"],
            "chapters": [chapter["title"] for chapter in json.loads(row["chapters"] or "[]")],
            "sha256": sha256(folder / row["download_filename"]),
        }
        for row in rows(home / "Database", "SELECT * FROM episode")
    ]


def newsboat(address: str, home: Path) -> list[Kept]:
    """Of its cache; it reads, and leaves downloading to podboat, which wants a terminal."""
    (home / "urls").write_text(f"{address}\n")
    (home / "config").touch()
    run(home, "newsboat", "-u", home / "urls", "-c", home / "cache.db", "-C", home / "config", "-x", "reload")
    assert [row["title"] for row in rows(home / "cache.db", "SELECT * FROM rss_feed")] == ["Open Deuren voor Inclusie"]
    names = {"title": "title", "guid": "guid", "pubDate": "published", "url": "page", "enclosure_url": "url"}
    names["enclosure_type"] = "type"
    items = rows(home / "cache.db", "SELECT * FROM rss_item")
    return [{fact: row[column] for column, fact in names.items()} for row in items]


def podget(address: str, home: Path) -> list[Kept]:
    """Of its log and its library: it knows an episode by its address."""
    run(home, "podget", "-d", home, "--create-config", "podgetrc")
    with (home / "podgetrc").open("a") as settings:
        settings.write(f"DIR_LIBRARY={home / 'POD'}\nMIN_SPACE=0\n")
    (home / "serverlist").write_text(f"{address} Werk Deuren\n")
    run(home, "podget", "-d", home, "--dir_session", home, "-s")
    assert (home / "POD/.LOG/errors").read_text() == ""
    addresses = (home / "POD/.LOG/done").read_text().split()
    files = ((url, home / "POD/Werk/Deuren" / url.rpartition("/")[2]) for url in addresses)
    return [{"url": url, "file": path.name, "size": path.stat().st_size, "sha256": sha256(path)} for url, path in files]


def archiver(address: str, home: Path) -> list[Kept]:
    """Of what it writes beside each file."""
    (home / "config.yaml").touch()
    (home / "out").mkdir()
    options: list[str | Path] = ["--feed", address, "--dir", home / "out", "--config", home / "config.yaml"]
    run(home, ARCHIVER, *options, "--database", home / "archive.db", "--write-info-json", "--quiet")
    return [_archived(path) for path in (home / "out").rglob("*.info.json")]


def _archived(path: Path) -> Kept:
    told, file = json.loads(path.read_text("utf-8")), path.with_name(path.name.replace(".info.json", ".mp3"))
    return {
        "title": told["title"],
        "guid": told["guid"],
        "published": int(datetime.fromisoformat(told["published_time"]).timestamp()),
        "number": told["episode_number"],
        "kind": told["episode_type"],
        "summary": told["summary"],
        "page": told["links"][0]["href"],
        "url": told["enclosure"]["href"],
        "file": told["original_filename"],
        "size": told["enclosure"]["length"],
        "seconds": int(told["duration"]),
        "type": told["enclosure"]["link_type"],
        "sha256": sha256(file),
    }


@dataclass(frozen=True)
class App:
    """Somebody else's podcast app."""

    listens: Callable[[str, Path], Iterable[Kept]]
    """Subscribes to the feed at an address from an empty home, downloads, and tells what it kept of each episode."""
    there: bool
    missing: str


APPS = {
    "gpodder": App(gpodder, bool(shutil.which("gpo")), "needs gPodder: apt-get install gpodder"),
    "newsboat": App(newsboat, bool(shutil.which("newsboat")), "needs newsboat: apt-get install newsboat"),
    "podget": App(podget, bool(shutil.which("podget")), "needs podget: apt-get install podget"),
    "podcast-archiver": App(archiver, os.access(ARCHIVER, os.X_OK), "needs podcast-archiver: make test"),
}


@pytest.mark.parametrize("name", APPS)
def test_an_app_agrees_with_the_producer(
    name: str, example_served: Served, expected: list[Kept], tmp_path: Path
) -> None:
    """Every fact that the app keeps of every episode, and what it downloaded is what was published, byte for byte."""
    app = APPS[name]
    require(app.there, app.missing)
    kept = sorted(app.listens(f"{example_served.address}feed.xml", tmp_path), key=lambda each: str(each["url"]))
    facts = kept[0].keys()
    wanted = sorted(expected, key=lambda each: str(each["url"]))
    assert kept == [{fact: each[fact] for fact in facts} for each in wanted]
