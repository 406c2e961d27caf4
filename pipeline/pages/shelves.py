"""Which episodes are listed together, on the home page and on pages of older ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.model import Edition, Entry, Episode, Key, Season

SLICE = 15
"""Episodes on a page of older ones, and on the home page at least; of a shorter show that lists all. They are counted
from the oldest, so that a full page stays as it is."""
FEW = 12
"""Pages of older ones that the home page names; where there are more, the newest, and a list of all."""
LEAST = 5
"""Episodes on the home page at least, where there are more pages of older ones than that: it stays below 60 kB."""
LIST = Key("archive/index.html")
_FOLDER = "archive"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """Episodes that are listed together."""

    season: Season | None
    """None where nothing needs to be said about it."""
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Older:
    """A page of older episodes."""

    key: Key
    entries: tuple[Entry, ...]
    """Oldest first."""


def home(edition: Edition) -> tuple[Shelf, ...]:
    """The episodes that the home page lists."""
    return shelves(edition, edition.entries[len(older(edition)) * SLICE :])


def older(edition: Edition) -> tuple[Older, ...]:
    """The pages of episodes that the home page does not list, oldest first."""
    return slices(edition.entries, _FOLDER, SLICE, _pages(len(edition.entries)))


def slices(entries: tuple[Entry, ...], folder: str, size: int, count: int) -> tuple[Older, ...]:
    """So many pages of `size` entries each, oldest first, in `folder`."""
    return tuple(
        Older(key=_key(folder, page + 1), entries=entries[page * size : (page + 1) * size]) for page in range(count)
    )


def are_many(edition: Edition) -> bool:
    """Whether there are so many pages of older ones that they have a list of their own."""
    return len(older(edition)) > FEW


def emptied(edition: Edition) -> Iterator[Key]:
    """Pages of older episodes that there may have been before some were withdrawn."""
    live = len(edition.entries)
    now, most = _pages(live), _pages(live + len(edition.withdrawn))
    yield from (_key(_FOLDER, number) for number in range(now + 1, most + 1))
    if now <= FEW < most:
        yield LIST


def shelves(edition: Edition, entries: tuple[Entry, ...]) -> tuple[Shelf, ...]:
    """Some of an edition's `entries` in the order in which they are listed, by season where there are several.

    A serial show is listed from its beginning, any other from its newest episode (Apple's itunes:type).
    """
    serial = edition.show.kind == "serial"
    ordered = entries if serial else entries[::-1]
    if not serial and not several(edition):
        return (Shelf(season=None, entries=ordered),)
    numbers = sorted({entry.episode.season or 0 for entry in entries}, reverse=not serial)
    rows = (tuple(entry for entry in ordered if (entry.episode.season or 0) == number) for number in numbers)
    season = season_of(edition)
    return tuple(Shelf(season=season(row[0].episode), entries=row) for row in rows)


def season_of(edition: Edition) -> Callable[[Episode], Season | None]:
    """What tells an episode's season, where that has a name or is not the only one (Apple-guide: a single season is not
    shown)."""
    names, many = {season.number: season for season in edition.show.seasons}, several(edition)

    def season(episode: Episode) -> Season | None:
        if episode.season is None:
            return None
        found = names.get(episode.season, Season(number=episode.season))
        return found if many or found.name else None

    return season


def several(edition: Edition) -> bool:
    """Whether a show has more than one season."""
    return len({entry.episode.season for entry in edition.entries}) > 1


def _pages(count: int) -> int:
    """How many full pages so many episodes leave on the home page what it has at least."""
    least = LEAST if count // SLICE > FEW + 1 else SLICE
    return max(0, (count - least) // SLICE)


def _key(folder: str, number: int) -> Key:
    return Key(f"{folder}/{number}.html")
