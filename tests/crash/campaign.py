"""The campaign on a bucket: every fault at every request of every step, then again without it until it is done."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tests.crash import stage
from tests.crash.bucket import Bucket, Holdings
from tests.crash.faults import FAULTS, STALE, Fault, answers, interrupts, stale
from tests.crash.publisher import HERE, Clone, End, Nursery, cloned
from tests.crash.reader import FEED, LOG, View, Watcher, feed_of
from tests.crash.score import Score
from tests.crash.stage import Shows, Step
from tests.crash.wire import CHANGES, LISTING, Asked, Play, Point, Script, Stage, Wire, flipped
from tests.seaweed import Server

BOUND_S = 60.0
"""In which a publisher gives up for good, on its own clock run fast."""
_TRIES = 3
"""Reruns until it is done; one must do."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """What one step looks like when nothing goes wrong."""

    step: Step
    name: str
    older: Holdings
    before: Holdings
    points: tuple[Point, ...]
    whole: Mapping[str, str]
    """As `end` tells it."""


class Rig:
    """One bucket, one wire, one nursery; trials are played on it one after another."""

    def __init__(self, server: Server, shows: Shows, scratch: Path, *, package: Path = HERE) -> None:
        self.shows, self.scratch, self.server, self.package = shows, scratch, server, package
        self.bucket = Bucket(server, f"rig-{scratch.name}-{os.getpid()}")
        self.score = Score()
        self.watcher = Watcher(read=self.bucket.read, known=stage.GUIDS)
        self.stage = Stage(upstream=self.bucket.host, prefix=self.bucket.prefix, watch=self._watch)
        self.wire = Wire(self.stage)
        self.nursery = Nursery(scratch / "nursery", shows.base, shows.cache, package=package)
        self.bucket.open_to_all()

    def close(self) -> None:
        self.nursery.close()
        self.wire.close()

    def _watch(self, asked: Asked, moment: str) -> None:
        self.watcher.look(asked.point.key.partition("?")[0], f"after {moment}")

    # --- one publish

    def begin(self, clone: Clone, script: Script | None = None, *arguments: str, hurry: bool = True) -> None:
        self.wire.rewind(script)
        now = clone.now if clone.now != stage.NOW else None
        self.wire.date = datetime.fromisoformat(now) if now else None  # the store's clock says what is due
        words = (*(arguments or ("publish",)), "--to", self.bucket.place)
        # A clock that runs fast is for who has a fault to sit out; on a busy machine it would end others too early.
        hurry = hurry and script is not None
        self.wire.group = self.nursery.begin(clone, *words, environ=environ(self.wire, self.server), hurry=hurry)

    def publish(self, clone: Clone, script: Script | None = None, *arguments: str, hurry: bool = True) -> End:
        self.begin(clone, script, *arguments, hurry=hurry)
        return self.nursery.end()

    def clone(self, show: Path, now: str) -> Clone:
        return cloned(show, self.shows.cache, self.scratch / "clone", now=now)

    def done(self, clone: Clone, *arguments: str, statuses: Collection[int] = (0,)) -> None:
        """A publish (or other command) that must succeed."""
        end = self.publish(clone, None, *arguments, hurry=False)
        if end.status not in statuses:
            raise RuntimeError(f"an undisturbed publish of {clone.show} ended with {end.status}: {end.said}")

    # --- courses

    def course(self, name: str) -> Course:
        """Play a step without faults, to know its requests and its end."""
        step = stage.STEPS[name]
        older, before = self._history(step)
        self._put_back(step, before)
        clone = self.clone(self.shows.after(name), step.now)
        self.done(clone, *step.command, *step.flags)
        points = tuple(self.wire.points())
        self.blame(name, self._swept(step))
        whole = ended(self.watcher.view)
        self.done(clone, *step.command, *step.flags, statuses=step.again)
        if again := [str(point) for point in self.wire.points() if point.method in CHANGES]:
            self.blame(name, [f"P5: the second publish asks for {', '.join(again)}"])
        self.score.points += 1
        return Course(step=step, name=name, older=older, before=before, points=points, whole=whole)

    def _history(self, step: Step) -> tuple[Holdings, Holdings]:
        """What is there before the step, and what was there one publish earlier."""
        self.bucket.become({})
        self.watcher.begin({})
        self.watcher.hidden, self.watcher.leaving = (), stage.GUIDS
        older: Holdings = {}
        before: Holdings = {}
        for name in step.past:
            self.done(self.clone(self.shows.root / name, stage.NOW))
            older, before = before, self.bucket.holdings()
        return older, before

    def _put_back(self, step: Step, before: Holdings) -> None:
        self.bucket.become(before)
        if step.prunes:
            time.sleep(1.1)  # the store's clock tells seconds, and only what is older than the feed is old
            self.bucket.put(FEED, before[FEED])
        self.watcher.hidden, self.watcher.leaving, self.watcher.pruned = step.hidden, step.leaving, step.prunes
        self.watcher.begin({key: held.seen for key, held in before.items()})

    # --- trials

    def trial(self, course: Course, name: str, point: Point) -> None:
        """One fault at one point, then again without it; all judged."""
        fault = FAULTS.get(name, STALE)
        older = {key: held.reply() for key, held in course.older.items()}
        script = Script(play=fault.play if name in FAULTS else stale(older), at=point)
        where = f"{course.name} / {name} at {point}"
        clone = self._set(course)
        end = self.publish(clone, script, *course.step.command, *course.step.flags)
        self.blame(where, self._judged(name, fault, script, end))
        if end.status != 0:
            self.blame(where, self._finished(clone, course.step))
        self.blame(where, [*self._swept(course.step), *self._compared(course)])

    def _set(self, course: Course) -> Clone:
        self._put_back(course.step, course.before)
        self.score.points += 1
        return self.clone(self.shows.after(course.name), course.step.now)

    def _judged(self, name: str, fault: Fault, script: Script, end: End) -> Iterator[str]:
        if script.fired != 1:
            yield f"the fault fired {script.fired} times"
        self.score.fired[name] += script.fired
        self.score.ended[f"{name}: {end.status}"] += 1
        if end.status not in fault.ends:
            yield f"ended with {end.status}: {end.said.strip()[-300:]}"
        if end.status > 0 and fault.says not in end.said:
            yield f"“{fault.says}” is not said: {end.said.strip()[-300:]}"
        if "Traceback" in end.said:
            yield f"a traceback: {end.said.strip()[-600:]}"

    def _finished(self, clone: Clone, step: Step) -> Iterator[str]:
        """Run it again: once must do."""
        for _ in range(_TRIES):
            end = self.publish(clone, None, *step.command, *step.flags, hurry=False)
            if end.status in step.again:
                return
            yield f"P4: the rerun ended with {end.status}: {end.said.strip()[-300:]}"

    def _swept(self, step: Step) -> Iterator[str]:
        """Nothing changed behind the reader's back, and the feed holds what the producer asked for."""
        found, self.watcher.violations = self.watcher.violations, []
        self.score.looks += self.watcher.looks
        self.watcher.looks = 0
        yield from found
        view = self.watcher.view
        there = self.bucket.etags()
        if there.keys() != view.keys():
            yield f"the wire did not see {sorted(there.keys() ^ view.keys())}"
        if not found and FEED in view and (guids := frozenset(feed_of(view[FEED]).guids)) != step.guids:
            yield f"the feed ends with {sorted(guids)}"

    def _compared(self, course: Course) -> Iterator[str]:
        now = ended(self.watcher.view)
        if other := sorted(key for key in now.keys() | course.whole.keys() if now.get(key) != course.whole.get(key)):
            yield f"P4: it ends with other {', '.join(other)} than an undisturbed publish"

    def blame(self, where: str, found: Iterator[str] | list[str]) -> None:
        self.score.blame(where, found)

    # --- for ever, and Ctrl-C

    def for_ever(self, course: Course, point: Point) -> None:
        """500 on every request of one object: given up in bounded time, the feed as it was, the object named."""
        where = f"{course.name} / 500 for ever at {point}"
        clone = self._set(course)
        script = Script(play=answers(500, "InternalError"), at=replace(point, nth=1), always=True)
        before = self.watcher.view.get(FEED)
        end = self.publish(clone, script, *course.step.command, *course.step.flags)
        self.score.fired["500 for ever"] += script.fired
        self.blame(where, self._given_up(point, script, end))
        switched = [line.point.key for line in self.wire.log if line.status == 200 and line.point.method == "PUT"]
        if FEED not in switched and self.watcher.view.get(FEED) != before:
            self.blame(where, ["P2: the feed changed"])
        if not self._lags(point, course) and FEED in switched:
            self.blame(where, ["P2: the feed was written though an object that it needs was not"])
        self.blame(where, self._finished(clone, course.step))
        self.blame(where, [*self._swept(course.step), *self._compared(course)])

    def _lags(self, point: Point, course: Course) -> bool:
        """Whether it is written or looked at after the feed: listeners see an earlier state of it meanwhile."""
        return point.key in course.before or point.key.startswith(LOG) or point.key in (FEED, LISTING)

    def _given_up(self, point: Point, script: Script, end: End) -> Iterator[str]:
        if not script.fired:
            yield "it did not fire"
        if end.status <= 0:
            yield f"ended with {end.status} though {point} never succeeds"
        elif point.key not in end.said and point.key != LISTING:
            yield f"{point.key} is not named: {end.said.strip()[-300:]}"
        if end.took_s > BOUND_S:
            yield f"P14: it gave up after {end.took_s:.0f} s"
        if "Traceback" in end.said:
            yield f"a traceback: {end.said.strip()[-600:]}"

    def interrupted(self, course: Course, point: Point) -> None:
        """Ctrl-C while a request is under way, with the publisher's clock at its true pace."""
        where = f"{course.name} / Ctrl-C at {point}"
        clone = self._set(course)
        pressed: list[float] = []

        def press(wire: Wire, asked: Asked, forward: object) -> object:
            pressed.append(time.monotonic())
            return interrupts(wire, asked, forward)  # type: ignore[arg-type]

        play: Play = press  # type: ignore[assignment]
        script = Script(play=play, at=point)
        end = self.publish(clone, script, *course.step.command, *course.step.flags, hurry=False)
        took = time.monotonic() - pressed[0] if pressed else 0.0
        self.score.fired["Ctrl-C"] += script.fired
        self.score.took_s.setdefault("ended after Ctrl-C", []).append(took)
        if end.status != 130 or not script.fired:
            self.blame(where, [f"ended with {end.status}: {end.said.strip()[-300:]}"])
        if took > 4:
            self.blame(where, [f"P14: Ctrl-C took {took:.1f} s"])
        self.blame(where, self._finished(clone, course.step))
        self.blame(where, [*self._swept(course.step), *self._compared(course)])

    # --- what a machine remembers

    def behind_its_back(self, course: Course) -> None:
        """The bucket changes after a publish; the machine that made it does not take its memory for the truth."""
        clone = self._set(course)
        self.done(clone)
        whole = self.bucket.holdings()
        without_feed = {key: held for key, held in whole.items() if key != FEED}
        for name, there in {"put back": course.before, "feed lost": without_feed, "emptied": {}}.items():
            where = f"{course.name} / {name} behind its back"
            self.bucket.become(there)
            self.watcher.begin({key: held.seen for key, held in there.items()})
            self.score.points += 1
            self.score.fired["changed behind its back"] += 1
            end = self.publish(clone)
            if end.status:
                self.blame(where, [f"P18: ended with {end.status}: {end.said.strip()[-300:]}"])
            self.blame(where, self._swept(course.step))
            self.blame(where, self._compared(course) if there else self._listeners_have(course.step))

    def _listeners_have(self, step: Step) -> Iterator[str]:
        if FEED not in self.watcher.view:
            yield "P18: there is no feed"

    def damaged_memory(self, course: Course, *, every: int = 1) -> None:
        """What a machine remembers is deleted, cut and flipped before the next publish, a file at a time.

        One of so many files and damages is tried, so that each damage is done to some.
        """
        files = sorted(self._remembering(course).cache.rglob("*.json"))
        own = [path for path in files if path.relative_to(self.scratch / "clone/cache").parts[0] not in _MASTERED]
        for row, path in enumerate(own):
            for place, (name, damage) in enumerate(_DAMAGES.items()):
                if (row + place) % every:
                    self.score.left_out += 1
                    continue
                where = f"{course.name} / {path.name[:20]} {name}"
                clone = self._remembering(course)
                damage(path)
                self.score.points += 1
                self.score.fired["damaged memory"] += 1
                end = self.publish(clone)
                if end.status or "Traceback" in end.said:
                    self.blame(where, [f"P18: ended with {end.status}: {end.said.strip()[-400:]}"])
                self.blame(where, [*self._swept(course.step), *self._compared(course)])

    def _remembering(self, course: Course) -> Clone:
        """A machine that published what is there, with the step's change made in its files since."""
        self._put_back(course.step, course.before)
        clone = self.clone(self.shows.base, stage.NOW)
        self.done(clone)
        course.step.change(clone.show)
        return clone


_MASTERED = ("masters", "media", "waveforms")
_DAMAGES: Mapping[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "emptied": lambda path: path.write_bytes(b""),
    "flipped": lambda path: path.write_bytes(flipped(path.read_bytes())),
}


def ended(view: View) -> dict[str, str]:
    """What a publish must end with: key to SHA-256 of everything, and of the log what it says last.

    The log tells what happened, so after trouble it may tell more.
    """
    last = max((key for key in view if key.startswith(LOG)), default="")
    lasting = {key: seen.sha256 for key, seen in view.items() if not key.startswith(LOG)}
    return lasting | {LOG: last.partition("-")[2]}


def environ(wire: Wire, server: Server) -> dict[str, str]:
    return {**server.environment(), "AWS_ENDPOINT_URL": f"http://127.0.0.1:{wire.port}"}


ALWAYS = ("stopped before", "stopped after")
"""At every request of every step; the others at every request of one step, at the switch, and elsewhere in turn."""
EVERYTHING_AT = "edit"
"""The smallest step that makes every kind of request."""


def tasks(course: Course, *, thorough: bool) -> list[tuple[str, Point]]:
    """Which fault is played where: those of `ALWAYS` everywhere, the others in turn (thorough: all everywhere)."""
    everything = thorough or course.name == EVERYTHING_AT
    return [
        (name, point)
        for turn, point in enumerate(course.points)
        for place, name in enumerate((*FAULTS, "stale"))
        if FAULTS.get(name, STALE).hits(point) and not (name == "stale" and not course.older)
        if everything or name in ALWAYS or point.key == FEED or turn % len(FAULTS) == place
    ]
