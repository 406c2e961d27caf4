"""A show's further feeds: older pages, seasons and topics, read back by other people's parsers."""

import re
import uuid
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
import podcastparser
import pytest
from lxml import etree

from pipeline import audit, channels, feed, pages, release, theme, upkeep
from pipeline.model import Edition, Guid, Key, Kind, Object, Season, Slug
from pipeline.store.memory import MemoryStore
from tests import records
from tests.listeners import complaints
from tests.test_feed import ROOT, example
from tests.test_publish import BASE, edit, published, reader, room, root, seen, three

__all__ = ["example", "root", "three"]

ATOM = "{http://www.w3.org/2005/Atom}"
GUID = "{https://podcastindex.org/namespace/1.0}guid"


def many(example: Any, count: int) -> Edition:
    first = example.episodes[0]
    return records.edition(
        replace(
            example,
            episodes=tuple(replace(first, guid=Guid(f"g{place}"), slug=Slug(f"s{place}")) for place in range(count)),
        )
    )


def feeds(edition: Edition) -> dict[str, bytes]:
    made = (feed.compose(edition), *feed.further(edition, str))
    return {item.key: item.body for item in made if isinstance(item.body, bytes)}


def guids(body: bytes) -> list[str]:
    return [entry.id for entry in feedparser.parse(body).entries]


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 3, from 6 episodes on."""
    monkeypatch.setattr(channels, "WHOLE", 3)
    monkeypatch.setattr(channels, "SLICE", 3)


# --- older pages ------------------------------------------------------------------------------------------------------


def test_the_numbers_in_the_papers_are_those_of_the_program() -> None:
    """What producers are told of long shows."""
    told = (ROOT / "docs" / "producers.md").read_text("utf-8").partition("### More feeds")[2]
    most = channels.WHOLE + channels.SLICE - 1
    assert f"every episode up to {most}. Of a longer show it holds the newest {channels.WHOLE} to {most};" in told
    assert f"(the oldest {channels.SLICE})" in told


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (1499, 1499), (1500, 1000), (1999, 1499), (2000, 1000)])
def test_only_a_long_show_has_pages(example: Any, count: int, kept: int) -> None:
    """The main feed is whole up to 1499 episodes, and never holds fewer than the newest 1000 of more."""
    edition = replace(many(example, 1), entries=many(example, 1).entries * count)
    assert len(channels.main(edition).edition.entries) == kept
    assert len(channels.further(edition, str)) == (count - kept) // channels.SLICE


@pytest.mark.usefixtures("short_pages")
def test_following_the_pages_gives_every_episode_once(example: Any) -> None:
    """As gPodder does, from one `next` to the following, newest first."""
    made, address, found = feeds(many(example, 11)), f"{example.show.base_url}feed.xml", []
    while address:
        body = made[address.removeprefix(example.show.base_url)]
        read = podcastparser.parse(address, BytesIO(body))
        found += guids(body)
        address = read.get("paged_feed_next", "")
    assert found == [f"g{place}" for place in reversed(range(11))]


@pytest.mark.usefixtures("short_pages")
def test_pages_lead_both_ways(example: Any) -> None:
    """Each names itself, the first, the last and its neighbours; all are one feed, with one guid."""
    made, base = feeds(many(example, 11)), example.show.base_url
    links = {
        key: {
            link.get("rel"): str(link.get("href")).removeprefix(base)
            for link in etree.fromstring(body)[0].iterfind(f"{ATOM}link")
        }
        for key, body in made.items()
    }
    ends = {"first": "feed.xml", "last": "feeds/older-1.xml"}
    assert links == {
        "feed.xml": {"self": "feed.xml", "next": "feeds/older-2.xml"} | ends,
        "feeds/older-2.xml": {"self": "feeds/older-2.xml", "next": "feeds/older-1.xml", "previous": "feed.xml"} | ends,
        "feeds/older-1.xml": {"self": "feeds/older-1.xml", "previous": "feeds/older-2.xml"} | ends,
    }
    assert {etree.fromstring(body)[0].findtext(GUID) for body in made.values()} == {example.show.guid}


@pytest.mark.usefixtures("short_pages")
def test_a_full_page_stays_as_it_is(example: Any) -> None:
    """A new episode changes the main feed and no older page."""
    before, after = feeds(many(example, 10)), feeds(many(example, 11))
    assert {key for key in before if before[key] != after[key]} == {"feed.xml"}


@pytest.mark.usefixtures("short_pages")
def test_an_audit_knows_what_the_main_feed_holds(example: Any) -> None:
    """Of a main feed with pages that lost an item only that one is missed, not what is on older pages."""
    edition = many(example, 7)
    fed = feed.compose(edition)
    made = release.make(edition, (fed,))
    body = feed.stamped(fed, made.id).body
    assert isinstance(body, bytes)
    lost = re.sub(rb"<item>.*?</item>", b"", body, count=1, flags=re.DOTALL)
    (damage,) = audit.feed_damages(lost, lost, made, "here")
    assert (damage.rule, "(g6)" in damage.told) == ("item-dropped", True)


# --- seasons and topics -----------------------------------------------------------------------------------------------


@pytest.fixture
def parts(example: Any) -> Edition:
    """Two seasons, of which one has a name, and topics."""
    show = replace(
        example.show,
        feeds=("seasons", "topics"),
        seasons=(Season(number=2, name="Werk & wonen"),),
        new_feed_url=f"{BASE}x",
    )
    said = (("a", 1, ("Jobcoaching",)), ("b", 2, ("Jobcoaching", "Werving")), ("c", None, ()))
    episodes = tuple(
        replace(episode, guid=Guid(guid), season=season, topics=topics)
        for episode, (guid, season, topics) in zip(example.episodes, said, strict=False)
    )
    return records.edition(replace(example, show=show, episodes=episodes))


def test_a_season_and_a_topic_have_a_feed(parts: Edition) -> None:
    """With their own episodes, title, guid and page; the guid is made from the show's and never changes."""
    namespace = uuid.UUID(parts.show.guid)
    told = {
        key: (guids(body), feedparser.parse(body).feed.title, etree.fromstring(body)[0].findtext(GUID))
        for key, body in feeds(parts).items()
        if key != "feed.xml"
    }
    title = parts.show.title
    assert told == {
        "feeds/season-1.xml": (["a"], f"{title}: Season 1", str(uuid.uuid5(namespace, "season-1"))),
        "feeds/season-2.xml": (["b"], f"{title}: Werk & wonen", str(uuid.uuid5(namespace, "season-2"))),
        "feeds/topic-jobcoaching.xml": (
            ["b", "a"],
            f"{title}: Jobcoaching",
            str(uuid.uuid5(namespace, "topic-jobcoaching")),
        ),
        "feeds/topic-werving.xml": (["b"], f"{title}: Werving", str(uuid.uuid5(namespace, "topic-werving"))),
    }


def test_a_part_never_sends_its_listeners_to_the_whole(parts: Edition) -> None:
    """Only the main feed says where it has moved to; each names itself and links to the page about it."""
    for key, body in feeds(parts).items():
        channel = etree.fromstring(body)[0]
        assert (b"new-feed-url" in body) == (key == "feed.xml")
        own = channel.find(f"{ATOM}link[@rel='self']")
        assert own is not None
        assert own.get("href") == parts.show.base_url + key
        page = f"topics/{key.removeprefix('feeds/topic-')[:-4]}.html" if "topic" in key else "index.html"
        assert channel.findtext("link") == parts.show.base_url + page


def test_a_part_of_which_all_was_withdrawn_is_empty(parts: Edition) -> None:
    """So that nothing of it stays in a feed."""
    left = replace(parts, entries=parts.entries[:1], withdrawn=parts.entries[1:])
    made = feeds(left)
    assert guids(made["feeds/season-2.xml"]) == guids(made["feeds/topic-werving.xml"]) == []


def test_pages_lead_to_the_feeds_of_parts(parts: Edition) -> None:
    """The page to subscribe to those of seasons, a topic's page to its own; the words are the show's."""
    look = theme.load(ROOT, "nl")
    made = {str(item.key): item.body.decode() for item in pages.compose(parts, look) if isinstance(item.body, bytes)}
    assert re.findall(r'<li>(.*?): <a href="(feeds/.*?)"', made["subscribe.html"]) == [
        ("Seizoen 1", "feeds/season-1.xml"),
        ("Werk &amp; wonen", "feeds/season-2.xml"),
    ]
    assert 'href="../feeds/topic-werving.xml"' in made["topics/werving.html"]


def test_a_show_that_asks_for_none_has_none(example: Any) -> None:
    """Nor do its pages speak of them."""
    edition = records.edition(example)
    assert feed.further(edition, str) == ()
    assert not any(
        b"feeds/" in item.body
        for item in pages.compose(edition, theme.load(ROOT, "nl"))
        if isinstance(item.body, bytes)
    )


# --- in a store -------------------------------------------------------------------------------------------------------


class Watching(MemoryStore):
    """Follows every link of every feed after every write."""

    def put(self, item: Object, **how: Any) -> Any:
        version = super().put(item, **how)
        assert complaints(reader(self), BASE) == []  # type: ignore[arg-type]
        for key, held in list(self.objects.items()):  # other threads write too
            if key.startswith("feeds/") and isinstance(held.body, bytes):
                for entry in feedparser.parse(held.body).entries:
                    assert entry.enclosures[0].href.removeprefix(BASE) in self.objects
        return version


def asks(root: Path, line: str) -> None:
    file = root / "feed" / "show.yaml"
    file.write_text(f"{file.read_text('utf-8')}{line}\n", "utf-8")


def test_further_feeds_are_published_like_pages(root: Path) -> None:
    """No link is broken after any write; what is there changes after the main feed; going back works too."""
    asks(root, "feeds: seasons, topics")
    store = Watching()
    first = published(root, store)
    body = store.objects[Key("feeds/topic-detachering.xml")]
    assert (body.kind, body.type) == (Kind.PAGE, feed.TYPE)
    assert published(root, store).actions == ()
    edit(root, "01-een", "Aflevering over", "Alles over")
    order = [action.object.key for action in published(root, store).actions]
    assert order.index(Key("feed.xml")) < order.index(Key("feeds/topic-detachering.xml"))
    upkeep.go(upkeep.back(room(root), store, None), store, lambda action: None)
    again = store.objects[Key("feeds/topic-detachering.xml")]
    assert again.sha256 == body.sha256
    assert again.sha256 in {item.sha256 for item in first.release.objects}
    assert seen(store) == []


def test_a_styled_feed_comes_back_to_the_byte(root: Path) -> None:
    """Its record holds it with the line that names its style, and going back gives what was live, of the same type."""
    store = MemoryStore()
    first = published(root, store).release
    live = store.objects[Key("feed.xml")]
    assert isinstance(live.body, bytes)
    _, stamp, style, _ = live.body.split(b"\n", 3)
    assert (stamp, b"<?xml-stylesheet" in style) == (f"<!-- omroep release {first.id} -->".encode(), True)
    assert feed.unstamped(live.body) == first.feed.encode() == live.body.replace(stamp + b"\n", b"")
    stored = store.objects[release.key(first.id)].body
    assert isinstance(stored, bytes)
    again = release.feed_of(release.parse(stored, named=first.id))
    assert (again.body, again.type, again.sha256) == (live.body, feed.TYPE, live.sha256)
    edit(root, "01-een", "Aflevering over", "Alles over")
    published(root, store)
    assert store.objects[Key("feed.xml")].body != live.body
    upkeep.go(upkeep.back(room(root), store, None), store, lambda action: None)
    assert store.objects[Key("feed.xml")].body == live.body


def test_a_browser_is_given_a_style(root: Path) -> None:
    """Every feed names a style sheet that is there, behind its release in the first bytes; its words are the show's."""
    asks(root, "feeds: topics")
    store = MemoryStore()
    published(root, store)
    heads = {key: item.body for key, item in store.objects.items() if key.startswith("feed") and key.endswith(".xml")}
    assert {item.type for key, item in store.objects.items() if key in heads} == {feed.TYPE}
    assert len(heads) == 2
    for key, body in heads.items():
        assert isinstance(body, bytes)
        (told,) = re.findall(rb'<\?xml-stylesheet type="text/css" href="(.*?)"\?>', body)
        style = store.objects[Key(told.decode().removeprefix("../" if "/" in key else ""))]
        assert style.type == "text/css; charset=utf-8"
        assert isinstance(style.body, bytes)
        assert "Dit is de feed van een podcast" in style.body.decode()
        assert feedparser.parse(body).bozo == 0
    fed = heads[Key("feed.xml")]
    assert isinstance(fed, bytes)
    assert feed.release_named_in(fed[: feed.STAMP_WITHIN]) is not None


def test_the_words_of_a_style_cannot_end_their_string(example: Any) -> None:
    """Quotes, backslashes and new lines in what the producer wrote are escaped."""
    show = replace(example.show, cover_alt='een "deur" \\ } body{} </style>')
    edition = replace(records.edition(example), show=show)
    site = pages.compose(edition, theme.load(ROOT, "nl"))
    (style,) = (
        item.body.decode() for item in site if item.key == pages.feed_style(site) and isinstance(item.body, bytes)
    )
    (alt,) = re.findall(r'\) / "(.*?)"', style)
    assert alt == r"een \22 deur\22  \5c  \7d  body\7b \7d  \3c \2f style\3e "
