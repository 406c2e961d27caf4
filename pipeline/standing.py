"""How every episode stands: what the producer wants of it beside what listeners have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pipeline import sidecars
from pipeline.history import Published
from pipeline.model import Catalog, Entry, Episode, Guid, Key, Media, Slug, Status


class State(StrEnum):
    """In a word."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    WAITING = "not yet published"
    READY = "in order"
    """What listeners have of it is not known."""
    LIVE = "live"
    CHANGED = "changed since published"
    LEAVING = "withdrawn, still in the feed"
    WITHDRAWN = "withdrawn"
    MISSING = "live, but missing here"
    BROKEN = "to be mended"
    KEPT = "live as it was, to be mended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Apart:
    """An episode's folder that something is wrong with."""

    why: tuple[str, ...]
    names: frozenset[Guid | Slug] = frozenset()
    """What it may be published under."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One episode."""

    episode: Episode
    state: State
    folder: str = ""
    """In `episodes/`; empty where it is only at the store."""
    media: Media | None = None
    """As published; None where it never was."""
    why: tuple[str, ...] = ()
    """What is wrong with it."""


NOBODY: Mapping[str, Apart] = {}


def standings(
    catalog: Catalog, published: Published, now: datetime, apart: Mapping[str, Apart] = NOBODY
) -> Iterator[Standing]:
    """Every episode of the catalogue, then every one that listeners have or had and the catalogue lacks.

    Those of `apart`, by folder, are as they were published, whatever the catalogue says of them; such a folder that
    could not be read and was never published is not among them.
    """
    store = _Store.of(published)
    for episode in catalog.episodes:
        yield store.standing(episode, now, apart.get(episode.folder))
    for entry in store.live.values():
        folder = next((name for name, each in apart.items() if _names(entry) & each.names), "")
        state = State.KEPT if folder else State.MISSING
        why = apart[folder].why if folder else ()
        yield Standing(episode=entry.episode, folder=folder, state=state, media=entry.media, why=why)
    for entry in store.off.values():
        yield Standing(episode=entry.episode, state=State.WITHDRAWN, media=None)


def _names(entry: Entry) -> set[Guid | Slug]:
    return {entry.episode.guid, entry.episode.slug}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Store:
    live: dict[Guid, Entry] = field(default_factory=dict)
    off: dict[Guid, Entry] = field(default_factory=dict)
    keys: frozenset[Key | None] = frozenset()

    @classmethod
    def of(cls, published: Published) -> "_Store":
        if not published.release:
            return cls()
        edition = published.release.edition
        return cls(
            live={entry.episode.guid: entry for entry in edition.entries},
            off={entry.episode.guid: entry for entry in edition.withdrawn},
            keys=frozenset({None, *(item.key for item in published.release.objects)}),
        )

    def standing(self, episode: Episode, now: datetime, apart: Apart | None) -> Standing:
        """Of an episode of the catalogue; what is asked for is not asked for again."""
        entry, off = self.live.pop(episode.guid, None), self.off.pop(episode.guid, None)
        asked = off is not None and off.episode.status is Status.LIVE
        back = off is not None and episode.status is Status.LIVE and episode.published <= now
        state = State.WITHDRAWN if asked or back else _state(episode, entry, now, self.keys)
        if apart:
            state = State.KEPT if entry else State.BROKEN
        return Standing(
            episode=episode,
            folder=episode.folder,
            state=state,
            media=entry.media if entry else None,
            why=apart.why if apart else (_BACK.format(slug=episode.slug),) if back else (),
        )


_BACK = "to bring it back: omroep publish --restore {slug}"


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
