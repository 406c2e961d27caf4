"""What was live at a store, turn by turn, what is cleared away there, and what listeners get now."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pipeline import digest
from pipeline.model import Cache, Digest, Key, Kind, Object, Release, Version

FEED = Key("feed.xml")
"""Where listeners' apps get the show."""
LOG = "feed.log/"
"""Where the log lies: beside the feed, so that one listing of `WATCHED` shows both."""
CLEARED = Key("feed.cleared.json")
"""What is being cleared away: written before the first delete and after the last, seen by who is about to switch."""
WATCHED = "feed."
"""What keys begin with that tell whether anybody has published."""

_KEY = re.compile(rf"{re.escape(LOG)}(\d{{6}})-([a-z]+)-([0-9a-f]{{64}})\.json")


class Turn(StrEnum):
    """What happened; of several with one number the last in the order of their names counts, as in a listing."""

    PUBLISHED = "published"
    RETURNED = "returned"
    """Listeners got an earlier release back."""
    UNSETTLED = "unsettled"
    """Two publishers were at work at once: nobody knows whose pages lie there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One entry of the log, written when all that it tells of was done; it is an object that never changes."""

    number: int
    turn: Turn
    release: Digest
    at: datetime | None = field(default=None, compare=False)
    """By the store's clock."""

    @property
    def key(self) -> Key:
        """Where it lies; everything it says is in its key, so that a listing tells the history."""
        return Key(f"{LOG}{self.number:06}-{self.turn}-{self.release}.json")


def event(key: str, at: datetime | None) -> Event | None:
    """The entry under a key, or None where that is not of the log."""
    found = _KEY.fullmatch(key)
    if not found or found[2] not in set(Turn):
        return None
    return Event(number=int(found[1]), turn=Turn(found[2]), release=Digest(found[3]), at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """That some were told what the feeds are: beside the log, under the number of the turn that it follows."""

    number: int
    feeds: str
    """What they were: `STATE` characters of a digest."""
    who: tuple[str, ...]
    """`NAME` characters of the digest of each one's address."""

    @property
    def key(self) -> Key:
        """Where it lies; after the turn of that number in a listing."""
        return Key(f"{LOG}{self.number:06}-told-{'-'.join((self.feeds, *self.who))}.json")


STATE, NAME = 32, 8
"""Characters of digests, in hexadecimal."""
_HEARD = re.compile(rf"{re.escape(LOG)}(\d{{6}})-told-([0-9a-f]{{{STATE}}})((?:-[0-9a-f]{{{NAME}}})+)\.json")


def heard(key: str) -> Heard | None:
    """What a key says that some heard, or None."""
    found = _HEARD.fullmatch(key)
    return Heard(number=int(found[1]), feeds=found[2], who=tuple(found[3][1:].split("-"))) if found else None


def entry(told: Event | Heard) -> Object:
    """The object that tells of an event, or that some heard."""
    body = digest.canonical(_said(told))
    return Object(
        key=told.key,
        kind=Kind.LOG,
        type="application/json",
        cache=Cache.IMMUTABLE,
        sha256=digest.of_bytes(body),
        size=len(body),
        body=body,
    )


def _said(told: Event | Heard) -> dict[str, object]:
    if isinstance(told, Heard):
        return {"number": told.number, "feeds": told.feeds, "who": told.who}
    return {"number": told.number, "turn": told.turn.value, "release": told.release}


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """The log of a store, oldest event first."""

    events: tuple[Event, ...] = ()
    told: tuple[Heard, ...] = ()
    """Who heard what, oldest first; no turn of the log, so that telling never looks like publishing."""

    @classmethod
    def of(cls, keys: Iterable[tuple[str, datetime | None]]) -> "History":
        """From the keys in a listing of `WATCHED`, with the moments at which they were stored."""
        listed = sorted(keys, key=lambda each: each[0])
        return cls(
            events=tuple(found for key, at in listed if (found := event(key, at))),
            told=tuple(each for key, _ in listed if (each := heard(key))),
        )

    @property
    def number(self) -> int:
        """Of the last event; 0 where there is none."""
        return self.events[-1].number if self.events else 0

    @property
    def live(self) -> Digest | None:
        """The release that listeners should have had last."""
        return next((each.release for each in reversed(self.events) if each.turn is not Turn.UNSETTLED), None)

    @property
    def forward(self) -> Digest | None:
        """The release that was published last; another one than `live` after going back."""
        return next((each.release for each in reversed(self.events) if each.turn is Turn.PUBLISHED), None)

    @property
    def past(self) -> frozenset[Digest]:
        """Every release that listeners have had."""
        return frozenset(each.release for each in self.events if each.turn is not Turn.UNSETTLED)

    @property
    def keys(self) -> frozenset[Key]:
        """Where the events lie."""
        return frozenset(each.key for each in self.events)

    def last_heard(self, who: str) -> str | None:
        """What the feeds were when one of `Heard.who` was told last."""
        return next((each.feeds for each in reversed(self.told) if who in each.who), None)

    def settled(self, release: Digest) -> bool:
        """Whether the last thing that is known is that `release` was published to its last page."""
        return bool(self.events) and self.events[-1].turn is not Turn.UNSETTLED and self.events[-1].release == release

    def then(self, live: Digest | None, following: Digest, turn: Turn = Turn.PUBLISHED) -> tuple[Event, ...]:
        """The events to write when `following` is whole, where the feed named `live` before.

        A publisher that was stopped after its switch has left `live` out of the log: it is written down first.
        """
        number, told = self.number, []
        if live and live != self.live:
            known = Turn.RETURNED if live in self.past else Turn.PUBLISHED
            told.append(Event(number=(number := number + 1), turn=known, release=live))
        if following != live or not (told or self.settled(following)):
            told.append(Event(number=number + 1, turn=turn, release=following))
        return tuple(told)

    def caught_up(self, live: Digest | None) -> "History":
        """With `live`, which the feed names, where a publisher was stopped before it wrote that down."""
        if not live or live == self.live:
            return self
        return replace(self, events=(*self.events, *self.then(live, live)))

    def disturbed(self, by: Digest) -> Event:
        """The event that tells that pages of the release `by` may lie over somebody else's."""
        return Event(number=self.number + 1, turn=Turn.UNSETTLED, release=by)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleared:
    """What `CLEARED` says: how often something was cleared away, and what is about to be deleted now."""

    number: int = 0
    doomed: frozenset[Key] = frozenset()
    """Empty between two clearings; one that was stopped leaves what it had meant to delete."""


def cleared(body: bytes) -> Cleared | None:
    """What the mark says; None where it is damaged."""
    try:
        told = json.loads(body)
        return Cleared(number=int(told["number"]), doomed=frozenset(map(Key, told["doomed"])))
    except (ValueError, KeyError, TypeError):
        return None


def mark(told: Cleared) -> Object:
    """The object under `CLEARED`."""
    body = digest.canonical({"number": told.number, "doomed": sorted(told.doomed)})
    return Object(
        key=CLEARED,
        kind=Kind.LOG,
        type="application/json",
        cache=Cache.NONE,
        sha256=digest.of_bytes(body),
        size=len(body),
        body=body,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What a store shows its listeners now."""

    release: Release | None = None
    feed_version: Version | None = None
    """Token of the live feed, for compare-and-swap; None where there is none."""
    history: History = History()
    abandoned: Release | None = None
    """The newest release, where listeners have gone back to an earlier one."""
    cleared_version: Version | None = None
    """Token of `CLEARED`; None where nothing was ever cleared away."""
    lacking: frozenset[Key] = frozenset()
    """What the release names and the store is known to have lost or damaged."""

    @property
    def settled(self) -> bool:
        """False: the last publish stopped after the feed switched, or was disturbed, so that pages may lag behind."""
        whole = self.feed_version and self.release and not self.lacking
        return bool(whole and self.release and self.history.settled(self.release.id))
