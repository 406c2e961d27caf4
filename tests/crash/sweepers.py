"""Clearing away while somebody publishes or goes back: one is held at each request, the other goes on meanwhile."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.crash import stage
from tests.crash.bucket import Holdings
from tests.crash.faults import DONE, REFUSED, holds
from tests.crash.publisher import Clone, End
from tests.crash.reader import FEED, feed_of
from tests.crash.rivals import Arena
from tests.crash.wire import Point, Script

SWEEP = ("prune", "--older-than", "0", "--yes")
_GUIDS = frozenset({"guid-of-01-een", "guid-of-02-twee"})


def _other_audio(show: Path) -> None:
    stage.edit(show, "01-een", "Notities.", "Met een andere opname.")
    stage.STEPS["replace audio"].change(show)


def _first_audio_again(show: Path) -> None:
    """What is there already and no release of these days names is wanted again."""
    stage.edit(show, "02-twee", "Notities.", "Andere notities.")


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one of the two does."""

    command: tuple[str, ...]
    change: Callable[[Path], None]
    """Of the show as it was first."""
    waits: Point | None = None
    """The request before which it waits in its turn, as the other of two, until the one that is held has ended."""


_SWEEPS = Part(command=SWEEP, change=_other_audio)
_PUBLISHES = Part(command=("publish",), change=_first_audio_again)
_GOES_BACK = Part(command=("rollback", "1"), change=_other_audio)
_SWITCH = Point(method="PUT", key=FEED)
MEETINGS: Mapping[str, tuple[Part, Part]] = {
    "a publish, held, and a sweep": (_PUBLISHES, _SWEEPS),
    "a sweep, held, and a publish": (_SWEEPS, _PUBLISHES),
    "going back, held, and a sweep": (_GOES_BACK, _SWEEPS),
    "a sweep, held, and going back": (_SWEEPS, _GOES_BACK),
    "a sweep, held, and a publish about to switch": (_SWEEPS, replace(_PUBLISHES, waits=_SWITCH)),
    "a sweep, held, and going back, about to switch": (_SWEEPS, replace(_GOES_BACK, waits=_SWITCH)),
}
"""Who is held, and who goes on meanwhile: to its end, or to where it waits."""


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A row of `MEETINGS` from the state that both start with, with the requests of the one that is held."""

    name: str
    held: Part
    other: Part
    before: Holdings
    points: tuple[Point, ...]


def meeting(arena: Arena, name: str) -> Meeting:
    """Played without the other, to know its requests."""
    rig, (held, other) = arena.rig, MEETINGS[name]
    rig.bucket.become({})
    rig.watcher.begin({})
    rig.watcher.hidden, rig.watcher.leaving = stage.STEPS["edit"].hidden, frozenset()
    rig.done(arena.clone("ours"))
    rig.done(arena.clone("ours", _other_audio))
    before = rig.bucket.holdings()
    _set(arena, before)
    rig.done(arena.clone("ours", held.change), *held.command)
    return Meeting(name=name, held=held, other=other, before=before, points=tuple(rig.wire.points()))


def meet(arena: Arena, at: Meeting, point: Point) -> None:
    """One is held before `point`, the other goes on, the first ends, and the other; then both again, undisturbed."""
    rig, where = arena.rig, f"{at.name} before {point}"
    _set(arena, at.before)
    rig.score.points += 1
    ours, theirs = arena.clone("ours", at.held.change), arena.clone("theirs", at.other.change)
    rig.begin(ours, Script(play=holds, at=point), *at.held.command, hurry=False)
    reached = rig.wire.held.wait(20)
    goes_on = arena.begin(theirs, *at.other.command, before=at.other.waits)
    rig.wire.gate.set()
    first = rig.nursery.end()
    second = goes_on()
    rig.score.fired["held"] += int(reached)
    rig.score.fired["about to switch"] += int(arena.wire.held.is_set())
    rig.score.ended[f"{at.name}: held {first.status}, other {second.status}"] += 1
    rig.blame(where, _judged(reached, first, second))
    rig.blame(where, _peace(arena, at, ours, theirs))
    rig.score.looks, rig.watcher.looks = rig.score.looks + rig.watcher.looks, 0


def _set(arena: Arena, before: Holdings) -> None:
    rig = arena.rig
    rig.bucket.become(before)
    time.sleep(1.1)  # the store's clock tells seconds, and only what is older than the feed is old
    rig.bucket.put(FEED, before[FEED])
    rig.watcher.pruned = True
    rig.watcher.begin({key: held.seen for key, held in before.items()})


def _judged(reached: bool, *ends: End) -> Iterator[str]:
    if not reached:
        yield "it was not held"
    for end in ends:
        if end.status not in (DONE, REFUSED) or "Traceback" in end.said:
            yield f"ended with {end.status}: {end.said.strip()[-400:]}"
    if all(end.status != DONE for end in ends):
        yield f"both lost: {[end.said.strip()[-200:] for end in ends]}"


def _peace(arena: Arena, at: Meeting, ours: Clone, theirs: Clone) -> Iterator[str]:
    """Whoever clears away, and whoever publishes then, has nothing in the way; going back may find it gone."""
    rig = arena.rig
    for part, clone in sorted(((at.held, ours), (at.other, theirs)), key=lambda each: each[0] is not _SWEEPS):
        end = rig.publish(clone, None, *part.command, hurry=False)
        if end.status not in ((DONE, REFUSED) if part.command == _GOES_BACK.command else (DONE,)):
            yield f"{part.command[0]} once more ends with {end.status}: {end.said.strip()[-300:]}"
    yield from rig.watcher.violations
    rig.watcher.violations = []
    if frozenset(feed_of(rig.watcher.view[FEED]).guids) != _GUIDS:
        yield f"the feed holds {feed_of(rig.watcher.view[FEED]).guids}"
