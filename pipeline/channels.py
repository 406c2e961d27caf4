"""The feeds of a show: the main one, its older pages, and one for each season and topic; which episodes each holds."""

import posixpath
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pipeline.history import FEED
from pipeline.model import Edition, Entry, Key, Season, Show
from pipeline.names import Named, topics

WHOLE = 1000
"""Episodes that the main feed holds at least: apps that know of no pages lose what is not in it."""
SLICE = 500
"""Episodes on an older page. They are counted from the oldest, so that a full page stays as it is."""

HOME = Key("index.html")
_FOLDER = "feeds/"
"""Where all feeds but the main one are."""
Wording = Callable[[str], str]
"""From the English of the templates to the show's language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """One feed."""

    key: Key
    edition: Edition
    """The show as this feed presents it (under its own title and guid), with the episodes that it holds."""
    page: Key = HOME
    """The page that is about it."""
    pages: int = 0
    """Older pages that there are; 0: all is in one feed."""
    older: Key | None = None
    newer: Key | None = None


def main(edition: Edition) -> Channel:
    """The feed that apps follow: every episode, or the newest `WHOLE` and somewhat more where there are older pages."""
    pages = _pages(edition)
    kept = replace(edition, entries=edition.entries[pages * SLICE :])
    return Channel(key=FEED, edition=kept, pages=pages, older=_older(pages) if pages else None)


def further(edition: Edition, wording: Wording) -> tuple[Channel, ...]:
    """All other feeds: older pages, and what the show asks for in `feeds`.

    Of a season or topic of which all episodes were withdrawn the feed is empty, so that no old one is left.
    """
    return (*_archive(edition), *_seasons(edition, wording), *_topics(edition))


def is_feed(key: Key) -> bool:
    """Whether what lies under a key is one of the show's feeds."""
    return key == FEED or (key.startswith(_FOLDER) and key.endswith(".xml"))


def season_feed(show: Show, number: int) -> Key | None:
    """Where the feed of a season is, where the show has such feeds."""
    return Key(f"{_FOLDER}season-{number}.xml") if "seasons" in show.feeds else None


def topic_feed(show: Show, topic: Named) -> Key | None:
    """Where the feed of a topic is, where the show has such feeds."""
    return Key(f"{_FOLDER}topic-{_stem(topic.key)}.xml") if "topics" in show.feeds else None


def seasons(edition: Edition, wording: Wording) -> tuple[tuple[Season, tuple[Entry, ...]], ...]:
    """Every season, named, with its episodes; those of which all were withdrawn have none."""
    names = {season.number: season.name for season in edition.show.seasons}
    every = {entry.episode.season for entry in (*edition.entries, *edition.withdrawn)}
    return tuple(
        (
            Season(number=number, name=names.get(number) or wording("Season %(number)s") % {"number": number}),
            tuple(entry for entry in edition.entries if entry.episode.season == number),
        )
        for number in sorted(number for number in every if number is not None)
    )


def _pages(edition: Edition) -> int:
    return max(0, (len(edition.entries) - WHOLE) // SLICE)


def _older(page: int) -> Key:
    return Key(f"{_FOLDER}older-{page}.xml")


def _archive(edition: Edition) -> Iterator[Channel]:
    """Older pages, the oldest first; they are parts of the main feed and have its guid."""
    pages = _pages(edition)
    for page in range(1, pages + 1):
        yield Channel(
            key=_older(page),
            edition=replace(edition, entries=edition.entries[(page - 1) * SLICE : page * SLICE]),
            pages=pages,
            older=_older(page - 1) if page > 1 else None,
            newer=_older(page + 1) if page < pages else FEED,
        )


def _seasons(edition: Edition, wording: Wording) -> Iterator[Channel]:
    for season, entries in seasons(edition, wording):
        if key := season_feed(edition.show, season.number):
            yield Channel(key=key, edition=_part(edition, key, season.name or "", entries))


def _topics(edition: Edition) -> Iterator[Channel]:
    for topic in topics(edition).values():
        if key := topic_feed(edition.show, topic):
            yield Channel(key=key, edition=_part(edition, key, topic.name, topic.entries), page=topic.key)


def _part(edition: Edition, key: Key, name: str, entries: tuple[Entry, ...]) -> Edition:
    """A part of a show as a show of its own: its guid is the UUIDv5 of its file's name in the show's (RFC 9562 5.5)."""
    guid = str(uuid.uuid5(uuid.UUID(edition.show.guid), _stem(key)))
    show = replace(edition.show, title=f"{edition.show.title}: {name}", guid=guid, new_feed_url=None)
    return replace(edition, show=show, entries=entries)


def _stem(key: Key) -> str:
    return posixpath.splitext(posixpath.basename(key))[0]
