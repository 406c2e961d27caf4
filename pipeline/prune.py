"""Deciding what no release needs any more, and in which order it may go."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline import release
from pipeline.history import FEED, LOG, History, Turn
from pipeline.model import Digest, Key, Release

_HASHED = re.compile(
    r"(?:audio|images|chapters|transcripts|waveforms|assets)/.+\.[0-9a-f]{16}\.[a-z0-9]+|search/[0-9a-f]{16}\.txt"
)
"""Keys that only omroep makes, and that no key of something else looks like."""
_AT_WORK_DAYS = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Lying:
    """An object as the store lists it."""

    key: Key
    size: int
    modified: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruning:
    """What may go, in the order in which it may."""

    doomed: tuple[Lying, ...]
    kept: int
    releases: int
    """Releases that listeners had in the time that counts."""


def counting(log: History, since: datetime) -> frozenset[Digest]:
    """The releases that were live at some moment after `since`, the live one and the newest one always among them."""
    turns = [event for event in log.events if event.turn is not Turn.UNSETTLED]
    ends = [*(event.at for event in turns[1:]), None][: len(turns)]
    kept = {event.release for event, end in zip(turns, ends, strict=True) if end is None or end > since}
    return frozenset(kept | {each for each in (log.live, log.forward) if each})


def since(lying: Iterable[Lying], now: datetime, days: float) -> datetime:
    """The moment before which a release has to be over: so many days before the store last changed.

    By the store's clock, not by this machine's alone: with a clock that is years ahead nothing would seem recent.
    """
    last = max((each.modified for each in lying if each.modified), default=now)
    return min(now, last) - timedelta(days=days)


def coming(lying: Iterable[Lying], log: History, now: datetime) -> frozenset[Key]:
    """The records of releases that somebody may be about to switch to.

    A publisher writes the record just before the feed, also one that is there already, and the log when all is done: a
    record that is newer than its last entry in the log is of a publisher at work, or of one that was stopped. After
    `_AT_WORK_DAYS` it is the latter.
    """
    listed = tuple(lying)
    begun = since(listed, now, _AT_WORK_DAYS)
    told = {release.key(event.release): event.at for event in log.events}
    records = (each for each in listed if release.is_key(each.key))
    return frozenset(each.key for each in records if _at_work(each, told, begun))


def _at_work(record: Lying, told: Mapping[Key, datetime | None], begun: datetime) -> bool:
    if record.modified is None:
        return record.key not in told
    ended = told.get(record.key)
    return record.modified >= begun and not (record.key in told and (ended is None or record.modified <= ended))


def make(
    lying: Iterable[Lying], kept: Iterable[Release], gone: Iterable[Release], since: datetime, *, spared: Iterable[Key]
) -> Pruning:
    """What may go of everything that is `lying` there: what is old, is ours, and neither `spared` nor named in `kept`.

    Ours is what `gone`, the records of older releases, name, and what has the form of a key that only omroep makes.
    What is not certain stays. Pages go first: they lead to the rest.
    """
    releases = tuple(kept)
    needed = {item.key for each in releases for item in each.objects} | {release.key(each.id) for each in releases}
    needed |= {FEED, *spared}
    named = {item.key for each in gone for item in each.objects}
    listed = tuple(lying)
    doomed = [each for each in listed if each.key not in needed and _old(each, since) and _ours(each.key, named)]
    return Pruning(
        doomed=tuple(sorted(doomed, key=lambda each: (_turn(each.key), each.key))),
        kept=len(listed) - len(doomed),
        releases=len(releases),
    )


def _old(each: Lying, since: datetime) -> bool:
    return each.modified is not None and each.modified < since


def _ours(key: Key, named: set[Key]) -> bool:
    return not key.startswith(LOG) and (key in named or bool(_HASHED.fullmatch(key) or release.is_key(key)))


def _turn(key: Key) -> int:
    """Pages, then what they lead to, then the records that name both."""
    return 2 if release.is_key(key) else 1 if _HASHED.fullmatch(key) else 0


def stages(pruning: Pruning) -> Iterator[tuple[Lying, ...]]:
    """What may go at the same time, one lot after another."""
    lots: Mapping[int, list[Lying]] = {0: [], 1: [], 2: []}
    for each in pruning.doomed:
        lots[_turn(each.key)].append(each)
    return (tuple(lot) for lot in lots.values() if lot)
