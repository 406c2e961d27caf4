"""The show as its makers see it before anybody else: drafts and scheduled episodes among the others, marked as such."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pipeline.guard import Wanted
from pipeline.model import Catalog, Edition, Entry, Episode, Status

MARKS = ("Draft", "Scheduled")


def wanted(catalog: Catalog) -> Wanted:
    """Every episode that was not taken off. Of use to no publish: listeners would get what is not theirs yet."""
    shown = (episode for episode in catalog.episodes if episode.status is not Status.WITHDRAWN)
    return Wanted(live=tuple(shown), withdrawn=())


def marked(edition: Edition, now: datetime, say: Callable[[str], str]) -> Edition:
    """With what an episode is in front of its title, in the words of `say`, where it is not published at `now`."""
    return replace(edition, entries=tuple(_marked(entry, now, say) for entry in edition.entries))


def _marked(entry: Entry, now: datetime, say: Callable[[str], str]) -> Entry:
    mark = _mark(entry.episode, now)
    if not mark:
        return entry
    return replace(entry, episode=replace(entry.episode, title=f"[{say(mark)}] {entry.episode.title}"))


def _mark(episode: Episode, now: datetime) -> str:
    if episode.status is Status.DRAFT:
        return MARKS[0]
    return MARKS[1] if episode.published > now else ""
