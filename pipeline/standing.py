"""How every episode stands: what the producer wants of it beside what listeners have."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pipeline import sidecars
from pipeline.history import Published
from pipeline.model import Catalog, Entry, Episode, Key, Media, Status


class State(StrEnum):
    """In a word."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    WAITING = "not yet published"
    LIVE = "live"
    CHANGED = "changed since published"
    LEAVING = "withdrawn, still in the feed"
    WITHDRAWN = "withdrawn"
    MISSING = "live, but missing here"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One episode."""

    episode: Episode
    state: State
    media: Media | None
    """As published; None where it never was."""


def standings(catalog: Catalog, published: Published, now: datetime) -> Iterator[Standing]:
    """Every episode of the catalogue, then every one that listeners have or had and the catalogue lacks."""
    entries = published.release.edition.entries if published.release else ()
    withdrawn = published.release.edition.withdrawn if published.release else ()
    old = {entry.episode.guid: entry for entry in entries}
    taken = {entry.episode.guid: entry for entry in withdrawn}
    keys = frozenset({None, *(item.key for item in published.release.objects)} if published.release else ())
    for episode in catalog.episodes:
        entry = old.pop(episode.guid, None)
        off = taken.pop(episode.guid, None)
        asked = off is not None and off.episode.status is Status.LIVE
        state = State.WITHDRAWN if asked else _state(episode, entry, now, keys)
        yield Standing(episode=episode, state=state, media=entry.media if entry else None)
    for entry in old.values():
        yield Standing(episode=entry.episode, state=State.MISSING, media=entry.media)
    for entry in taken.values():
        yield Standing(episode=entry.episode, state=State.WITHDRAWN, media=None)


def _state(episode: Episode, entry: Entry | None, now: datetime, keys: frozenset[Key | None]) -> State:
    if episode.status is Status.DRAFT:
        return State.DRAFT
    if episode.status is Status.WITHDRAWN:
        return State.LEAVING if entry else State.WITHDRAWN
    if entry is None:
        return State.SCHEDULED if episode.published > now else State.WAITING
    same = entry.episode == replace(episode, transcript=()) and _words(episode, entry) in keys
    return State.LIVE if same else State.CHANGED


def _words(episode: Episode, entry: Entry) -> Key | None:
    """Where its transcript would be: the key tells the contents."""
    made = sidecars.transcript(replace(entry, episode=episode))
    return made.key if made else None
