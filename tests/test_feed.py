"""The feed: golden cases for each tag, and what other people's readers make of it beside what the producer wrote."""

import json
import os
import shutil
import subprocess
from base64 import b64decode
from copy import deepcopy
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
import podcastparser
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline import catalog, feed, sidecars
from pipeline.model import Alternate, Catalog, Edition, Entry, Guid, Slug
from pipeline.text import xml_safe
from tests import records
from tests.cases import cases
from tests.shows import write_episode, write_show
from tests.tools import require

ROOT = Path(__file__).parent.parent
JUDGES = Path(__file__).parent / "judges"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
OPEN = (
    '<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:psc="http://podlove.org/simple-chapters">'
)


def body(edition: Edition) -> bytes:
    made = feed.compose(edition).body
    assert isinstance(made, bytes)
    return made


def kinds(element: etree._Element, only: set[str] | None = None) -> list[str]:
    """Each child of an element as canonical text, items left out; only those of the tags in `only`."""
    return [
        etree.canonicalize(etree.tostring(deepcopy(child), encoding="unicode", with_tail=False), strip_text=True)
        for child in element
        if child.tag != "item" and (only is None or str(child.tag) in only)
    ]


@pytest.mark.parametrize("case", cases("feed"), ids=lambda case: case.name)
def test_tags_are_written(case: Path, tmp_path: Path) -> None:
    """What case.yaml says of show and episode gives the elements of expected.xml, and no others of their tags."""
    said = yaml.load((case / "case.yaml").read_text("utf-8"), yaml.BaseLoader)
    write_show(tmp_path, **said.get("show", {}))
    episode = {key: value if value != "null" else None for key, value in said.get("episode", {}).items()}
    recording = said["recording"].encode() if "recording" in said else None
    write_episode(tmp_path, "01-een", notes=said.get("notes", "Notities."), audio=recording, **episode)
    channel = etree.fromstring(body(records.edition(catalog.load(tmp_path))))[0]
    expected = etree.fromstring(f"{OPEN}{(case / 'expected.xml').read_text('utf-8')}</rss>")[0]
    for wanted, made in ((expected, channel), (expected.find("item"), channel.find("item"))):
        if wanted is not None and made is not None:
            assert kinds(made, {str(child.tag) for child in wanted}) == kinds(wanted)


# --- read back, and compared with what the producer wrote -------------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> Catalog:
    """The show in this repository."""
    return catalog.load(ROOT)


def test_feedparser_reads_the_episodes(example: Catalog) -> None:
    """Field by field, from the episodes that we began with."""
    parsed = feedparser.parse(body(records.edition(example)))
    assert parsed.bozo == 0
    assert (parsed.feed.title, parsed.feed.language, parsed.feed.itunes_type) == (example.show.title, "nl", "serial")
    read = [
        (entry.title, entry.id, entry.published_parsed[:5], int(entry.itunes_episode), entry.enclosures[0].href)
        for entry in parsed.entries
    ]
    assert read == [
        (
            episode.title,
            episode.guid,
            episode.published.utctimetuple()[:5],
            episode.number,
            example.show.base_url + records.media(episode).key,
        )
        for episode in reversed(example.episodes)
    ]


def test_podcastparser_reads_the_episodes(example: Catalog) -> None:
    """gPodder's parser agrees on audio, times, numbers and identity.

    It knows the podcast namespace under another address than the namespace's own, so those tags are not asked here.
    """
    parsed = podcastparser.parse(example.show.base_url + "feed.xml", BytesIO(body(records.edition(example))))
    assert parsed["title"] == example.show.title
    assert parsed["type"] == "serial"
    for item, episode in zip(parsed["episodes"], example.episodes, strict=True):  # a serial show begins at its first
        media = records.media(episode)
        (enclosure,) = item["enclosures"]
        assert enclosure["url"] == example.show.base_url + media.key
        assert (enclosure["file_size"], enclosure["mime_type"], item["total_time"]) == (media.size, "audio/mpeg", 61)
        assert item["published"] == episode.published.timestamp()
        assert item["guid"] == episode.guid
        assert (item["number"], item["season"], item["type"]) == (episode.number, 1, "full")
        assert (item["title"], item["explicit"]) == (episode.title, False)


def partytime(feed: bytes, folder: Path) -> Any:
    """What the parser of the podcast namespace makes of a feed."""
    (folder / "feed.xml").write_bytes(feed)
    told = subprocess.run(
        ["node", JUDGES / "partytime.js", folder / "feed.xml"],
        capture_output=True,
        text=True,
        check=True,
        cwd=JUDGES,
        env={"PATH": os.environ["PATH"], "LOG": "silent"},
    )
    return json.loads(told.stdout)


def test_partytime_reads_the_podcasting_tags(example: Catalog, tmp_path: Path) -> None:
    """A parser of the podcast namespace finds persons, chapters, transcripts, season, lock, guid and medium."""
    require(shutil.which("node") and (JUDGES / "node_modules").is_dir(), "needs Node.js and: cd tests/judges && npm ci")
    read = partytime(body(records.edition(example)), tmp_path)
    assert (read["guid"], read["medium"], read["locked"]) == (example.show.guid, "podcast", True)
    for item, episode in zip(read["items"], reversed(example.episodes), strict=True):
        assert item["guid"] == episode.guid
        assert [person["name"] for person in item["podcastPeople"]] == [person.name for person in episode.guests]
        assert (item["podcastSeason"]["number"], item["podcastEpisode"]["number"]) == (1, episode.number)
        assert [transcript["type"] for transcript in item["podcastTranscripts"]] == ["text/vtt"]
        chapters = sidecars.chapters(Entry(episode=episode, media=records.media(episode)))
        address = example.show.base_url + chapters.key if chapters else None
        assert item.get("podcastChapters", {}).get("url") == address
    found = {name for names in read["pc20support"].values() for name in names}
    assert {"locked", "transcript", "chapters", "person", "season", "episode", "guid", "medium"} <= found


def test_partytime_reads_the_formats(example: Catalog, tmp_path: Path) -> None:
    """Type, length, bitrate, codecs and hash of each; the enclosure's own is the default."""
    require(shutil.which("node") and (JUDGES / "node_modules").is_dir(), "needs Node.js and: cd tests/judges && npm ci")
    also = (Alternate(format="aac"), Alternate(format="opus", bitrate_kbps=24))
    show = replace(example.show, mastering=replace(example.show.mastering, also=also))
    edition = records.edition(replace(example, show=show))
    read = partytime(body(edition), tmp_path)
    for item, entry in zip(read["items"], reversed(edition.entries), strict=True):
        told = [
            (
                each["type"],
                each["length"],
                each["bitrate"],
                each.get("codecs"),
                each["default"],
                each["source"][0]["uri"],
            )
            for each in item["alternativeEnclosures"]
        ]
        own, aac, opus = entry.media, *entry.media.alternates
        base = example.show.base_url
        assert told == [
            ("audio/mpeg", own.size, 96000, None, True, base + own.key),
            ("audio/x-m4a", aac.size, 64000, "mp4a.40.2", False, base + aac.key),
            ("audio/ogg", opus.size, 24000, "opus", False, base + opus.key),
        ]
        hashes = [each["integrity"]["value"].partition("-") for each in item["alternativeEnclosures"]]
        assert [(kind, b64decode(value).hex()) for kind, _, value in hashes] == [
            ("sha256", made.sha256) for made in (own, aac, opus)
        ]


# --- what never changes by itself -------------------------------------------------------------------------------------


def test_no_moment_is_in_the_feed_but_those_of_the_data(example: Catalog) -> None:
    """`lastBuildDate` is the newest episode's, so that a run without news is no news."""
    assert b"<lastBuildDate>Tue, 03 Nov 2020 00:00:00 +0100</lastBuildDate>" in body(records.edition(example))


def test_the_feed_names_its_release_and_nothing_else_changes(example: Catalog) -> None:
    """The name is found in the first bytes, and a feed of others has none."""
    plain = feed.compose(records.edition(example))
    named = feed.stamped(plain, records.sha("release"))
    assert isinstance(named.body, bytes)
    assert isinstance(plain.body, bytes)
    assert feed.release_named_in(named.body[: feed.STAMP_WITHIN]) == records.sha("release")
    assert etree.tostring(etree.fromstring(named.body)) == etree.tostring(etree.fromstring(plain.body))
    assert feed.release_named_in(b"<html>502 Bad Gateway</html>") is None
    assert named.sha256 != plain.sha256


anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
"""Any text but lone surrogates, which no UTF-8 file can hold."""


@settings(max_examples=60, deadline=None)
@given(title=anything, summary=anything, guest=anything, notes=anything)
def test_any_text_arrives(example: Catalog, title: str, summary: str, guest: str, notes: str) -> None:
    """`]]>`, markup, control characters, templates: the feed parses and the text comes back, less what XML forbids."""
    first = example.episodes[0]
    odd = replace(first, title=title, summary=summary, notes=notes, guests=(replace(first.guests[0], name=guest),))
    item = etree.fromstring(body(records.edition(replace(example, episodes=(odd,)))))[0].find("item")
    assert item is not None
    read = [item.findtext(tag) or "" for tag in ("title", "{https://podcastindex.org/namespace/1.0}person")]
    assert read == [xml_safe(title), xml_safe(guest)]
    assert (item.findtext(f"{ITUNES}summary") or "") == xml_safe(summary)


def test_many_guids_stay_in_order(example: Catalog) -> None:
    """Newest first, each once."""
    first = example.episodes[0]
    many = tuple(replace(first, guid=Guid(f"g{place}"), slug=Slug(f"s{place}")) for place in range(200))
    parsed = feedparser.parse(body(records.edition(replace(example, episodes=many))))
    assert [entry.id for entry in parsed.entries] == [f"g{place}" for place in reversed(range(200))]
