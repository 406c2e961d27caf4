"""Deciding what a watcher does next: what has come to rest, what is to be done about it, and when to look again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePosixPath


class Kind(Enum):
    """What lies there, by its name and place."""

    SHOW = "the show itself"
    """`feed/` or `templates/`."""
    EPISODE = "an episode's folder"
    NEW = "a folder without episode.md"
    RECORDING = "a loose recording"
    BESIDE = "a loose file that may belong to one"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """What changes as one: an episode's folder, a loose file in `episodes/`, or a folder of the show's."""

    kind: Kind
    mark: str
    """Differs whenever a file in it was written, renamed, added or removed; empty where it is gone."""
    since_s: float = field(default=0.0, compare=False)
    """When it was first seen so, on a clock that only goes forward."""
    written: datetime | None = field(default=None, compare=False)
    """When something in it was written or named last, as the file system tells it; None where that is not known."""


Scene = Mapping[str, Unit]
"""Units by name: `episodes/03-drie`, `episodes/03 Drie.wav`, `feed`."""
MADE_OF = frozenset({Kind.SHOW, Kind.EPISODE})
"""What is published is made of these; the others wait to be taken in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What a watcher knows."""

    scene: Scene = field(default_factory=dict)
    offered: frozenset[tuple[str, str, str]] = frozenset()
    """Name and mark of what was taken in or left alone, and the show's mark then: not again while they are the same."""
    made: Mapping[str, str] | None = None
    """Marks of what the last attempt was made of; None before the first."""
    failures: int = 0
    """Attempts in a row that passing trouble ended."""
    again_s: float | None = None
    """When to try once more."""
    due: datetime | None = None
    """When the next scheduled episode is to be published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What to do now."""

    take_in: tuple[str, ...] = ()
    """Names of loose recordings and new folders that have come to rest."""
    make: str = ""
    """Why to make and publish; empty: there is no reason to."""
    moving: tuple[str, ...] = ()
    """Names of what is still changing, which is left as it is."""
    look_in_s: float
    """Seconds after which to look again, whatever is heard of meanwhile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How patient a watcher is."""

    settle_s: float = 5.0
    """For so long nothing may change before it is read."""
    look_s: float = 30.0
    """After so long it looks by itself, in case it was not told of a change."""


SHORTEST_S, LONGEST_S = 5.0, 900.0
"""Between attempts when the destination fails: doubled each time."""
_GONE = ""


def seen(state: State, found: Scene, at_s: float) -> State:
    """What is known when `found` is what lies there: each unit keeps the moment since which it is as it is."""
    scene = {name: _dated(state.scene.get(name), unit, at_s) for name, unit in found.items()}
    for name, unit in state.scene.items():
        if name not in found:
            scene[name] = _dated(unit, replace(unit, mark=_GONE), at_s)
    return replace(state, scene=scene)


def begun(found: Scene, at_s: float, now: datetime) -> State:
    """What is known when a watcher begins and finds this: what was written before has been at rest for so long."""
    ages = {name: now - unit.written if unit.written else timedelta() for name, unit in found.items()}
    return State(
        scene={name: replace(unit, since_s=at_s - max(0.0, ages[name].total_seconds())) for name, unit in found.items()}
    )


def _dated(before: Unit | None, unit: Unit, at_s: float) -> Unit:
    return before if before == unit else replace(unit, since_s=at_s)


def decide(state: State, manner: Manner, at_s: float, now: datetime) -> Decision:
    """What to do at `at_s` on the watcher's clock, when it is `now` where it is published."""
    moving = tuple(name for name, unit in sorted(state.scene.items()) if at_s - unit.since_s < manner.settle_s)
    steady = not _unsteady(state, moving) and not _renaming(state, manner, moving, at_s)
    return Decision(
        take_in=tuple(_fresh(state, frozenset(moving))) if steady else (),
        make=_reason(state, moving, at_s, now) if steady else "",
        moving=tuple(name for name in moving if state.scene[name].mark != _GONE),
        look_in_s=max(0.0, min(_waits(state, manner, moving, at_s, now))),
    )


def _unsteady(state: State, moving: tuple[str, ...]) -> bool:
    """Whether the show itself is changing, or something has only just gone: it may be on its way to another name."""
    return any(state.scene[name].kind is Kind.SHOW or state.scene[name].mark == _GONE for name in moving)


def _renaming(state: State, manner: Manner, moving: tuple[str, ...], at_s: float) -> bool:
    """Whether what has gone may be what is coming to rest now; a copy that goes on for long is not waited for."""
    gone = (unit for name, unit in state.scene.items() if unit.mark == _GONE and name in (state.made or {}))
    lately = any(at_s - unit.since_s < 2 * manner.settle_s for unit in gone)
    return lately and any(name not in (state.made or {}) for name in moving)


def _fresh(state: State, moving: frozenset[str]) -> Iterator[str]:
    for name, unit in sorted(state.scene.items()):
        there = unit.kind in (Kind.NEW, Kind.RECORDING) and unit.mark != _GONE
        if there and not moving & {name, *_sharing(state, name)} and offer(state, name) not in state.offered:
            yield name


def _sharing(state: State, name: str) -> frozenset[str]:
    """Loose files that have the name of a recording, less its ending: they are taken in together."""
    stem = str(PurePosixPath(name).with_suffix("")).casefold()
    loose = (Kind.RECORDING, Kind.BESIDE)
    return frozenset(
        each for each, unit in state.scene.items() if unit.kind in loose and each.casefold().startswith(f"{stem}.")
    )


def offer(state: State, name: str) -> tuple[str, str, str]:
    """What is remembered of something that was taken in or left alone."""
    beside = "".join(sorted(state.scene[each].mark for each in _sharing(state, name)))
    show = "".join(unit.mark for _, unit in sorted(state.scene.items()) if unit.kind is Kind.SHOW)
    return name, state.scene[name].mark + beside, show


def _reason(state: State, moving: tuple[str, ...], at_s: float, now: datetime) -> str:
    if state.made is None:
        return "to begin with"
    if state.due and state.due <= now:
        return "an episode is due"
    if changed := sorted(_differing(state, moving)):
        return f"{changed[0]} has changed" + (f", and {len(changed) - 1} more" if len(changed) > 1 else "")
    return "to try again" if state.again_s is not None and state.again_s <= at_s else ""


def _differing(state: State, moving: tuple[str, ...]) -> set[str]:
    """What is at rest and not as it was when the show was made last."""
    there, before = marks(state), state.made or {}
    return {name for name in there.keys() | before.keys() if there.get(name) != before.get(name)} - {*moving}


def marks(state: State, apart: tuple[str, ...] = ()) -> Mapping[str, str]:
    """What the show is made of now, less what is left `apart`."""
    return {
        name: unit.mark
        for name, unit in state.scene.items()
        if unit.kind in MADE_OF and unit.mark != _GONE and name not in apart
    }


def _waits(state: State, manner: Manner, moving: tuple[str, ...], at_s: float, now: datetime) -> Iterator[float]:
    yield manner.look_s
    yield from (state.scene[name].since_s + manner.settle_s - at_s for name in moving)
    if state.due:
        yield (state.due - now) / timedelta(seconds=1)
    if state.again_s is not None:
        yield state.again_s - at_s


def offered(state: State, names: tuple[str, ...]) -> State:
    """After these were taken in or left alone."""
    return replace(state, offered=state.offered | {offer(state, name) for name in names})


def done(state: State, decision: Decision, due: datetime | None) -> State:
    """After the show was made and nothing is left to do but what is still changing."""
    gone = {name for name, unit in state.scene.items() if unit.mark == _GONE and name not in decision.moving}
    scene = {name: unit for name, unit in state.scene.items() if name not in gone}
    made = marks(state, decision.moving)
    return replace(state, scene=scene, made=made, failures=0, again_s=None, due=due)


def failed(state: State, decision: Decision, at_s: float, *, passing: bool) -> State:
    """After an attempt that came to nothing: what passes is tried again, later each time; else a change is awaited."""
    pause_s = min(LONGEST_S, SHORTEST_S * 2**state.failures)
    after = done(state, decision, None)
    return replace(after, failures=state.failures + 1, again_s=at_s + pause_s) if passing else after
