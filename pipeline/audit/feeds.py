"""The rules for the feed: is it the one that its release recorded, and if not, what would listeners notice?"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from lxml import etree

from pipeline import addresses, channels, digest, feed
from pipeline.audit.files import LOST, MEND
from pipeline.audit.seen import Damage
from pipeline.model import Digest, Entry, Kind, Release
from pipeline.text import xml_safe

Told = tuple[str, str]
"""Rule, and what is wrong."""

SUBJECT = "the feed"
WHY: Mapping[str, str] = {
    "gone": LOST[Kind.FEED],
    "stale-feed": "They do not see what was published last.",
    "feed-broken": "Apps reject it, and show the show as broken.",
    "feed-changed": "Apps act on a feed that is not what you published.",
    "guid-changed": "Every app takes it for a new episode and downloads it again.",
    "guid-doubled": "Apps show one of them and lose the other.",
    "item-dropped": "It vanishes from listeners' apps.",
    "item-added": "Listeners get an episode that is not yours.",
    "enclosure-changed": "Apps download something else, or nothing.",
}
"""What can be wrong with a feed, and what a listener notices of it."""
_RESTORE = (
    "Run omroep publish --repair; where that refuses it, remove feed.xml from {place} first: its release is recorded, "
    "and it comes back as it was."
)
_PURGE = (
    "A cache may lag for five minutes after a publish. Verify again; when it stays, purge the CDN's cache, or let "
    "`base_url` show this very place."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """An episode as a feed has it."""

    guid: str
    title: str
    link: str
    enclosure: tuple[str, str, str]
    """Address, length, type."""


def stale(shown: bytes, held: Digest) -> Iterator[Damage]:
    """Whether listeners get the feed of another release than `held`, the one that the store holds."""
    named = feed.release_named_in(shown[: feed.STAMP_WITHIN])
    if named != held:
        which = f"that of release {named[:12]}" if named else "no feed that omroep published"
        told = f"listeners get {which}; the store holds release {held[:12]}"
        yield _damage(("stale-feed", told), _PURGE)


def damages(body: bytes, release: Release, place: str) -> Iterator[Damage]:
    """Everything in which a feed differs from the one that `release` recorded."""
    if digest.of_bytes(feed.unstamped(body)) in {item.sha256 for item in release.objects if item.kind is Kind.FEED}:
        return
    for found in tuple(_differences(body, release)) or (("feed-changed", "not what was published"),):
        yield _damage(found, _RESTORE.format(place=place))


def gone(place: str) -> Damage:
    """That there is no feed in the store."""
    return _damage(("gone", f"there is no feed.xml in {place}"), MEND[Kind.FEED])


def foreign(place: str) -> Damage:
    """That the feed in the store names no release."""
    told = f"the feed.xml in {place} names no release of omroep"
    return _damage(("feed-changed", told), _RESTORE.format(place=place))


def _differences(body: bytes, release: Release) -> Iterator[Told]:
    items = _items(body)
    if items is None:
        yield "feed-broken", "not well-formed XML"
        return
    live = Counter(item.guid for item in items)
    for guid, count in live.items():
        if count > 1:
            titles = " and ".join(f"“{item.title}”" for item in items if item.guid == guid)
            yield "guid-doubled", f"the guid {guid} is there {count} times ({titles})"
    entries, base = channels.main(release.edition).edition.entries, release.edition.show.base_url
    wanted = {xml_safe(entry.episode.guid): entry for entry in entries}
    strangers = [item for item in items if item.guid not in wanted]
    for guid, entry in wanted.items():
        alike = next((item for item in strangers if _is(item, entry, base)), None)
        if guid in live:
            yield from _enclosure(next(item for item in items if item.guid == guid), entry, base)
        elif alike:
            strangers.remove(alike)
            told = f"“{entry.episode.title}” has the guid {alike.guid}; it was published with {guid}"
            yield "guid-changed", told
        else:
            told = f"“{entry.episode.title}” ({guid}) is not in it any more"
            yield "item-dropped", told
    for item in strangers:
        told = f"it has “{item.title}” ({item.guid}), which was not published"
        yield "item-added", told


def _enclosure(item: Item, entry: Entry, base: str) -> Iterator[Told]:
    media = entry.media
    if item.enclosure != (wanted := (base + quote(media.key), str(media.size), media.type)):
        told = f"“{item.title}” leads to {' '.join(item.enclosure)} instead of {' '.join(wanted)}"
        yield "enclosure-changed", told


def _is(item: Item, entry: Entry, base: str) -> bool:
    """Whether an item is that entry under another guid."""
    return item.enclosure[0] == base + quote(entry.media.key) or item.link.endswith(
        f"/{addresses.page(entry.episode.slug)}"
    )


def _items(body: bytes) -> Sequence[Item] | None:
    """The items of a feed; None when it is not XML. Nothing is fetched or expanded."""
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None
    return [_item(node) for node in root.iterfind("channel/item")]


def _item(node: etree._Element) -> Item:
    found = node.find("enclosure")
    enclosure: Mapping[str, str] = {} if found is None else {str(name): str(text) for name, text in found.items()}
    return Item(
        guid=node.findtext("guid") or "",
        title=node.findtext("title") or "",
        link=node.findtext("link") or "",
        enclosure=(enclosure.get("url", ""), enclosure.get("length", ""), enclosure.get("type", "")),
    )


def _damage(found: Told, mend: str) -> Damage:
    rule, told = found
    return Damage(rule=rule, key=feed.KEY, subject=SUBJECT, told=told, why=WHY[rule], mend=mend)
