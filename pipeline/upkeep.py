"""The stories of what was published before: listing it, going back to it, and clearing away what nobody needs."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline import (
    apply,
    changes,
    composing,
    feed,
    history,
    prune,
    publish,
    release,
    rollback,
    theme,
)
from pipeline.catalog import transcripts
from pipeline.errors import Conflict, Problem, Refused, StoreError
from pipeline.history import CLEARED, FEED, WATCHED, Cleared, Event, History, Published, Turn
from pipeline.model import Action, Change, Digest, Edition, Entry, Key, Plan, Receipt, Release, Version
from pipeline.prune import Lying, Pruning
from pipeline.rendering import Newsroom
from pipeline.store import Store, Unfinished

_AT_ONCE = 8
"""Requests at a time."""


# --- listing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A release that listeners had, and what they noticed when it came."""

    event: Event
    live: bool
    release: Release | None
    """None where its record is gone."""
    changes: tuple[Change, ...]
    orphan: bool = False
    """Whether the record of the release before it is gone, so that nobody can tell what changed."""


def releases(store: Store, most: int | None) -> tuple[Told, ...]:
    """What listeners had, newest first; of the newest `most` with what changed (None: of all)."""
    log = History.of((found.key, found.modified) for found in store.list(WATCHED))
    head = store.read(FEED, most=feed.STAMP_WITHIN)
    log = log.caught_up(feed.release_named_in(head.body) if head else None)
    turns = [event for event in log.events if event.turn is not Turn.UNSETTLED]
    shown = turns[-most:] if most else turns
    wanted = {event.release for event in turns[-len(shown) - 1 :]} if shown else set()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        records = dict(zip(wanted, pool.map(lambda each: _record(store, each), wanted), strict=True))
    before = [None, *(records.get(event.release) for event in turns)][-len(shown) - 1 :]
    return tuple(
        Told(
            event=event,
            live=event is turns[-1],
            release=records[event.release],
            changes=() if orphan else _noticed(former, records[event.release]),
            orphan=orphan,
        )
        for event, former in reversed(list(zip(shown, before, strict=False)))
        for orphan in [former is None and event is not turns[0]]
    )


def turned(store: Store, named: Digest) -> Event | None:
    """When listeners got a release last."""
    log = History.of((found.key, found.modified) for found in store.list(WATCHED))
    return next((event for event in reversed(log.events) if event.release == named), None)


def _record(store: Store, named: Digest) -> Release | None:
    body = store.read(release.key(named))
    try:
        return release.parse(body.body, named=named) if body else None
    except StoreError:
        return None


def _noticed(before: Release | None, after: Release | None) -> tuple[Change, ...]:
    return tuple(changes.noticed(before.edition if before else None, after.edition)) if after else ()


# --- going back -------------------------------------------------------------------------------------------------------


def back(room: Newsroom, store: Store, asked: str | None) -> Plan:
    """The plan that gives listeners an earlier release back; refused where something that it leads to is gone."""
    before = publish.published(store, room.studio.cache)
    live = before.release.id if before.release else None
    target = publish.recorded(store, rollback.chosen(before.history, live, asked), room.studio.cache)
    held = {found.key: found.size for found in store.list()}
    if lacking := tuple(rollback.lacking(target, held)):
        raise Refused(*lacking)
    edition = _with_words(store, target) if rollback.differing(target, before) else target.edition
    look = theme.load(room.root, edition.show.language, edition.show.theme)
    return rollback.make(target, composing.site(edition, look), before)


def go(plan: Plan, store: Store, on_written: Callable[[Action], None]) -> Receipt:
    """Carry a plan out."""
    return apply.run(plan, store, progress=on_written)


def _with_words(store: Store, target: Release) -> Edition:
    """The edition of a release with its transcripts, which records do not hold; lists and frames tell of them."""

    def heard(entry: Entry) -> Entry:
        key = transcripts.published(entry, target)
        if key is None:
            return entry
        held = store.read(key)  # where that is damaged, its page does not lead to it
        return replace(entry, episode=transcripts.again(entry, key, held.body if held else None) or entry.episode)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return replace(target.edition, entries=tuple(pool.map(heard, target.edition.entries)))


# --- clearing away ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Clearing:
    """What may go, and what this was decided from."""

    now: datetime
    days: float
    pruning: Pruning
    unfinished: tuple[Unfinished, ...]
    """Uploads that nobody will end."""
    published: Published
    cleared: Cleared
    """What an earlier clearing left to be told."""


def clearing(store: Store, now: datetime, days: float) -> Clearing:
    """What may go of what lies in the store, keeping whatever a release of so many `days` needs."""
    found = [each for each in store.list() if each.key != CLEARED]
    lying = [Lying(key=each.key, size=each.size, modified=each.modified) for each in found]
    published, there = publish.published(store), store.clock or now
    since = prune.since(lying, there, days)
    keep = prune.counting(published.history, since) | ({published.release.id} if published.release else set())
    kept = [publish.recorded(store, each) for each in sorted(keep)]
    gone = [old for each in sorted(published.history.past - keep) if (old := _record(store, each))]
    coming = prune.coming(lying, published.history, there)
    spared = published.history.keys | coming | {key for each in coming for key in _named(store, each)}
    mark = store.read(CLEARED) if published.cleared_version else None
    return Clearing(
        now=now,
        days=days,
        pruning=prune.make(lying, kept, gone, since, spared=spared),
        unfinished=tuple(store.unfinished(since)),
        published=published,
        cleared=(mark and history.cleared(mark.body)) or Cleared(),
    )


def _named(store: Store, record: Key) -> Iterator[Key]:
    """What a record names that somebody may be about to switch to; StoreError where nobody can tell."""
    held = store.read(record)
    if held is None:  # somebody else cleared it away
        return
    named = release.keys_in(held.body)
    if named is None:
        what = f"{record} at {store.name} is damaged: nobody can tell what it needs."
        raise StoreError(Problem(what=what, why="A release may be about to go live with it.", mend="Remove that file."))
    yield from named


def clear(store: Store, decided: Clearing) -> Pruning:
    """Delete what was decided and is decided again, and return that.

    Before the first delete the store is told what is about to go, then all is looked at anew: a publisher that switches
    meanwhile has written its record before and is seen, or sees what is about to go. Conflict when somebody publishes
    or clears away at the same time; what has not gone by then stays.
    """
    left, doomed = decided.cleared.doomed, frozenset(each.key for each in decided.pruning.doomed)
    gone = replace(decided.pruning, doomed=())
    if doomed or left:
        number = decided.cleared.number + (0 if left else 1)
        begun = _marked(store, Cleared(number=number, doomed=doomed | left), decided.published.cleared_version)
        again = clearing(store, decided.now, decided.days)
        gone = replace(again.pruning, doomed=tuple(each for each in again.pruning.doomed if each.key in doomed))
        for lot in prune.stages(gone):
            for begin in range(0, len(lot), _AT_ONCE):
                _undisturbed(store, decided.published, begun)
                _delete(store, lot[begin : begin + _AT_ONCE])
        _marked(store, Cleared(number=number), begun)
        _whole(store)
    for upload in decided.unfinished:
        store.abandon(upload)
    return gone


def _marked(store: Store, told: Cleared, expected: Version | None) -> Version:
    try:
        return store.put(history.mark(told), expected=expected)
    except Conflict as error:
        raise _together(store, "cleared away at") from error


def _undisturbed(store: Store, published: Published, begun: Version) -> None:
    """Conflict where the feed, the log or what is said of this clearing is not what it was."""
    seen = list(store.list(WATCHED))
    version = {each.key: each.version for each in seen if each.key in (FEED, CLEARED)}
    if version.get(CLEARED) != begun:
        raise _together(store, "cleared away at")
    log = History.of((each.key, each.modified) for each in seen)
    if version.get(FEED) != published.feed_version or log.keys != published.history.keys:
        raise _together(store, "published to")


def _together(store: Store, did: str) -> Conflict:
    what = f"Somebody {did} {store.name} while it was being cleared."
    return Conflict(Problem(what=what, why="They may need what was about to go.", mend="Run prune again."))


def _delete(store: Store, doomed: Sequence[Lying]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(store.delete, (each.key for each in doomed)))


def _whole(store: Store) -> None:
    """StoreError when something that the live release names is not there: whoever removed it, listeners lack it."""
    live = publish.published(store).release
    there = {each.key for each in store.list()}
    lacking = sorted({item.key for item in live.objects} - there) if live else []
    if lacking:
        what = f"{lacking[0]} is not at {store.name}" + (f", nor are {len(lacking) - 1} more." if lacking[1:] else ".")
        why = "The live release leads listeners to it."
        raise StoreError(Problem(what=what, why=why, mend="Run omroep publish --repair now."))
