"""An independent reader: what listeners can see of a store, judged by other people's parsers after every change."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import feedparser
import lxml.html
import podcastparser
from lxml import etree

BASE = "https://proef.example.org/"
FEED, HOME, LOG = "feed.xml", "index.html", "feed.log/"
_HASHED = re.compile(r"\.([0-9a-f]{16})\.[a-z0-9]+$")
_BY_SOURCE = "images/"
"""What is named after the picture it was made from: its name tells another hash."""
_RECORD = re.compile(r"releases/[0-9a-f]{32}\.json$")
_ADDRESS = re.compile(re.escape(BASE) + r"[^\s\"'<>)\\]*")
_CHANNEL, _ITEM = ("title", "link", "language"), ("title", "enclosure", "guid", "pubDate")
_PODCAST = "{https://podcastindex.org/namespace/1.0}"
_TEXTS = (".html", ".xml", ".json", ".vtt", ".txt")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An object as anybody gets it."""

    body: bytes
    type: str | None = None
    """None where the store tells none: a folder."""
    sha256: str = ""

    @classmethod
    def of(cls, body: bytes, type: str | None = None) -> "Seen":
        return cls(body=body, type=type, sha256=hashlib.sha256(body).hexdigest())


View = Mapping[str, Seen]


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """What an item of a feed leads to."""

    url: str
    length: int
    type: str


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed as apps understand it."""

    guids: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]
    addresses: frozenset[str]
    """Keys of ours that it leads to."""
    faults: tuple[str, ...]


@dataclass(kw_only=True)
class Watcher:
    """Looks on from outside: `look` after each change of a key, `sweep` over everything."""

    read: Callable[[str], Seen | None]
    """What anybody gets under a key."""
    view: dict[str, Seen] = field(default_factory=dict)
    leaving: frozenset[str] = frozenset()
    """Guids that the producer takes down on purpose."""
    hidden: tuple[str, ...] = ()
    """Words, in lower case, of what nobody may know of yet."""
    known: frozenset[str] | None = None
    """Every guid that the producer ever gave; None: any."""
    pruned: bool = False
    """Only what the live release names must still be there."""
    violations: list[str] = field(default_factory=list)
    looks: int = 0
    _ever: dict[str, str] = field(default_factory=dict)
    """Hashed key to the SHA-256 of its bytes, for as long as this reader has looked."""
    _guids: tuple[str, ...] = ()

    def begin(self, view: View) -> None:
        """From what was there before, which is taken as it is; what is remembered starts anew."""
        self.view = dict(view)
        self._ever = {key: seen.sha256 for key, seen in view.items() if _lasting(key)}
        self._guids = feed_of(view[FEED]).guids if FEED in view else ()

    def look(self, key: str, moment: str) -> None:
        """One key changed: read it again, and judge all."""
        seen = self.read(key)
        if seen:
            self.view[key] = seen
        else:
            self.view.pop(key, None)
        self.judge(moment)

    def judge(self, moment: str) -> None:
        self.looks += 1
        try:
            found = list(self._complaints())
        except (ValueError, etree.LxmlError) as error:
            found = [f"I2: something there cannot be read at all: {error}"]
        self.violations += [f"{moment}: {complaint}" for complaint in found]

    def _complaints(self) -> Iterator[str]:
        yield from self._unchanged()
        yield from _secrets(self.view, self.hidden)
        yield from _records(self.view, live_only=self.pruned)
        if FEED not in self.view:
            if self._guids:
                yield "I3: the feed is gone"
            return
        yield from self._identities(feed_of(self.view[FEED]))
        yield from judged(self.view)
        yield from _onward(self.view)

    def _unchanged(self) -> Iterator[str]:
        for key, seen in self.view.items():
            if not _lasting(key):
                continue
            if self._ever.setdefault(key, seen.sha256) != seen.sha256:
                yield f"I5: the bytes under {key} changed"
            told = _HASHED.search(key)
            if told and not key.startswith(_BY_SOURCE) and not seen.sha256.startswith(told[1]):
                yield f"I5: {key} does not hold what its name says"

    def _identities(self, feed: Feed) -> Iterator[str]:
        if gone := set(self._guids) - set(feed.guids) - self.leaving:
            yield f"I3: {', '.join(sorted(gone))} vanished from the feed"
        if self.known is not None and (strange := set(feed.guids) - self.known):
            yield f"I4: {', '.join(sorted(strange))} is no guid of any episode"
        if len(set(feed.guids)) < len(feed.guids):
            yield "I4: a guid is doubled"
        self._guids = feed.guids


def _lasting(key: str) -> bool:
    return bool(_HASHED.search(key) or _RECORD.search(key)) or key.startswith(LOG)


def judged(view: View) -> Iterator[str]:
    """I1, I2 and I7 of a store that has a feed."""
    feed = feed_of(view[FEED])
    yield from (f"I2: {fault}" for fault in feed.faults)
    for enclosure in feed.enclosures:
        yield from _enclosure(enclosure, view)
    waiting: list[tuple[str, str, str]] = [
        (HOME, "I7", "the show's address"),
        *((k, "I1", FEED) for k in feed.addresses),
    ]
    seen: set[str] = set()
    while waiting:
        key, rule, coming_from = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        if key not in view:
            yield f"{rule}: {coming_from} leads to {key}, which is not there"
        else:
            waiting += [(link, "I7", key) for link in _links(key, view[key].sha256, _Bytes(view[key].body))]


def _enclosure(enclosure: Enclosure, view: View) -> Iterator[str]:
    key = unquote(enclosure.url.removeprefix(BASE))
    found = view.get(key)
    if not enclosure.url.startswith(BASE):
        yield f"I1: an enclosure leads elsewhere: {enclosure.url}"
    elif found is None:
        yield f"I1: the enclosure {key} is not there"
    elif len(found.body) != enclosure.length:
        yield f"I1: {key} has {len(found.body)} bytes, the feed says {enclosure.length}"
    elif found.type is not None and found.type != enclosure.type:
        yield f"I1: {key} is given as {found.type}, the feed says {enclosure.type}"
    elif not _HASHED.search(key):
        yield f"I1: {key} does not tell its hash"


class _Bytes(bytes):
    """A body that is not looked at when results are remembered: its hash stands for it."""

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bytes)


def _onward(view: View) -> Iterator[str]:
    """I7 of addresses that episodes had: each leads, step by step, to a page that is there."""
    for begin in view:
        way = [begin]
        while (there := _leads_on(way[-1], view[way[-1]].sha256, _Bytes(view[way[-1]].body))) is not None:
            if there in way or there not in view:
                yield f"I7: {' leads on to '.join((*way, there))}, {'in a circle' if there in way else 'which is gone'}"
                break
            way.append(there)


@lru_cache(maxsize=50_000)
def _leads_on(key: str, sha256: str, body: _Bytes) -> str | None:
    """Where a browser goes at once that is given this page; None where it stays."""
    if not key.endswith(".html") or b'"refresh"' not in bytes(body):
        return None
    document: Any = lxml.html.document_fromstring(body)
    told = [meta.get("content", "") for meta in document.xpath("//meta[@http-equiv='refresh']")]
    return next((place for each in told for place in _beside(key, each.partition("url=")[2])), None)


def feed_of(seen: Seen) -> Feed:
    return _feed(seen.sha256, _Bytes(seen.body))


@lru_cache(maxsize=10_000)
def _feed(sha256: str, body: _Bytes) -> Feed:
    faults = []
    parsed = feedparser.parse(BytesIO(body))
    if parsed.bozo:
        faults.append(f"feedparser: {parsed.bozo_exception}")
    try:
        tree = etree.fromstring(bytes(body))
        podcast = podcastparser.parse(BASE + FEED, BytesIO(body))
    except (etree.XMLSyntaxError, podcastparser.FeedParseError) as error:
        return Feed(guids=(), enclosures=(), addresses=frozenset(), faults=(*faults, f"not well-formed: {error}"))
    items = tree.findall("channel/item")
    for item in items:
        faults += [
            f"an item lacks <{tag}>" for tag in ("title", "enclosure", "guid", "pubDate") if item.find(tag) is None
        ]
    faults += [
        f"the channel lacks <{tag}>" for tag in ("title", "link", "language") if not tree.findtext(f"channel/{tag}")
    ]
    if not len(items) == len(podcast["episodes"]) == len(parsed.entries):
        faults.append(f"{len(items)} items, of which apps see {len(podcast['episodes'])} and {len(parsed.entries)}")
    return Feed(
        guids=tuple(item.findtext("guid", "") for item in items),
        enclosures=tuple(_enclosures(items)),
        addresses=frozenset(_ours(_addresses(tree))),
        faults=tuple(faults),
    )


def _enclosures(items: Iterable[etree._Element]) -> Iterator[Enclosure]:
    for item in items:
        for node in item.iterfind("enclosure"):
            length = int(node.get("length", "0"))
            yield Enclosure(url=node.get("url", ""), length=length, type=node.get("type", ""))
        for node in item.iterfind(f"{_PODCAST}alternateEnclosure"):
            for source in node.iterfind(f"{_PODCAST}source"):
                length = int(node.get("length", "0"))
                yield Enclosure(url=source.get("uri", ""), length=length, type=node.get("type", ""))


def _addresses(tree: etree._Element) -> Iterator[str]:
    for node in tree.iter():
        yield from (value for name in ("url", "href", "uri") if (value := node.get(name)))
        if node.text:
            yield from _ADDRESS.findall(node.text)


def _ours(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        place = urldefrag(address)[0].partition("?")[0]
        if place.startswith(BASE):
            yield unquote(place.removeprefix(BASE)) or HOME


@lru_cache(maxsize=50_000)
def _links(key: str, sha256: str, body: _Bytes) -> frozenset[str]:
    """Keys of ours that an object leads to: relative links of a page, and the show's address in any text."""
    if not key.endswith(_TEXTS):
        return frozenset()
    text = body.decode("utf-8")
    found = set(_ours(_ADDRESS.findall(text)))
    if key.endswith(".html"):
        document: Any = lxml.html.document_fromstring(text)
        for _, attribute, link, _ in document.iterlinks():
            places = [part.split()[0] for part in link.split(",")] if attribute == "srcset" else [link]
            found |= {place for each in places for place in _beside(key, each)}
    return frozenset(found)


def _beside(key: str, link: str) -> Iterator[str]:
    address = urldefrag(link)[0].partition("?")[0]
    if not address or urlsplit(address).scheme or address.startswith("//"):
        return
    yield normpath(join(dirname(key), unquote(address)))


def _secrets(view: View, hidden: tuple[str, ...]) -> Iterator[str]:
    for key, seen in view.items():
        for word in hidden:
            if word in key.lower() or word in _words(seen.sha256, hidden, _Bytes(seen.body)):
                yield f"I8: “{word}” is in {key}"


@lru_cache(maxsize=50_000)
def _words(sha256: str, hidden: tuple[str, ...], body: _Bytes) -> frozenset[str]:
    text = body.lower()
    return frozenset(word for word in hidden if word.encode() in text)


def _records(view: View, *, live_only: bool) -> Iterator[str]:
    """I6: what a record names under a hashed key is there, as long as the record is."""
    last = max((key for key in view if key.startswith(LOG)), default="")
    live = last.rpartition("-")[2][:32]
    for key, seen in view.items():
        if _RECORD.search(key) and (not live_only or live in key):
            for named, sha256 in _named(seen.sha256, _Bytes(seen.body)):
                if (found := view.get(named)) is None:
                    yield f"I6: {key} names {named}, which is not there"
                elif found.sha256 != sha256:
                    yield f"I6: {key} names {named} with other bytes"


@lru_cache(maxsize=10_000)
def _named(sha256: str, body: _Bytes) -> tuple[tuple[str, str], ...]:
    objects = json.loads(body).get("objects", ())
    return tuple((item["key"], item["sha256"]) for item in objects if _HASHED.search(item["key"]))
