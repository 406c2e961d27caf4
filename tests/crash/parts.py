"""The parts of the rig, and how their work is shared out over processes."""

import atexit
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import seaweed
from tests.crash import stage, sweepers, world
from tests.crash.campaign import EVERYTHING_AT, Course, Rig, tasks
from tests.crash.faults import FAULTS
from tests.crash.folder import FolderRig, Way
from tests.crash.machine import Life, LifeInAFolder
from tests.crash.mutants import MUTANTS, Mutant, bred
from tests.crash.publisher import Clone, Nursery
from tests.crash.reader import FEED
from tests.crash.rivals import QUARRELS, Arena, Case
from tests.crash.score import Score
from tests.crash.stage import Shows

_SHARES = 3
"""Into so many pieces the work of each step is cut."""
_WORLDS = 3
"""Of clocks and disks, which are few, one of so many is tried at least."""
_Point = TypeVar("_Point")


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is tried."""

    thorough: bool = False
    """Every fault at every request of every step."""
    every: int = 1
    """One point of so many in a row, in each row beginning at another, so that all kinds are among them."""

    def share(
        self, score: Score, row: int, share: int, points: Sequence[_Point], wanted: Callable[[int, _Point], bool]
    ) -> Iterator[_Point]:
        """What one of the pieces tries of the row with that number; `score` gets to know what is left out.

        `wanted`, of a point and its place in the row, is what even a run that is not thorough tries.
        """
        tried = [point for place, point in enumerate(points) if self.thorough or wanted(place, point)]
        tried = [point for place, point in enumerate(tried) if (place + row) % self.every == 0]
        if share == 0:
            score.left_out += len(points) - len(tried)
        yield from tried[share::_SHARES]


@dataclass(frozen=True, kw_only=True)
class Floor:
    """What all parts stand on: a server, the shows with their audio mastered, and processes to work in."""

    server: seaweed.Server
    shows: Shows
    scratch: Path
    pool: ProcessPoolExecutor

    def score(self, work: Callable[..., Score], pieces: Sequence[tuple[Any, ...]]) -> Score:
        """The sum over `pieces`, each done in one of the processes."""
        total = Score()
        for place, future in enumerate(futures := [self.pool.submit(work, *piece) for piece in pieces]):
            score = future.result()
            total.add(score)
            for violation in score.violations[:3]:
                print(f"  {violation[:400]}", file=sys.stderr, flush=True)
            told = f"{total.points} points, {len(total.violations)} violations"
            print(f"  {place + 1} of {len(futures)}: {told}", file=sys.stderr, flush=True)
        return total


@contextmanager
def opened(folder: Path, workers: int) -> Iterator[Floor]:
    """The floor, in `folder`."""
    shows = stage.write(folder / "shows")
    master(shows, folder / "mastering")
    context = get_context("spawn")
    with seaweed.started(folder) as server:
        room = (server, shows, folder)
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_enter, initargs=room) as pool:
            yield Floor(server=server, shows=shows, scratch=folder, pool=pool)


def master(shows: Shows, scratch: Path, *, only: Collection[str] = ()) -> None:
    """Master the audio of all shows (or of those so called), so that a publish is nothing but requests."""
    nursery = Nursery(scratch, shows.base, shows.cache)
    for place, (show, now) in enumerate(shows.all()):
        if only and show.name not in only:
            continue
        nursery.begin(Clone(show=show, cache=shows.cache, now=now), "build", "--to", str(scratch / f"site-{place}"))
        end = nursery.end()
        if end.status:
            raise RuntimeError(f"{show} cannot be built: {end.said}")
    nursery.close()


# --- in the working processes

_here: dict[str, Any] = {}


def _enter(server: seaweed.Server, shows: Shows, folder: Path) -> None:
    _here.update(server=server, shows=shows, folder=folder, courses={})


def _rig() -> Rig:
    if "rig" not in _here:
        scratch = _here["folder"] / f"worker-{os.getpid()}"
        scratch.mkdir()
        _here["rig"] = Rig(_here["server"], _here["shows"], scratch)
        atexit.register(_here["rig"].close)
    rig: Rig = _here["rig"]
    rig.score = Score()
    return rig


def _course(rig: Rig, step: str) -> Course:
    courses: dict[str, Course] = _here["courses"]
    if step not in courses:
        courses[step] = rig.course(step)
    return courses[step]


def _campaign(step: str, share: int, effort: Effort) -> Score:
    rig = _rig()
    course = _course(rig, step)
    usual = frozenset(tasks(course, thorough=False))
    for name, point in effort.share(
        rig.score, [*stage.STEPS].index(step), share, tasks(course, thorough=True), lambda _, task: task in usual
    ):
        rig.trial(course, name, point)
    return rig.score


def _given_up(step: str, share: int, effort: Effort) -> Score:
    rig = _rig()
    course = _course(rig, step)
    points = [point for point in course.points if point.nth == 1]
    for point in effort.share(rig.score, 0, share, points, lambda place, point: place % 2 == 0 or point.key == FEED):
        rig.for_ever(course, point)
    return rig.score


def _interrupted(step: str, share: int, effort: Effort) -> Score:
    rig = _rig()
    course = _course(rig, step)
    for point in effort.share(
        rig.score, 0, share, course.points, lambda place, point: place % 4 == 0 or point.key == FEED
    ):
        rig.interrupted(course, point)
    return rig.score


def _memory(effort: Effort) -> Score:
    rig = _rig()
    rig.behind_its_back(_course(rig, "add"))
    rig.damaged_memory(_course(rig, "edit"), every=effort.every)
    return rig.score


def _folder(row: int, step: str, share: int, effort: Effort) -> Score:
    rig = _folder_rig()
    ways: dict[str, Way] = _here.setdefault("ways", {})
    way = ways[step] if step in ways else ways.setdefault(step, rig.way(step))
    if share == 0:
        rig.score.blame(f"folder / {step}", rig.lasting(way))
    calls = range(1, len(way.calls) + 1)
    for at in effort.share(rig.score, row, share, calls, lambda place, _: step == EVERYTHING_AT or place % 4 == 0):
        rig.trial(way, at)
    return rig.score


def _traced(call: str, when: int) -> Score:
    rig = _folder_rig()
    ways: dict[str, Way] = _here.setdefault("ways", {})
    way = ways["everything"] if "everything" in ways else ways.setdefault("everything", rig.way("everything"))
    rig.traced(way, call, when)
    return rig.score


def _folder_rig() -> FolderRig:
    rig = _rig()
    if "folder rig" not in _here:
        _here["folder rig"] = FolderRig(rig.shows, rig.scratch, rig.nursery)
    found: FolderRig = _here["folder rig"]
    found.score = Score()
    return found


def _arena(rig: Rig) -> Arena:
    if "arena" not in _here:
        _here["arena"] = Arena(rig)
        atexit.register(_here["arena"].close)
    arena: Arena = _here["arena"]
    return arena


def _rivals(name: str, share: int, effort: Effort) -> Score:
    rig = _rig()
    arena = _arena(rig)
    cases: dict[str, Case] = _here.setdefault("cases", {})
    case = cases[name] if name in cases else cases.setdefault(name, arena.case(name))
    for point in effort.share(rig.score, [*QUARRELS].index(name), share, case.points, lambda *_: True):
        arena.fight(case, point)
    return rig.score


def _swept(name: str, share: int, effort: Effort) -> Score:
    rig = _rig()
    arena = _arena(rig)
    meetings: dict[str, sweepers.Meeting] = _here.setdefault("meetings", {})
    at = meetings[name] if name in meetings else meetings.setdefault(name, sweepers.meeting(arena, name))
    row = [*sweepers.MEETINGS].index(name)
    for point in effort.share(rig.score, row, share, at.points, lambda *_: True):
        sweepers.meet(arena, at, point)
    rig.watcher.pruned = False
    return rig.score


def _clocks(effort: Effort) -> Score:
    rig = _rig()
    score = world.clocks(rig.shows, rig.scratch, rig.nursery, every=min(effort.every, _WORLDS))
    score.add(world.faked(rig))
    return score


def _disks(effort: Effort) -> Score:
    rig = _rig()
    return world.full_disks(rig.shows, rig.scratch, every=min(effort.every, _WORLDS))


def _lives(in_folder: bool, count: int) -> Score:
    """Lives of a show, drawn anew each time; a failure is told with the steps that lead to it."""
    life = LifeInAFolder if in_folder else Life
    life.tried.clear()
    score = Score()
    drawn = settings(
        max_examples=count,
        stateful_step_count=20,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    looked = life.looks
    try:
        run_state_machine_as_test(life, settings=drawn)
    except BaseException as error:
        score.blame("a life of a show", ["".join(traceback.format_exception(error))[-3000:]])
    score.points, score.looks = life.tried.total() - life.tried["killed"], life.looks - looked
    score.fired["killed at a change"] = life.tried["killed"]
    return score


def _caught(name: str) -> Score:
    """A mutant in a rig of its own, until it is noticed."""
    mutant = MUTANTS[name]
    scratch = _here["folder"] / f"mutant-{list(MUTANTS).index(name)}"
    scratch.mkdir()
    score = Score(points=1)
    try:
        package = bred(mutant, scratch / "package")
        rig = Rig(_here["server"], _here["shows"], scratch, package=package)
    except (RuntimeError, SyntaxError) as error:
        score.blame(f"mutant “{name}”", [f"it cannot be tried: {error}"])
        return score
    try:
        found = next(_noticed(mutant, rig), "")
    except RuntimeError as error:  # it cannot even publish
        found = str(error)
    finally:
        rig.close()
    score.fired["mutant"] += 1
    broken = "Traceback" in found  # it does not show that anybody would notice
    score.blame(
        f"mutant “{name}”", [f"it is broken: {found[-400:]}"] if broken else [] if found else ["nobody noticed"]
    )
    score.notes.append(f"“{name}”: {found[:160]}")
    return score


def _noticed(mutant: Mutant, rig: Rig) -> Iterator[str]:
    """The complaints about a mutant, as they come."""
    if mutant.step:
        course = rig.course(mutant.step)
        yield from rig.score.violations
        for point in course.points:
            for fault in mutant.faults:
                if FAULTS[fault].hits(point):
                    rig.trial(course, fault, point)
                    yield from rig.score.violations
    elif mutant.memory:
        rig.behind_its_back(rig.course("add"))
        yield from rig.score.violations
    elif mutant.meeting:
        yield from _met(mutant.meeting, rig)
    elif mutant.quarrel:
        yield from _fought(mutant.quarrel, rig)
    elif mutant.folder:
        folder = FolderRig(rig.shows, rig.scratch, rig.nursery)
        way = folder.way(mutant.folder)
        yield from folder.lasting(way)
        for at in range(1, len(way.calls) + 1):
            folder.trial(way, at)
            yield from folder.score.violations
    else:
        yield from world.clocks(rig.shows, rig.scratch, rig.nursery).violations


def _met(name: str, rig: Rig) -> Iterator[str]:
    arena = Arena(rig)
    try:
        at = sweepers.meeting(arena, name)
        yield from rig.score.violations
        for point in reversed(at.points):
            sweepers.meet(arena, at, point)
            yield from rig.score.violations
    finally:
        arena.close()


def _fought(quarrel: str, rig: Rig) -> Iterator[str]:
    arena = Arena(rig)
    try:
        case = arena.case(quarrel)
        yield from rig.score.violations
        for point in reversed(case.points):
            arena.fight(case, point)
            yield from rig.score.violations
    finally:
        arena.close()


# --- the parts


def bucket(floor: Floor, effort: Effort) -> Score:
    """Every fault at every request."""
    return floor.score(_campaign, [(step, share, effort) for share in range(_SHARES) for step in stage.STEPS])


def for_ever(floor: Floor, effort: Effort) -> Score:
    """An object that can never be had or written."""
    return floor.score(_given_up, [("everything", share, effort) for share in range(_SHARES)])


def ctrl_c(floor: Floor, effort: Effort) -> Score:
    """An interrupt while a request is under way."""
    return floor.score(_interrupted, [("everything", share, effort) for share in range(_SHARES)])


def folder(floor: Floor, effort: Effort) -> Score:
    """Stopped at every system call that changes the folder; the real executable by the kernel too."""
    usual = ("first publish", "edit", "everything")
    steps = [step for step in stage.STEPS if step in usual or (effort.thorough and step not in stage.UPKEEP)]
    pieces = [(row, step, share, effort) for share in range(_SHARES) for row, step in enumerate(steps)]
    score = floor.score(_folder, pieces)
    if not shutil.which("strace"):
        score.notes.append("`strace` is not installed: the kernel stopped nothing")
        return score
    calls = ("rename", "fsync", "unlink")
    score.add(
        floor.score(_traced, [(call, when) for call in calls for when in (1, 2)])
    )  # strace counts for each thread
    return score


def rivals(floor: Floor, effort: Effort) -> Score:
    """Two publishers, one held before each of its requests."""
    return floor.score(_rivals, [(name, share, effort) for share in range(_SHARES) for name in QUARRELS])


def sweeps(floor: Floor, effort: Effort) -> Score:
    """Clearing away beside a publish and beside going back, either held before each of its requests."""
    return floor.score(_swept, [(name, share, effort) for share in range(_SHARES) for name in sweepers.MEETINGS])


def surroundings(floor: Floor, effort: Effort) -> Score:
    """Clocks, zones and full disks."""
    score = floor.score(_clocks, [(effort,)])
    score.add(floor.score(_disks, [(effort,)]))
    return score


def memory(floor: Floor, effort: Effort) -> Score:
    """A bucket that changes behind a machine's back, and a memory that is damaged."""
    return floor.score(_memory, [(effort,)])


def lives(floor: Floor, effort: Effort) -> Score:
    """Producers, machines, clocks and a killer, in any order."""
    count = 60 if effort.thorough else 12
    return floor.score(_lives, [(in_folder, count) for in_folder in (False, True)])


def mutants(floor: Floor, effort: Effort) -> Score:
    """The rig itself: each small breakage of the product must be noticed."""
    return floor.score(_caught, [(name,) for name in MUTANTS])


PARTS: Mapping[str, Callable[[Floor, Effort], Score]] = {
    "bucket": bucket,
    "for-ever": for_ever,
    "ctrl-c": ctrl_c,
    "folder": folder,
    "rivals": rivals,
    "sweeps": sweeps,
    "world": surroundings,
    "memory": memory,
    "lives": lives,
    "mutants": mutants,
}
