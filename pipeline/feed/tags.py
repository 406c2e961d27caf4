"""Every element of ours in the feed, as rows: a new tag is a row here and a case in tests/cases/feed."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Generic, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipeline import formats, sidecars
from pipeline.channels import Channel
from pipeline.history import FEED
from pipeline.model import (
    Chat,
    Discussion,
    Edition,
    Elsewhere,
    Entry,
    License,
    Location,
    Media,
    Note,
    Object,
    Person,
    Picture,
    Rendition,
)
from pipeline.names import portraits
from pipeline.text import timestamp

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
}
"""Prefix and address; both are case-sensitive to some readers (PSP-1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """What the row of an item may look at."""

    edition: Edition
    entry: Entry


@dataclass(frozen=True, slots=True)
class Element:
    """One occurrence of a tag."""

    text: str | None = None
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    """Those that are None are left out."""
    children: tuple[tuple[str, "Element"], ...] = ()
    """Tag and element."""


Scope = TypeVar("Scope", Channel, Edition, Item)


@dataclass(frozen=True, slots=True)
class Row(Generic[Scope]):
    """A tag, the specification that defines it, and its elements for a channel or an item (none: it is left out)."""

    tag: str
    source: str
    elements: Callable[[Scope], Iterable[Element]]


def _text(value: object) -> tuple[Element, ...]:
    return () if value is None or value == "" else (Element(str(value)),)


def _flag(value: bool) -> tuple[Element, ...]:
    return (Element("true" if value else "false"),)


def _when(true: object, element: Callable[[], Element]) -> tuple[Element, ...]:
    return (element(),) if true else ()


def _people(people: Iterable[Person], edition: Edition) -> tuple[Element, ...]:
    photos = portraits(edition)
    return tuple(
        Element(
            person.name,
            {
                "role": person.role.lower(),
                "group": person.group.lower(),
                "href": person.link,
                "img": f"{edition.show.base_url}{photos[person.image.sha256].key}" if person.image else None,
            },
        )
        for person in people
    )


def _funding(edition: Edition) -> tuple[Element, ...]:
    return tuple(Element(each.text, {"url": each.link}) for each in edition.show.funding)


def _locations(places: Iterable[Location]) -> tuple[Element, ...]:
    return tuple(
        Element(place.name, {"rel": place.rel, "geo": place.geo, "osm": place.osm, "country": place.country})
        for place in places
    )


def _license(license: License | None) -> tuple[Element, ...]:
    return (Element(license.name, {"url": license.link}),) if license else ()


def _notes(notes: Iterable[Note]) -> tuple[Element, ...]:
    return tuple(Element(note.text, {"purpose": note.purpose}) for note in notes)


def _discussion(posts: tuple[Discussion, ...]) -> tuple[Element, ...]:
    return tuple(
        Element(
            attributes={
                "protocol": post.protocol,
                "uri": post.link,
                "accountId": post.account,
                "accountUrl": post.account_link,
                "priority": str(place) if len(posts) > 1 else None,
            }
        )
        for place, post in enumerate(posts, start=1)
    )


def _chat(room: Chat | None) -> tuple[Element, ...]:
    if not room:
        return ()
    told = {"server": room.server, "protocol": room.protocol, "accountId": room.account, "space": room.space}
    return (Element(attributes=told),)


def _elsewhere(feed: Elsewhere, *, medium: str | None = None) -> tuple[str, Element]:
    attributes = {"feedGuid": feed.guid, "feedUrl": feed.feed, "medium": medium, "title": feed.title}
    return "podcast:remoteItem", Element(attributes=attributes)


def _podroll(edition: Edition) -> tuple[Element, ...]:
    feeds = edition.show.podroll
    return _when(feeds, lambda: Element(children=tuple(map(_elsewhere, feeds))))


def _publisher(edition: Edition) -> tuple[Element, ...]:
    publisher = edition.show.publisher
    return (Element(children=(_elsewhere(publisher, medium="publisher"),)),) if publisher else ()


def _hubs(edition: Edition) -> tuple[Element, ...]:
    return tuple(Element(attributes={"rel": "hub", "href": hub}) for hub in edition.show.hubs)


def _podping(edition: Edition) -> tuple[Element, ...]:
    return _when(edition.show.podping, lambda: Element(attributes={"usesPodping": "true"}))


def _paging(channel: Channel) -> tuple[Element, ...]:
    """The way through a feed in pages, of which the newest is the first."""
    base = channel.edition.show.base_url
    ways = {"first": FEED, "next": channel.older, "previous": channel.newer, "last": "feeds/older-1.xml"}
    return tuple(
        Element(attributes={"rel": rel, "href": base + key, "type": "application/rss+xml"})
        for rel, key in ways.items()
        if channel.pages and key
    )


def _images(pictures: Iterable[Picture], alt: str | None, base_url: str) -> tuple[Element, ...]:
    return tuple(
        Element(
            attributes={
                "href": base_url + picture.key,
                "alt": alt,
                "width": str(picture.width),
                "height": str(picture.height),
                "type": picture.type,
                "purpose": "artwork",
            }
        )
        for picture in pictures
    )


def _sources(pictures: tuple[Picture, ...], base_url: str) -> tuple[Element, ...]:
    """The same for apps that know only the older tag."""
    listed = ", ".join(f"{base_url}{picture.key} {picture.width}w" for picture in pictures)
    return _when(pictures, lambda: Element(attributes={"srcset": listed}))


def _trailers(edition: Edition) -> tuple[Element, ...]:
    """Newest first, as items are."""
    trailers = (entry for entry in reversed(edition.entries) if entry.episode.kind == "trailer")
    return tuple(_trailer(entry, edition) for entry in trailers)


def _trailer(entry: Entry, edition: Edition) -> Element:
    episode, media = entry.episode, entry.media
    return Element(
        episode.title,
        {
            "pubdate": format_datetime(episode.published.astimezone(ZoneInfo(edition.show.timezone))),
            "url": edition.show.base_url + quote(media.key),
            "length": str(media.size),
            "type": media.type,
            "season": str(episode.season) if episode.season else None,
        },
    )


def _soundbites(item: Item) -> tuple[Element, ...]:
    """Those that are whole in the delivered file, in its time."""
    episode, media = item.entry.episode, item.entry.media
    moved = ((round(each.start_s + media.shift_s, 3), each) for each in episode.soundbites)
    return tuple(
        Element(each.title, {"startTime": str(start_s), "duration": str(each.duration_s)})
        for start_s, each in moved
        if start_s >= 0 and start_s + each.duration_s <= media.duration_s
    )


def _categories(edition: Edition) -> tuple[Element, ...]:
    return tuple(
        Element(
            attributes={"text": category.main},
            children=(("itunes:category", Element(attributes={"text": category.sub})),) if category.sub else (),
        )
        for category in edition.show.categories
    )


def _owner(edition: Edition) -> tuple[Element, ...]:
    owner = edition.show.owner
    if not owner:
        return ()
    return (Element(children=(("itunes:name", Element(owner.name)), ("itunes:email", Element(owner.email)))),)


def _locked(edition: Edition) -> tuple[Element, ...]:
    owner = edition.show.owner
    return (Element("yes" if edition.show.locked else "no", {"owner": owner.email if owner else None}),)


def _frequency(edition: Edition) -> tuple[Element, ...]:
    told = edition.show.update_frequency
    if not told:
        return ()
    complete = "true" if told.complete else None
    return (Element(told.text, {"rrule": told.rrule, "dtstart": told.dtstart, "complete": complete}),)


def _season(item: Item) -> tuple[Element, ...]:
    number = item.entry.episode.season
    names = {season.number: season.name for season in item.edition.show.seasons}
    return _when(number, lambda: Element(str(number), {"name": names.get(number or 0)}))


def _art(item: Item) -> tuple[Element, ...]:
    pictures = item.entry.pictures
    return _when(pictures, lambda: Element(attributes={"href": item.edition.show.base_url + pictures[0].key}))


def _sidecar(item: Item, made: Object | None, *, language: str | None = None) -> tuple[Element, ...]:
    if made is None:
        return ()
    url = item.edition.show.base_url + made.key
    return (Element(attributes={"url": url, "type": made.type.partition(";")[0], "language": language}),)


def _simple_chapters(item: Item) -> tuple[Element, ...]:
    chapters = tuple(
        (
            "psc:chapter",
            Element(attributes={"start": timestamp(each.start_s), "title": each.title, "href": each.link}),
        )
        for each in sidecars.moved_chapters(item.entry)
    )
    return _when(chapters, lambda: Element(attributes={"version": "1.2"}, children=chapters))


def _enclosures(item: Item) -> tuple[Element, ...]:
    """Every format of an episode, the enclosure's own as the default; nothing where it is the only one."""
    media, base = item.entry.media, item.edition.show.base_url
    if not media.alternates:
        return ()
    return (_enclosure(media, base, default="true"), *(_enclosure(each, base) for each in media.alternates))


def _enclosure(made: Media | Rendition, base_url: str, *, default: str | None = None) -> Element:
    format = formats.of(made.type)
    attributes = {
        "type": made.type,
        "length": str(made.size),
        "bitrate": str(1000 * made.bitrate_kbps),
        "title": f"{format.name}, {made.bitrate_kbps} kbps",
        "codecs": format.codecs or None,
        "default": default,
    }
    integrity = Element(attributes={"type": "sri", "value": f"sha256-{b64encode(bytes.fromhex(made.sha256)).decode()}"})
    source = Element(attributes={"uri": base_url + quote(made.key)})
    return Element(attributes=attributes, children=(("podcast:source", source), ("podcast:integrity", integrity)))


def _persons(item: Item) -> tuple[Element, ...]:
    # An item's persons replace the channel's, so an episode with guests names its hosts again.
    return _people((*item.entry.episode.hosts, *item.entry.episode.guests), item.edition)


PAGES: tuple[Row[Channel], ...] = (Row("atom:link", "RFC 5005 section 3", _paging),)

CHANNEL: tuple[Row[Edition], ...] = (
    Row("itunes:author", "PSP-1", lambda edition: _text(edition.show.author)),
    Row("itunes:subtitle", "Apple", lambda edition: _text(edition.show.subtitle)),
    Row("itunes:type", "Apple-guide", lambda edition: _text(edition.show.kind)),
    Row("itunes:explicit", "PSP-1", lambda edition: _flag(edition.show.explicit)),
    Row(
        "itunes:image",
        "PSP-1",
        lambda edition: (Element(attributes={"href": edition.show.base_url + edition.pictures[0].key}),),
    ),
    Row("itunes:category", "PSP-1", _categories),
    Row("itunes:owner", "Apple-guide", _owner),
    Row("itunes:block", "Apple-guide", lambda edition: _when(edition.show.block, lambda: Element("Yes"))),
    Row("itunes:complete", "Apple-guide", lambda edition: _when(edition.show.complete, lambda: Element("Yes"))),
    Row("itunes:new-feed-url", "Apple-guide", lambda edition: _text(edition.show.new_feed_url)),
    Row("podcast:guid", "ns guid", lambda edition: _text(edition.show.guid)),
    Row("podcast:locked", "ns locked", _locked),
    Row("podcast:medium", "ns medium", lambda edition: _text(edition.show.medium)),
    Row("podcast:updateFrequency", "ns updateFrequency", _frequency),
    Row("podcast:person", "ns person", lambda edition: _people(edition.show.hosts, edition)),
    Row("podcast:funding", "ns funding", _funding),
    Row("podcast:location", "ns location", lambda edition: _locations(edition.show.locations)),
    Row("podcast:license", "ns license", lambda edition: _license(edition.show.license)),
    Row("podcast:trailer", "ns trailer", _trailers),
    Row(
        "podcast:image",
        "ns image",
        lambda edition: _images(edition.pictures, edition.show.cover_alt, edition.show.base_url),
    ),
    Row("podcast:images", "ns images", lambda edition: _sources(edition.pictures, edition.show.base_url)),
    Row("podcast:txt", "ns txt", lambda edition: _notes(edition.show.txt)),
    Row("podcast:socialInteract", "ns social-interact", lambda edition: _discussion(edition.show.discussion)),
    Row("podcast:chat", "ns chat", lambda edition: _chat(edition.show.chat)),
    Row("podcast:publisher", "ns publisher", _publisher),
    Row("podcast:podroll", "ns podroll", _podroll),
    Row("podcast:podping", "ns podping", _podping),
    Row("atom:link", "WebSub 4", _hubs),
)

ITEM: tuple[Row[Item], ...] = (
    Row("itunes:title", "Apple-guide", lambda item: _text(item.entry.episode.title)),
    Row("itunes:duration", "PSP-1", lambda item: _text(max(1, round(item.entry.media.duration_s)))),
    Row("itunes:explicit", "PSP-1", lambda item: _flag(item.entry.episode.explicit)),
    Row("itunes:episode", "Apple-guide", lambda item: _text(item.entry.episode.number)),
    Row("itunes:season", "Apple-guide", lambda item: _text(item.entry.episode.season)),
    Row("itunes:episodeType", "Apple-guide", lambda item: _text(item.entry.episode.kind)),
    Row("itunes:summary", "Apple-guide", lambda item: _text(item.entry.episode.summary)),
    Row("itunes:image", "PSP-1", _art),
    Row("podcast:episode", "ns episode", lambda item: _text(item.entry.episode.number)),
    Row("podcast:season", "ns season", _season),
    Row("podcast:person", "ns person", _persons),
    Row("podcast:chapters", "ns chapters", lambda item: _sidecar(item, sidecars.chapters(item.entry))),
    Row("psc:chapters", "Podlove Simple Chapters 1.2", _simple_chapters),
    Row(
        "podcast:transcript",
        "ns transcript",
        lambda item: _sidecar(item, sidecars.transcript(item.entry), language=item.edition.show.language),
    ),
    Row("itunes:block", "Apple-guide", lambda item: _when(item.entry.episode.block, lambda: Element("Yes"))),
    Row("podcast:soundbite", "ns soundbite", _soundbites),
    Row("podcast:location", "ns location", lambda item: _locations(item.entry.episode.locations)),
    Row("podcast:license", "ns license", lambda item: _license(item.entry.episode.license)),
    Row(
        "podcast:image",
        "ns image",
        lambda item: _images(item.entry.pictures, item.entry.episode.image_alt, item.edition.show.base_url),
    ),
    Row("podcast:images", "ns images", lambda item: _sources(item.entry.pictures, item.edition.show.base_url)),
    Row("podcast:txt", "ns txt", lambda item: _notes(item.entry.episode.txt)),
    Row("podcast:socialInteract", "ns social-interact", lambda item: _discussion(item.entry.episode.discussion)),
    Row("podcast:chat", "ns chat", lambda item: _chat(item.entry.episode.chat)),
    Row("podcast:alternateEnclosure", "ns alternateEnclosure, integrity", _enclosures),
)
