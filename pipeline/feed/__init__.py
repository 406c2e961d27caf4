"""The RSS feed of an Edition: feedgen writes RSS, our extension writes the rows of `feed.tags`."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from pipeline import addresses, channels, digest, notes
from pipeline.channels import Channel
from pipeline.feed import timestamps
from pipeline.feed.tags import CHANNEL, ITEM, NAMESPACES, PAGES, Element, Item, Row, Scope
from pipeline.history import FEED
from pipeline.model import Cache, Digest, Edition, Entry, Episode, Key, Kind, Object
from pipeline.text import xml_safe

KEY = FEED
TYPE = "application/xml; charset=utf-8"
"""Browsers style this, and show `application/rss+xml` as code; apps take either (docs/decisions/0022)."""
LONGEST_DESCRIPTION = 4000
"""Bytes (PSP-1)."""
STAMP_WITHIN = 512
"""The first bytes of a feed in which the name of its release is found."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROLOG = b"<?xml version='1.0' encoding='UTF-8'?>\n"
_STAMP = re.compile(rb"<!-- omroep release ([0-9a-f]{64}) -->\n")


def compose(edition: Edition, style: Key | None = None) -> Object:
    """The main feed, not yet naming its release; newest episode first, and no moment in it that is not in the data.

    `style` is the style sheet by which a browser shows it.
    """
    return _object(_written(channels.main(edition), style))


def further(edition: Edition, wording: channels.Wording, style: Key | None = None) -> tuple[Object, ...]:
    """Every other feed: to a store they are pages, which change after the main feed has."""
    made = ((channel.key, _written(channel, style)) for channel in channels.further(edition, wording))
    return tuple(replace(_object(body), key=key, kind=Kind.PAGE) for key, body in made)


def _written(channel: Channel, style: Key | None) -> bytes:
    edition = channel.edition
    zone = ZoneInfo(edition.show.timezone)
    feed = FeedGenerator()
    feed.register_extension("omroep", _Channel, _Entry, atom=False)
    feed.omroep.channel_of(channel)
    _channel(feed, channel, zone)
    for entry in reversed(edition.entries):
        _item(feed.add_entry(order="append"), edition, entry, zone)
    body: bytes = feed.rss_str(pretty=True)
    return _styled(body, posixpath.relpath(style, posixpath.dirname(channel.key) or ".")) if style else body


def _styled(body: bytes, address: str) -> bytes:
    """A feed with the address of its style sheet (W3C, Associating Style Sheets with XML documents 1.0)."""
    told = f'<?xml-stylesheet type="text/css" href="{address}"?>\n'
    return _PROLOG + told.encode() + body.removeprefix(_PROLOG)


def stamped(unstamped: Object, release: Digest) -> Object:
    """The feed as it is published: naming the release that records all it leads to."""
    body = unstamped.body
    if not isinstance(body, bytes) or not body.startswith(_PROLOG):
        raise ValueError("not a feed of ours")
    named = _PROLOG + f"<!-- omroep release {release} -->\n".encode() + body.removeprefix(_PROLOG)
    return replace(unstamped, sha256=digest.of_bytes(named), size=len(named), body=named)


def unstamped(published: bytes) -> bytes:
    """A published feed as it was before it named its release."""
    return _STAMP.sub(b"", published[:STAMP_WITHIN], count=1) + published[STAMP_WITHIN:]


def release_named_in(head: bytes) -> Digest | None:
    """The release that a feed names in its first `STAMP_WITHIN` bytes; None for a feed that is not ours."""
    found = _STAMP.search(head)
    return Digest(found[1].decode()) if found else None


def _object(body: bytes) -> Object:
    return Object(
        key=KEY,
        kind=Kind.FEED,
        type=TYPE,
        cache=Cache.SHORT,
        sha256=digest.of_bytes(body),
        size=len(body),
        body=body,
    )


def _channel(feed: FeedGenerator, channel: Channel, zone: ZoneInfo) -> None:
    edition, show = channel.edition, channel.edition.show
    feed.title(xml_safe(show.title))
    feed.link(href=show.base_url + channel.key, rel="self", type="application/rss+xml")
    feed.link(href=show.base_url + channel.page, rel="alternate")  # last: feedgen makes the last one the channel's link
    feed.description(xml_safe(show.description))
    feed.language(show.language)
    feed.copyright(xml_safe(show.copyright) if show.copyright else None)
    feed.generator("omroep")
    # feedgen would stamp the clock, and every run would be a change.
    newest = max((entry.episode.published for entry in edition.entries), default=None)
    feed.lastBuildDate(newest.astimezone(zone) if newest else _EPOCH)


def _item(item: FeedEntry, edition: Edition, entry: Entry, zone: ZoneInfo) -> None:
    episode, media, base = entry.episode, entry.media, edition.show.base_url
    item.omroep.entry_of(edition, entry)
    item.title(xml_safe(episode.title))
    item.guid(xml_safe(episode.guid), permalink=False)
    item.link(href=base + addresses.page(episode.slug))
    item.enclosure(url=base + quote(media.key), length=str(media.size), type=media.type)
    item.pubDate(episode.published.astimezone(zone))
    moments = timestamps.listed(entry, episode.notes)
    if episode.notes:
        item.content(xml_safe(notes.html(episode.notes)) + moments, type="html")
    item.description(_description(episode, moments))


def _description(episode: Episode, moments: str) -> str:
    """Notes, or the summary where there are none; below them the moments, unless these take more than half the room."""
    size = len(moments.encode())
    if episode.notes:
        kept = moments if size <= LONGEST_DESCRIPTION // 2 else ""
        return xml_safe(notes.description_html(episode.notes, LONGEST_DESCRIPTION - len(kept.encode()))) + kept
    summary = f"<p>{escape(xml_safe(episode.summary or episode.title))}</p>"
    return summary + (moments if len(summary.encode()) + size <= LONGEST_DESCRIPTION else "")


# --- our extension ----------------------------------------------------------------------------------------------------


class _Channel(BaseExtension):  # type: ignore[misc]  # feedgen ships no types
    channel: Channel

    def channel_of(self, channel: Channel) -> None:
        self.channel = channel

    def extend_ns(self) -> Mapping[str, str]:
        return NAMESPACES

    def extend_rss(self, feed: Any) -> Any:
        _append(feed[0], CHANNEL, self.channel.edition)
        _append(feed[0], PAGES, self.channel)
        return feed


class _Entry(BaseEntryExtension):  # type: ignore[misc]
    item: Item

    def entry_of(self, edition: Edition, entry: Entry) -> None:
        self.item = Item(edition=edition, entry=entry)

    def extend_rss(self, feed: Any) -> Any:
        _append(feed, ITEM, self.item)
        return feed


def _append(parent: Any, rows: Iterable[Row[Scope]], scope: Scope) -> None:
    for row in rows:
        for element in row.elements(scope):
            _write(parent, row.tag, element)


def _write(parent: Any, tag: str, element: Element) -> None:
    prefix, _, name = tag.partition(":")
    attributes = {key: xml_safe(value) for key, value in element.attributes.items() if value is not None}
    node = etree.SubElement(parent, f"{{{NAMESPACES[prefix]}}}{name}", attributes)
    node.text = xml_safe(element.text) if element.text is not None else None
    for child_tag, child in element.children:
        _write(node, child_tag, child)
