"""What could not be taken along of a feed: every tag and attribute that no row takes; nothing is lost unsaid."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.importer import keys
from pipeline.importer.keys import Whole
from pipeline.importer.tree import Node


@dataclass(frozen=True, slots=True)
class Left:
    """Something that stays behind."""

    what: str
    """A tag of the feed, with its attribute; or a sentence."""
    where: str
    """The episode's title; empty for the show."""
    why: str = ""


_WHY: Mapping[str, str] = {
    "link": "the show and its episodes get pages of their own at base_url; have the old ones lead there",
    "comments": "there is `discussion` for a post below which listeners talk",
    "managingEditor": "there is `owner`",
    "webMaster": "there is `owner`",
    "podcast:person img": "a guest's photo lies in the episode's folder, and `image` names it",
    "podcast:value": "omroep has no payments",
    "podcast:liveItem": "omroep publishes recordings",
    "podcast:episode display": "apps show the number",
}
"""By tag, or tag and attribute."""


def left(whole: Whole) -> Iterator[Left]:
    """Of the channel, and of each item that becomes an episode."""
    yield from _of(whole.channel, _known(keys.SHOW), "", whole)
    for item in whole.items:
        yield from _of(item, _known(keys.EPISODE), keys.title(item), whole)
    yield from _trailers(whole)
    yield from _alternates(whole)
    if new := keys.moved_to(whole):
        why = f"the feed says that it has moved to {new}: import that one, if it is the show's own"
        yield Left("itunes:new-feed-url", "", why)


def _known(rows: Iterable[keys.Row[keys.Scope]]) -> Mapping[str, str]:
    return {**keys.MADE, **{tag: names for row in rows for tag, names in row.takes.items()}}


def _of(node: Node, known: Mapping[str, str], where: str, whole: Whole, path: str = "") -> Iterator[Left]:
    for child in node.children:
        tag = path + child.tag
        taken = known.get(tag)
        if taken is None:
            if not _is_told(child, whole):
                yield Left(tag, where, _WHY.get(child.tag, ""))
        elif taken != "*":
            for name in child.attributes:
                if name not in taken.split() and not name.startswith("{"):
                    yield Left(f"{tag} {name}", where, _WHY.get(f"{tag} {name}", ""))
            yield from _of(child, known, where, whole, f"{tag}/")


def _is_told(node: Node, whole: Whole) -> bool:
    """Whether it leads to a page that will be there again, or repeats who makes the show."""
    text = node.text.strip()
    if node.tag == "link":
        return bool(whole.base_url) and text.startswith(whole.base_url or "")
    return node.tag == "itunes:author" and text in ("", whole.channel.said("itunes:author"))


def _trailers(whole: Whole) -> Iterator[Left]:
    there = {found.attributes["url"] for item in whole.items if (found := keys.enclosure(item))}
    for trailer in whole.channel.all("podcast:trailer"):
        address = trailer.attributes.get("url", "")
        if address not in there:
            yield Left("podcast:trailer", "", f"it is no episode; its audio is at {address}")


def _alternates(whole: Whole) -> Iterator[Left]:
    count = len([item for item in whole.items if next(item.all("podcast:alternateEnclosure"), None)])
    if count and count < len(whole.items):
        why = "not every episode has the same; to offer another format of all of them there is `audio: also:`"
        yield Left("podcast:alternateEnclosure", "", why)
