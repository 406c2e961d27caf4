"""Keeping watch over a show's folder: looking, deciding, having it done, and looking again."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Protocol

from watchfiles import watch as hear

from pipeline import lookout, unchanged
from pipeline.catalog.files import AUDIO_SUFFIXES, HALF_COPIED
from pipeline.lookout import Decision, Kind, Manner, Scene, State, Unit
from pipeline.remembered import stamps

_TICK_MS = 500
_GATHER_MS = 200
_POLL_S = 2.0


class Came(Enum):
    """What came of an attempt."""

    DONE = "done"
    MOVED = "something changed while it was made, so nothing was published"
    FAILED = "something has to be mended first"
    PASSING = "the destination could not be reached, or somebody else was there first"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Of one attempt."""

    came: Came
    due: datetime | None = None
    """When the next scheduled episode is to be published."""
    ahead: timedelta = timedelta()
    """How far the destination's clock is ahead of this machine's."""


class Hands(Protocol):
    """What a watcher has done by others; each tells the producer about it, and raises nothing but KeyboardInterrupt."""

    def now(self) -> datetime:
        """By this machine's clock."""
        ...

    def take_in(self, names: tuple[str, ...]) -> None:
        """Make drafts of what lies there under these names."""
        ...

    def make(self, decision: Decision, unmoved: Callable[[], bool]) -> Outcome:
        """Make the show less what is moving, and give it to who should have it, if all else is `unmoved` then."""
        ...

    def rest(self, decision: Decision) -> None:
        """Told when there is nothing to do now."""
        ...

    def deaf(self, why: str) -> None:
        """Told when the system cannot say what changes, so that the folder is looked at every few seconds."""
        ...


def keep(root: Path, hands: Hands, manner: Manner, *, poll: bool = False) -> None:
    """Watch over the show at `root` until KeyboardInterrupt."""
    state = lookout.begun(scene(root), time.monotonic(), hands.now())
    ahead, look_at = timedelta(), 0.0
    for heard in _ticks(root, hands, poll=poll):
        while heard or time.monotonic() >= look_at:
            heard = False
            state = lookout.seen(state, scene(root), time.monotonic())
            decision = lookout.decide(state, manner, time.monotonic(), hands.now() + ahead)
            if decision.take_in:
                state = lookout.offered(state, decision.take_in)
                hands.take_in(decision.take_in)
            elif decision.make:
                outcome = _made(root, hands, state, decision)
                state, ahead = _after(state, decision, outcome), outcome.ahead
            else:
                look_at = time.monotonic() + min(decision.look_in_s, _POLL_S if poll else decision.look_in_s)
                hands.rest(decision)


def _made(root: Path, hands: Hands, state: State, decision: Decision) -> Outcome:
    marks = lookout.marks(state, decision.moving)

    def unmoved() -> bool:
        there = scene(root)
        return all(name in there and there[name].mark == mark for name, mark in marks.items())

    return hands.make(decision, unmoved)


def _after(state: State, decision: Decision, outcome: Outcome) -> State:
    if outcome.came is Came.DONE:
        return lookout.done(state, decision, outcome.due)
    if outcome.came is Came.MOVED:
        return state
    return lookout.failed(state, decision, time.monotonic(), passing=outcome.came is Came.PASSING)


def _ticks(root: Path, hands: Hands, *, poll: bool) -> Iterator[bool]:
    """Twice a second, and at once when something is heard of: whether it was."""
    yield True
    places = [root / name for name in unchanged.FOLDERS if (root / name).is_dir()]
    while not poll:
        try:
            changes = hear(
                *places,
                watch_filter=None,
                debounce=_GATHER_MS,
                rust_timeout=_TICK_MS,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            )
            yield from map(bool, changes)
        except (OSError, RuntimeError) as error:  # too many watches, or a folder that went: notify's errors are these
            hands.deaf(str(error))
            poll = True
    while True:
        time.sleep(_POLL_S)
        yield True


def scene(root: Path) -> Scene:
    """What lies in the show's folder now, as the file system tells it; hidden and half-copied loose files left out."""
    facts: dict[str, list[str]] = {}
    written: dict[str, float] = {}
    for path, status in unchanged.files([(root, name) for name in unchanged.FOLDERS]):
        unit = _unit(path)
        facts.setdefault(unit, []).append(repr((path, stamps.of(status))))
        written[unit] = max(written.get(unit, 0.0), status.st_mtime, status.st_ctime)
    return {
        name: Unit(
            kind=kind,
            mark=hashlib.sha256("\n".join(told).encode()).hexdigest(),
            written=datetime.fromtimestamp(written[name], UTC),
        )
        for name, told in facts.items()
        if (kind := _kind(root / name, name))
    }


def _unit(path: str) -> str:
    """`episodes/03-drie` of all that is in it; `feed` of all that is in that."""
    top, *below = path.split("/")
    return f"{top}/{below[0]}" if top == "episodes" and below else top


def _kind(path: Path, name: str) -> Kind | None:
    base = PurePosixPath(name).name
    if base.startswith(".") or base.endswith(HALF_COPIED):
        return None
    if "/" not in name:
        return Kind.SHOW
    try:
        if path.is_dir():
            return Kind.EPISODE if (path / "episode.md").exists() else Kind.NEW
    except PermissionError:  # which is told where the show is read
        return Kind.EPISODE
    return Kind.RECORDING if path.suffix.lower() in AUDIO_SUFFIXES else Kind.BESIDE
