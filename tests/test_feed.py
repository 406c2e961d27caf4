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
from PIL import Image

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
    return judged("partytime.js", feed, folder)


def judged(judge: str, feed: bytes, folder: Path) -> Any:
    """What a parser in JavaScript makes of a feed."""
    require(shutil.which("node") and (JUDGES / "node_modules").is_dir(), "needs Node.js and: cd tests/judges && npm ci")
    (folder / "feed.xml").write_bytes(feed)
    told = subprocess.run(
        ["node", JUDGES / judge, folder / "feed.xml"],
        capture_output=True,
        text=True,
        check=True,
        cwd=JUDGES,
        env={"PATH": os.environ["PATH"], "LOG": "silent"},
    )
    return json.loads(told.stdout)


def test_partytime_reads_the_podcasting_tags(example: Catalog, tmp_path: Path) -> None:
    """A parser of the podcast namespace finds persons, chapters, transcripts, season, lock, guid and medium."""
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


# --- a show that says all there is to say -----------------------------------------------------------------------------

PLACE = {"name": "Den Haag", "geo": "52.08,4.31", "osm": "R192736", "country": "nl"}
PUBLISHER = {"guid": "003af0a0-6a45-55cf-b765-68e3d349551a", "feed": "https://example.org/uitgever.xml"}
OTHER = {"guid": "29cdca4a-32d8-56ba-b48b-09a011c5daa9", "feed": "https://example.org/ander.xml"}
ROOM = {"server": "irc.example.org", "protocol": "irc", "account": "@show", "space": "#show"}
TOLD = {"server": "irc.example.org", "protocol": "irc", "accountId": "@show", "space": "#show"}
POST = {"protocol": "activitypub", "link": "https://mastodon.example/@show/1", "account": "@show"}


@pytest.fixture
def full(tmp_path: Path) -> Edition:
    """A trailer and an episode with every tag."""
    write_show(
        tmp_path,
        hosts=["Ria"],
        locked="yes",
        block="yes",
        complete="yes",
        type="serial",
        subtitle="Een ondertitel",
        copyright="© 2020",
        new_feed_url="https://example.org/verhuisd.xml",
        funding=[{"link": "https://example.org/steun", "text": "Steun ons"}],
        license="CC-BY-4.0",
        locations=[PLACE],
        discussion=[POST],
        txt=[{"purpose": "verify", "text": "S6lpp-7ZCn8"}],
        podping="yes",
        hubs=["https://hub.example.org/"],
        chat=ROOM,
        publisher=PUBLISHER,
        podroll=[OTHER],
        update_frequency={"text": "Elke week", "rrule": "FREQ=WEEKLY"},
        seasons=[{"number": 2, "name": "Werk"}],
        audio={"also": ["opus"]},
    )
    write_episode(tmp_path, "01-vooraf", type="trailer", season=2, number=None, title="Vooraf")
    folder = write_episode(
        tmp_path,
        "02-een",
        image="art.png",
        image_alt="Een deur.",
        season=2,
        guests=["Jan"],
        chapters=["0:00 Begin", "0:10 Verder"],
        soundbites=[{"start": "0:05", "duration": "20", "title": "De kern"}],
        locations=["Delft"],
        license={"name": "Eigen", "link": "https://example.org/voorwaarden"},
        discussion=[POST],
        txt=[{"purpose": "ai-content", "text": "nee"}],
        block="yes",
    )
    Image.new("RGB", (1400, 1400), "#2a1a5e").save(folder / "art.png")
    return records.edition(catalog.load(tmp_path))


def test_partytime_finds_every_phase(full: Edition, tmp_path: Path) -> None:
    """All tags of phases 1 to 7 that it knows and that are about a show like this, with what was written in them."""
    read = partytime(body(full), tmp_path)
    assert {int(phase): set(names) for phase, names in read["pc20support"].items()} == {
        1: {"locked", "funding", "transcript", "chapters", "soundbite"},
        2: {"person", "location", "season", "episode"},
        3: {"trailer", "license", "guid", "alternateEnclosure"},
        4: {"medium", "images"},
        5: {"socialInteract"},
        6: {"txt", "podroll"},
        7: {"publisher", "chat"},
    }
    assert read["chat"] == TOLD | {"phase": "7"}
    assert read["podcastFunding"] == [{"message": "Steun ons", "url": "https://example.org/steun"}]
    assert read["podcastLocation"] == {"name": "Den Haag", "osm": "R192736", "geo": "geo:52.08,4.31"}
    assert read["license"]["identifier"] == "cc-by-4.0"
    assert read["podcastTxt"] == [{"value": "S6lpp-7ZCn8", "purpose": "verify"}]
    others = [{"feedGuid": other["guid"], "feedUrl": other["feed"]} for other in (PUBLISHER, OTHER)]
    assert [read["podcastPublisher"], *read["podroll"]] == others
    assert read["pubsub"] == {"self": f"{full.show.base_url}feed.xml", "hub": "https://hub.example.org/"}
    assert read["itunesBlock"] is True
    first, last = full.entries
    (trailer,) = read["trailers"]
    assert (trailer["title"], trailer["url"], trailer["season"]) == ("Vooraf", full.show.base_url + first.media.key, 2)
    assert (trailer["length"], trailer["type"]) == (first.media.size, "audio/mpeg")
    item = read["items"][0]
    assert item["podcastSoundbites"] == [{"startTime": 5, "duration": 20, "title": "De kern"}]
    assert (item["podcastLocation"]["name"], item["podcastTxt"][0]["purpose"]) == ("Delft", "ai-content")
    assert item["license"] == {"identifier": "Eigen", "url": "https://example.org/voorwaarden"}
    assert (item["podcastSocialInteraction"][0]["url"], item["podcastSocialInteraction"][0]["id"]) == (
        POST["link"],
        "@show",
    )
    assert item["enclosure"]["url"] == full.show.base_url + last.media.key


def test_feedsmith_reads_every_namespace(full: Edition, tmp_path: Path) -> None:
    """What partytime does not know: podping, updateFrequency, images with alt texts, psc, country, blocked items."""
    read = judged("feedsmith.js", body(full), tmp_path)
    show, podcast, itunes, base = full.show, read["podcast"], read["itunes"], full.show.base_url
    assert (read["title"], read["description"], read["language"]) == (show.title, show.description, show.language)
    assert (read["copyright"], podcast["guid"], podcast["podping"]) == ("© 2020", show.guid, {"usesPodping": True})
    assert podcast["chat"] == TOLD
    assert podcast["updateFrequency"] == {"display": "Elke week", "rrule": "FREQ=WEEKLY"}
    assert podcast["locations"][0]["country"] == "nl"
    assert [(each["href"], each["alt"], each["width"]) for each in podcast["images"]] == [
        (base + picture.key, show.cover_alt, picture.width) for picture in full.pictures
    ]
    assert (itunes["block"], itunes["complete"], itunes["type"]) == (True, True, "serial")
    assert (itunes["newFeedUrl"], itunes["author"]) == (show.new_feed_url, show.author)
    assert itunes["owner"] == {"name": "De Proevers", "email": "proef@example.org"}
    item, entry = read["items"][0], full.entries[1]
    assert (item["guid"]["value"], item["title"], item["itunes"]["title"]) == (
        entry.episode.guid,
        *[entry.episode.title] * 2,
    )
    assert (item["itunes"]["block"], item["itunes"]["season"], item["itunes"]["image"]) == (
        True,
        2,
        base + entry.pictures[0].key,
    )
    assert [(each["href"], each["alt"]) for each in item["podcast"]["images"]] == [
        (base + picture.key, "Een deur.") for picture in entry.pictures
    ]
    assert item["psc"]["chapters"] == [
        {"start": "00:00:00.000", "title": "Begin"},
        {"start": "00:00:10.000", "title": "Verder"},
    ]
    assert "<p>Notities.</p>" in item["content"]["encoded"]
    assert [each["itunes"]["episodeType"] for each in read["items"]] == ["full", "trailer"]


def test_podcastparser_reads_all_of_it(full: Edition) -> None:
    """gPodder's parser: where the feed has moved to, chapters, art, owner and the kind of each."""
    read = podcastparser.parse(full.show.base_url + "feed.xml", BytesIO(body(full)))
    assert read["cover_url"] == full.show.base_url + full.pictures[0].key
    assert (read["itunes_author"], read["itunes_owner"]["email"]) == (full.show.author, "proef@example.org")
    assert read["new_url"] == full.show.new_feed_url
    assert {each["guid"]: each["type"] for each in read["episodes"]} == {
        entry.episode.guid: entry.episode.kind for entry in full.entries
    }
    episode = next(each for each in read["episodes"] if each["type"] == "full")
    assert [(each["start"], each["title"]) for each in episode["chapters"]] == [(0, "Begin"), (10, "Verder")]
    assert (episode["season"], episode["episode_art_url"]) == (2, full.show.base_url + full.entries[1].pictures[0].key)


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
