"""What listeners see of a store, by other people's parsers: the invariants that must hold at every moment."""

from collections.abc import Callable, Iterable, Iterator
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import feedparser
import lxml.html
from lxml import etree

Read = Callable[[str], bytes | None]
"""The bytes under a key, or None."""

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"


def complaints(read: Read, base_url: str) -> list[str]:
    """Everything a listener could stumble over now: in the feed (I1, I2) and on every page that can be reached (I7)."""
    return [*_feed(read, base_url), *_pages(read, base_url)]


def _feed(read: Read, base_url: str) -> Iterator[str]:
    body = read("feed.xml")
    if body is None:
        return
    parsed = feedparser.parse(body)
    if parsed.bozo:
        yield f"the feed is not well-formed: {parsed.bozo_exception}"
    guids = [entry.id for entry in parsed.entries]
    if len(set(guids)) < len(guids):
        yield "a guid is doubled"
    for url, length in _addresses(body):
        if not url.startswith(base_url):
            continue
        found = read(unquote(url.removeprefix(base_url)))
        if found is None:
            yield f"the feed leads to {url}, which is not there"
        elif length is not None and len(found) != length:
            yield f"{url} has {len(found)} bytes, the feed says {length}"


def _addresses(body: bytes) -> Iterator[tuple[str, int | None]]:
    """Every address in a feed, with the length that it claims."""
    for node in etree.fromstring(body).iter():
        if node.tag == "link" and node.text:
            yield node.text, None
        for name in ("url", "href"):
            if value := node.get(name):
                measured = node.tag in {"enclosure", f"{PODCAST}trailer"}
                yield value, int(node.get("length", "")) if measured else None
        for listed in node.get("srcset", "").split(", "):
            if listed:
                yield listed.split()[0], None
        for source in node.iterfind(f"{PODCAST}source"):
            yield source.get("uri", ""), int(node.get("length", ""))


def _pages(read: Read, base_url: str) -> Iterator[str]:
    """Follow every relative link from the home page and from the pages that the feed names, once there is a feed."""
    waiting, seen = [*_entrances(read, base_url)], set()
    while waiting:
        key, coming_from = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        body = read(key)
        if body is None:
            yield f"{coming_from} leads to {key}, which is not there"
        elif key.endswith(".html"):
            waiting += [(link, key) for link in links(key, body, base_url)]


def _entrances(read: Read, base_url: str) -> Iterator[tuple[str, str]]:
    if feed := read("feed.xml"):  # before it, there is no show that anybody could know of
        yield "index.html", "the address of the show"
        yield from ((url.removeprefix(base_url), "the feed") for url, _ in _addresses(feed) if url.startswith(base_url))


def links(key: str, body: bytes, base_url: str) -> Iterable[str]:
    """Keys that a page links to or shows."""
    document: Any = lxml.html.document_fromstring(body.decode("utf-8"))
    for element, attribute, link, _ in document.iterlinks():
        if attribute == "srcset":
            continue
        address = urldefrag(link)[0]
        own = address.startswith(base_url)
        if not address or element.get("rel") == "canonical" or (urlsplit(address).scheme and not own):
            continue
        yield unquote(address.removeprefix(base_url)) if own else normpath(join(dirname(key), unquote(address)))
