"""What pages of episodes are made of, so that one that was made of just that before need not be made again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline import digest
from pipeline.model import Digest, Edition, Entry, Object, Season
from pipeline.names import Named, folded, guests, topics
from pipeline.pages import shelves


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """All of its edition that the page of an episode names, beside the edition's `frame`."""

    entry: Entry
    season: Season | None
    before: Entry | None
    after: Entry | None
    guests: tuple[Named, ...]
    """In the order of the episode, without their episodes."""
    topics: tuple[Named, ...]


def frame(edition: Edition) -> Edition:
    """The show and its pictures, and of no episode anything."""
    return replace(edition, entries=(), withdrawn=(), portraits=(), left=())


def each(edition: Edition) -> Iterator[Parts]:
    """Those of each episode, in the order of the edition."""
    entries = edition.entries
    everybody, every_topic, season = guests(edition), topics(edition), shelves.season_of(edition)
    for entry, before, after in zip(entries, (None, *entries), (*entries[1:], None), strict=False):
        named = (everybody[folded(person.name)] for person in entry.episode.guests)
        about = (every_topic[folded(topic)] for topic in entry.episode.topics)
        yield Parts(
            entry=entry,
            season=season(entry.episode),
            before=before,
            after=after,
            guests=tuple(replace(guest, entries=()) for guest in named),
            topics=tuple(replace(topic, entries=()) for topic in about),
        )


class Memory:
    """What was made before, found by what it was made of; each entry is read once, though three pages name it."""

    def __init__(self, known: Mapping[Digest, Object], common: object) -> None:
        self.made: dict[Digest, Object] = {}
        """What was asked for, without bodies, to be known the next time."""
        self._known = known
        self._common = digest.of_record(common)
        self._entries: dict[int, Digest] = {}

    def page(self, parts: Parts, make: Callable[[], Object]) -> Object:
        """The page of an episode: the one that was made of `common` and just these parts, or a new one."""
        named = [self._entry(entry) for entry in (parts.entry, parts.before, parts.after)]
        return self._object([named, parts.season, parts.guests, parts.topics], make)

    def several(self, entry: Entry, make: Callable[[], tuple[Object, ...]]) -> tuple[Object, ...]:
        """All pages of a kind that an episode has several of, made of `common` and its entry: known ones, or new."""
        named = self._entry(entry)

        def told(place: int, *, last: bool) -> Digest:
            return digest.of_record([self._common, named, place, last])

        found: list[Object] = []
        while (more := self._known.get(told(len(found), last=False))) is not None:
            found.append(more)
        end = self._known.get(told(len(found), last=True))
        pages = (*found, end) if end else make()
        for place, page in enumerate(pages):
            self.made[told(place, last=place == len(pages) - 1)] = replace(page, body=None)
        return pages

    def block(self, entries: tuple[Entry, ...], make: Callable[[], Object]) -> Object:
        """What is made of these entries alone."""
        return self._object([self._entry(entry) for entry in entries], make)

    def _object(self, of: object, make: Callable[[], Object]) -> Object:
        told = digest.of_record([self._common, of])
        found = self._known.get(told) or make()
        self.made[told] = replace(found, body=None)
        return found

    def _entry(self, entry: Entry | None) -> Digest | None:
        if entry is None:
            return None
        if id(entry) not in self._entries:
            self._entries[id(entry)] = digest.of_record(entry)
        return self._entries[id(entry)]
