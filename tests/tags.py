"""Every element of the feed: which keys it comes from, and who reads it besides us."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.feed.tags import CHANNEL, ITEM, PAGES

FP, PP, PT, FS = "feedparser", "podcastparser", "partytime", "feedsmith"
ALL, NEWER, BOTH = (FP, PP, PT, FS), (FP, PT, FS), (FP, FS)

WRITTEN = {
    "channel": (
        *(("title", "RSS 2.0"), ("link", "RSS 2.0"), ("description", "RSS 2.0"), ("language", "RSS 2.0")),
        *(("copyright", "RSS 2.0"), ("generator", "RSS 2.0"), ("lastBuildDate", "RSS 2.0")),
        ("atom:link rel=self", "PSP-1"),
    ),
    "item": (
        *(("title", "RSS 2.0"), ("link", "RSS 2.0"), ("guid", "RSS 2.0"), ("enclosure", "RSS 2.0")),
        *(("pubDate", "RSS 2.0"), ("description", "RSS 2.0"), ("content:encoded", "RSS content module 1.0")),
    ),
}
"""What is not a row of `feed.tags`, because feedgen writes it, with the specification that defines it."""
_ROWS = {"channel": (*CHANNEL, *PAGES), "item": ITEM}
_LINKS = {"WebSub 4": " rel=hub", "RFC 5005 section 3": " rel=next"}

_FOR = {
    "": "every app",
    "itunes": "Apple Podcasts and apps like it",
    "podcast": "apps with Podcasting 2.0",
    "content": "apps that show long notes",
    "psc": "apps with Podlove's chapters",
    "atom:link rel=self": "validators, directories",
    "atom:link rel=hub": "subscribers of that hub",
    "atom:link rel=next": "apps that read older pages",
}
"""Whom a tag is for, by its name or its namespace."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """An element in a channel or an item."""

    scope: str
    name: str
    """With the `rel` of a link."""
    defined: str
    comes: str
    """Keys between backticks: of show.yaml for a channel, else of episode.md."""
    readers: tuple[str, ...]
    """The parsers of others that make something of it."""

    @property
    def audience(self) -> str:
        """Whom it is for, in words."""
        return _FOR.get(self.name) or _FOR[self.name.partition(":")[0] if ":" in self.name else ""]


COMES: Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "channel": {
        "title": ("`title`; of a season or topic with its name", ALL),
        "link": ("`base_url`, and the page that it is about", ALL),
        "description": ("`description`", (PP, PT, FS)),
        "language": ("`language`", ALL),
        "copyright": ("`copyright`", NEWER),
        "generator": ("always omroep", ALL),
        "lastBuildDate": ("the newest `date` of an episode", NEWER),
        "atom:link rel=self": ("`base_url`", NEWER),
        "itunes:author": ("`author`", ALL),
        "itunes:subtitle": ("`subtitle`", NEWER),
        "itunes:type": ("`type`", ALL),
        "itunes:explicit": ("`explicit`", (FP, PP, FS)),
        "itunes:image": ("`cover`", ALL),
        "itunes:category": ("`categories`", ALL),
        "itunes:owner": ("`owner`", ALL),
        "itunes:block": ("`block`", NEWER),
        "itunes:complete": ("`complete`", NEWER),
        "itunes:new-feed-url": ("`new_feed_url`, in the main feed", ALL),
        "podcast:guid": ("`guid`; of a season or topic one made from it", NEWER),
        "podcast:locked": ("`locked`, `owner`", NEWER),
        "podcast:medium": ("`medium`", NEWER),
        "podcast:updateFrequency": ("`update_frequency`", BOTH),
        "podcast:person": ("`hosts`", NEWER),
        "podcast:funding": ("`funding`", NEWER),
        "podcast:location": ("`locations`", NEWER),
        "podcast:license": ("`license`", NEWER),
        "podcast:trailer": ("every episode whose `type` is trailer", NEWER),
        "podcast:image": ("`cover`, `cover_alt`", BOTH),
        "podcast:images": ("`cover`", (FP, PT)),
        "podcast:txt": ("`txt`", NEWER),
        "podcast:chat": ("`chat`", NEWER),
        "podcast:socialInteract": ("`discussion`", (FP,)),
        "podcast:publisher": ("`publisher`", NEWER),
        "podcast:podroll": ("`podroll`", NEWER),
        "podcast:podping": ("`podping`", BOTH),
        "atom:link rel=hub": ("`hubs`", NEWER),
        "atom:link rel=next": ("the number of episodes; with `first`, `previous` and `last`", ALL),
    },
    "item": {
        "title": ("`title`", (FP, PP, FS)),
        "link": ("`slug`, or the folder's name", ALL),
        "guid": ("`guid`, or one made from the folder's name", ALL),
        "enclosure": ("`audio`, as it was delivered: address, bytes, type", ALL),
        "pubDate": ("`date`", ALL),
        "description": ("the notes, or `summary`; below them `chapters`", (PT, FS)),
        "content:encoded": ("the notes, whole; below them `chapters`", ALL),
        "itunes:title": ("`title`", BOTH),
        "itunes:duration": ("`audio`, as it was delivered", ALL),
        "itunes:explicit": ("`explicit`", (FP, PP, FS)),
        "itunes:episode": ("`number`", ALL),
        "itunes:season": ("`season`", ALL),
        "itunes:episodeType": ("`type`", ALL),
        "itunes:summary": ("`summary`", ALL),
        "itunes:image": ("`image`", ALL),
        "podcast:episode": ("`number`", NEWER),
        "podcast:season": ("`season`; its name from the show's seasons", NEWER),
        "podcast:person": ("`hosts`, `guests`", NEWER),
        "podcast:chapters": ("`chapters`, or those in the recording", NEWER),
        "psc:chapters": ("`chapters`, or those in the recording", (FP, PP, FS)),
        "podcast:transcript": ("`transcript`", NEWER),
        "itunes:block": ("`block`", BOTH),
        "podcast:soundbite": ("`soundbites`", NEWER),
        "podcast:location": ("`locations`", NEWER),
        "podcast:license": ("`license`", NEWER),
        "podcast:image": ("`image`, `image_alt`", BOTH),
        "podcast:images": ("`image`", (FP, PT)),
        "podcast:txt": ("`txt`", NEWER),
        "podcast:chat": ("`chat`", NEWER),
        "podcast:socialInteract": ("`discussion`", NEWER),
        "podcast:alternateEnclosure": ("the show's formats beside the first", NEWER),
    },
}
"""By scope and name: where a tag comes from, and which parsers read it (test_tags finds out by leaving it out)."""


def tags(scope: str) -> Iterator[Tag]:
    """Every element that a channel or an item can have, in the order of the program; KeyError for one not told of."""
    rows = ((row.tag + _LINKS.get(row.source, ""), row.source) for row in _ROWS[scope])
    for name, defined in (*WRITTEN[scope], *rows):
        comes, readers = COMES[scope][name]
        yield Tag(scope=scope, name=name, defined=defined, comes=comes, readers=readers)
