"""The stories of what was published before: listing it, going back to it, and clearing away what nobody needs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline import apply, changes, channels, composing, pages, prune, publish, release, rollback, sidecars, theme
from pipeline.catalog import transcripts
from pipeline.errors import Conflict, Problem, Refused, StoreError
from pipeline.history import WATCHED, Event, History, Turn
from pipeline.model import Action, Change, Cue, Digest, Edition, Entry, Key, Kind, Plan, Receipt, Release
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


def releases(store: Store, most: int | None) -> tuple[Told, ...]:
    """What listeners had, newest first; of the newest `most` with what changed (None: of all)."""
    log = History.of((found.key, found.modified) for found in store.list(WATCHED))
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
            changes=_noticed(former, records[event.release]),
        )
        for event, former in reversed(list(zip(shown, before, strict=False)))
    )


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
    target = publish.recorded(store, rollback.chosen(before.history, asked), room.studio.cache)
    held = {found.key: found.size for found in store.list()}
    if lacking := tuple(rollback.lacking(target, held)):
        raise Refused(*lacking)
    edition = _with_words(store, target, rollback.differing(target, before))
    look = theme.load(room.root, edition.show.language, edition.show.theme)
    return rollback.make(target, composing.site(edition, look), before)


def go(plan: Plan, store: Store, on_written: Callable[[Action], None]) -> Receipt:
    """Carry a plan out."""
    return apply.run(plan, store, progress=on_written)


def _with_words(store: Store, target: Release, wanted: frozenset[Key]) -> Edition:
    """The edition of a release, with the transcripts of episodes whose pages are wanted: records do not hold them."""
    spoken = {item.key for item in target.objects if item.kind is Kind.SIDECAR and item.key.endswith(".vtt")}
    feeds = [channel.edition.entries for channel in channels.further(target.edition, str) if channel.key in wanted]
    told = {pages.episode_key(entry.episode) for entries in feeds for entry in entries} | wanted

    def heard(entry: Entry) -> Entry:
        mine = [key for key in spoken if key.startswith(f"transcripts/{entry.episode.slug}.")]
        if pages.episode_key(entry.episode) not in told or len(mine) != 1:
            return entry
        found = store.read(mine[0])
        cues = transcripts.cues(found.body.decode(), mine[0]) if found else ()
        if isinstance(cues, Problem):
            return entry
        there = replace(entry, episode=replace(entry.episode, transcript=tuple(_back(entry, cue) for cue in cues)))
        made = sidecars.transcript(there)
        return there if made and made.key == mine[0] else entry  # else its page would lead to what is not there

    return replace(target.edition, entries=tuple(map(heard, target.edition.entries)))


def _back(entry: Entry, cue: Cue) -> Cue:
    """A cue in the time of the recording, as its producer wrote it."""
    shift = entry.media.shift_s
    return replace(cue, start_s=cue.start_s - shift, end_s=cue.end_s - shift)


# --- clearing away ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Clearing:
    """What may go, and what this was decided from."""

    pruning: Pruning
    unfinished: tuple[Unfinished, ...]
    """Uploads that nobody will end."""
    log: History


def clearing(store: Store, now: datetime, days: float) -> Clearing:
    """What may go of what lies in the store."""
    lying = [Lying(key=found.key, size=found.size, modified=found.modified) for found in store.list()]
    published = publish.published(store)
    since = prune.since(lying, now, days)
    keep = prune.counting(published.history, since)
    kept = [publish.recorded(store, each) for each in sorted(keep)]
    gone = [found for each in sorted(published.history.past - keep) if (found := _record(store, each))]
    return Clearing(
        pruning=prune.make(lying, kept, gone, since, live=published.history.keys),
        unfinished=tuple(store.unfinished(since)),
        log=published.history,
    )


def clear(store: Store, decided: Clearing) -> None:
    """Delete what was decided, one lot after another; Conflict when somebody published since."""
    for lot in prune.stages(decided.pruning):
        seen = History.of((found.key, found.modified) for found in store.list(WATCHED))
        if seen.keys != decided.log.keys:
            what = f"Somebody published to {store.name} while it was being cleared."
            raise Conflict(Problem(what=what, why="It may need what was about to go.", mend="Run prune again."))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(store.delete, (each.key for each in lot)))
    for upload in decided.unfinished:
        store.abandon(upload)
