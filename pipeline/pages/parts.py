"""What pages of episodes are made of, so that one that was made of just that before need not be made again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pipeline import digest
from pipeline.model import Digest, Edition, Entry, Object, Season
from pipeline.names import Named, Names, folded
from pipeline.pages import shelves

Make = Callable[[], tuple[Object, ...]]
"""Makes some objects; it depends on no other, and changes nothing that another sees."""
Run = Callable[[Sequence[Make]], Iterable[tuple[Object, ...]]]
"""Has all of them made, by whom and in whatever order, and gives what they make in theirs."""


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
    return replace(edition, entries=(), withdrawn=(), portraits=(), left=(), moved=())


def each(edition: Edition, named: Names) -> Iterator[Parts]:
    """Those of each episode, in the order of the edition; `named` are its guests and topics."""
    entries, season = edition.entries, shelves.season_of(edition)
    guests, topics = (
        {name: replace(found, entries=()) for name, found in every.items()} for every in (named.guests, named.topics)
    )
    for entry, before, after in zip(entries, (None, *entries), (*entries[1:], None), strict=False):
        yield Parts(
            entry=entry,
            season=season(entry.episode),
            before=before,
            after=after,
            guests=tuple(guests[folded(person.name)] for person in entry.episode.guests),
            topics=tuple(topics[folded(topic)] for topic in entry.episode.topics),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Some objects of a site: as they are known, or how they are made."""

    make: Make
    known: tuple[Object, ...] = ()
    names: Callable[[int], Iterable[Digest]] = lambda count: ()
    """By what so many of them are to be known the next time; by nothing, where they are always made."""


def in_turn(jobs: Sequence[Make]) -> Iterator[tuple[Object, ...]]:
    """Has one made after the other."""
    return (make() for make in jobs)


class Memory:
    """What was made before, found by what it was made of; each entry is read once, though three pages name it.

    Nothing is read where nothing is known, until somebody asks what is to be known the next time.
    """

    def __init__(self, known: Mapping[Digest, Object], common: object, run: Run = in_turn) -> None:
        self._run = run
        self._known = known
        self._of_all = common
        self._entries: dict[int, Digest] = {}
        self._had: list[tuple[Asked, tuple[Object, ...]]] = []

    @property
    def made(self) -> dict[Digest, Object]:
        """What was asked for, without bodies, to be known the next time."""
        return {
            name: replace(item, body=None)
            for asked, objects in self._had
            for name, item in zip(asked.names(len(objects)), objects, strict=False)
        }

    def page(self, parts: Parts, make: Make) -> Asked:
        """The page of an episode: the one that was made of `common` and just these parts, or a new one."""
        entries = (parts.entry, parts.before, parts.after)
        return self._one(lambda: [[*map(self._entry, entries)], parts.season, parts.guests, parts.topics], make)

    def several(self, entry: Entry, make: Make) -> Asked:
        """All pages of a kind that an episode has several of, made of `common` and its entry: known ones, or new."""

        def told(place: int, *, last: bool) -> Digest:
            return digest.of_record([self._common, self._entry(entry), place, last])

        found: list[Object] = []
        while self._known and (more := self._known.get(told(len(found), last=False))) is not None:
            found.append(more)
        end = self._known.get(told(len(found), last=True)) if self._known else None
        return Asked(
            make=make,
            known=(*found, end) if end else (),
            names=lambda count: (told(place, last=place == count - 1) for place in range(count)),
        )

    def block(self, entries: tuple[Entry, ...], make: Make) -> Asked:
        """What is made of these entries alone."""
        return self._one(lambda: [*map(self._entry, entries)], make)

    def have(self, asked: Iterable[Asked]) -> tuple[Object, ...]:
        """All that is asked for, in its order; what is not known is made."""
        asked = tuple(asked)
        made = iter(self._run([each.make for each in asked if not each.known]))
        had = [(each, each.known or next(made)) for each in asked]
        self._had += had
        return tuple(item for _, objects in had for item in objects)

    def _one(self, of: Callable[[], object], make: Make) -> Asked:
        def told() -> Digest:
            return digest.of_record([self._common, of()])

        name = told() if self._known else None
        found = self._known.get(name) if name else None
        return Asked(make=make, known=(found,) if found else (), names=lambda count: (name or told(),))

    @cached_property
    def _common(self) -> Digest:
        return digest.of_record(self._of_all)

    def _entry(self, entry: Entry | None) -> Digest | None:
        if entry is None:
            return None
        if id(entry) not in self._entries:
            self._entries[id(entry)] = digest.of_record(entry)
        return self._entries[id(entry)]
