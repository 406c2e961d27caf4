"""Deciding who is to be told that feeds have changed, and of which ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline import digest, feed
from pipeline.history import NAME, STATE, Published
from pipeline.model import Digest, Key, Release, Show

PODPING = "https://podping.cloud/"
"""The node that takes podpings over HTTP from everybody who has a token of it."""
_KINDS = ("podcast", "music", "video", "film", "audiobook", "newsletter", "blog")
_PODPING_MEDIUMS = frozenset((*_KINDS, *(f"{kind}L" for kind in _KINDS), "mixed"))
"""What podping knows of podcast:medium (podping-hivewriter, option --medium); it takes others for a podcast."""


class Manner(StrEnum):
    """How one is told."""

    WEBSUB = "websub"
    PODPING = "podping"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tiding:
    """Somebody who is to be told, and of what."""

    manner: Manner
    address: str
    feeds: tuple[str, ...]
    """Addresses of the feeds that changed, the main one first."""
    state: str
    """What all feeds are now, as `Heard.feeds` has it."""
    medium: str | None = None
    """Of the show, where the manner has a word for it."""

    @property
    def who(self) -> str:
        """As `Heard.who` has it."""
        return digest.of_record([self.manner, self.address])[:NAME]


def everything(live: Release) -> tuple[Tiding, ...]:
    """Everybody whom the live release names, told of every feed."""
    return tuple(_tidings(live, tuple(_feeds(live))))


def due(live: Release, before: Published) -> tuple[Tiding, ...]:
    """Who does not know yet what listeners get when `live` takes the place of what was published `before`.

    Who knew what was there before is told of the feeds that differ from it. Who did not, because telling them failed,
    the publisher was stopped first, or the show did not name them, is told of all.
    """
    return tuple(_due(live, before))


def _due(live: Release, before: Published) -> Iterator[Tiding]:
    now, then = _feeds(live), _feeds(before.release) if before.release else {}
    changed = tuple(key for key, sha256 in now.items() if then.get(key) != sha256) or (feed.KEY,)
    for whole, part in zip(everything(live), _tidings(live, changed), strict=True):
        heard = before.history.last_heard(whole.who)
        if heard != whole.state:
            yield part if heard == _state(then) else whole


def _tidings(live: Release, keys: tuple[Key, ...]) -> Iterator[Tiding]:
    show, state = live.edition.show, _state(_feeds(live))
    feeds = tuple(show.base_url + key for key in keys)
    for hub in dict.fromkeys(show.hubs):
        yield Tiding(manner=Manner.WEBSUB, address=hub, feeds=feeds, state=state)
    if show.podping:
        node = show.podping_node or PODPING
        yield Tiding(manner=Manner.PODPING, address=node, feeds=feeds, state=state, medium=_medium(show))


def _medium(show: Show) -> str | None:
    return show.medium if show.medium in _PODPING_MEDIUMS else None


def _feeds(release: Release) -> Mapping[Key, Digest]:
    """Every feed with the digest of what is in it, whatever release it names; the main one first."""
    found = {item.key: item.sha256 for item in release.objects if item.type == feed.TYPE}
    return {key: found[key] for key in sorted(found, key=lambda key: (key != feed.KEY, key))}


def _state(feeds: Mapping[Key, Digest]) -> str:
    return digest.of_record(sorted(feeds.items()))[:STATE]
