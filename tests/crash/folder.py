"""Stops of a publisher to a folder, at every system call that changes it, and what listeners have after each."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash import stage
from tests.crash.campaign import ended
from tests.crash.faults import KILLED
from tests.crash.publisher import OMROEP, Clone, End, Nursery, cloned
from tests.crash.reader import FEED, Seen, Watcher, feed_of
from tests.crash.score import Score
from tests.crash.stage import Shows, Step

WORKSHOP = ".omroep-tmp"


@dataclass(frozen=True, kw_only=True)
class Way:
    """What one step looks like in a folder when nothing goes wrong."""

    name: str
    step: Step
    calls: tuple[str, ...]
    """Every place where it can be stopped."""
    whole: dict[str, str]


class FolderRig:
    """A folder that is published to, and put back, again and again."""

    def __init__(self, shows: Shows, scratch: Path, nursery: Nursery) -> None:
        self.shows, self.scratch, self.nursery = shows, scratch / "folder", nursery
        self.site = self.scratch / "site"
        self.scratch.mkdir(exist_ok=True)
        self.watcher = Watcher(read=self.read, known=stage.GUIDS)
        self.score = Score()

    def read(self, key: str) -> Seen | None:
        path = self.site / key
        return Seen.of(path.read_bytes()) if path.is_file() else None

    def keys(self) -> set[str]:
        paths = (path.relative_to(self.site) for path in self.site.rglob("*") if path.is_file())
        return {path.as_posix() for path in paths if path.parts[0] != WORKSHOP}

    def publish(self, clone: Clone, at: int | None = None, *flags: str) -> End:
        log = str(self.scratch / "calls")
        stop = None if at is None else {"beneath": str(self.site), "at": at, "log": log}
        self.nursery.begin(clone, "publish", "--to", str(self.site), *flags, stop=stop)
        return self.nursery.end()

    def clone(self, show: Path, now: str) -> Clone:
        return cloned(show, self.shows.cache, self.scratch / "clone", now=now)

    def way(self, name: str) -> Way:
        step = stage.STEPS[name]
        kept = self.scratch / f"before {name}"
        shutil.rmtree(self.site, ignore_errors=True)
        for show in step.past:
            self._done(self.publish(self.clone(self.shows.root / show, stage.NOW)))
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.site, kept) if self.site.exists() else kept.mkdir()
        self._done(self.publish(self.clone(self.shows.after(name), step.now), 0, *step.flags))
        calls = tuple((self.scratch / "calls").read_text().splitlines())
        whole = ended({key: seen for key in self.keys() if (seen := self.read(key))})
        return Way(name=name, step=step, calls=calls, whole=whole)

    def lasting(self, way: Way) -> Iterator[str]:
        """Of the log of calls: bytes are on the disk before they get their name, and names before the next file.

        A power cut cannot be played here, so the calls that guard against it are looked for.
        """
        safe: set[str] = set()
        waiting: dict[str, str] = {}
        for call in way.calls:
            when, name, *places = call.split(" ")
            if (when, name) == ("after", "fsync"):
                safe.add(places[0])
                waiting = {key: folder for key, folder in waiting.items() if folder != places[0]}
            elif (when, name) == ("before", "replace"):
                if places[0] not in safe:
                    yield f"P4: {places[1]} gets its name before its bytes are on the disk"
                waiting[places[1]] = os.path.dirname(places[1]) or "."  # noqa: PTH120
        yield from (f"P4: the name {key} is never made to last" for key in waiting)

    def _done(self, end: End) -> None:
        if end.status:
            raise RuntimeError(f"an undisturbed publish ended with {end.status}: {end.said}")

    def trial(self, way: Way, at: int) -> None:
        """Stopped at the call numbered `at`, then run again."""
        where = f"folder / {way.name} / stopped {way.calls[at - 1]}"
        clone = self._set(way)
        end = self.publish(clone, at, *way.step.flags)
        self.score.fired["stopped at a system call"] += end.status == KILLED
        if end.status not in (KILLED, 0):  # 0: another order of its threads made fewer calls
            self.score.blame(where, [f"ended with {end.status}: {end.said[-300:]}"])
        self._look(where)
        self.finish(way, clone, where)

    def _set(self, way: Way) -> Clone:
        shutil.rmtree(self.site, ignore_errors=True)
        shutil.copytree(self.scratch / f"before {way.name}", self.site)
        self.watcher.hidden, self.watcher.leaving = way.step.hidden, way.step.leaving
        self.watcher.begin({key: seen for key in self.keys() if (seen := self.read(key))})
        self.score.points += 1
        return self.clone(self.shows.after(way.name), way.step.now)

    def _look(self, where: str) -> None:
        self.watcher.view = {key: seen for key in self.keys() if (seen := self.read(key))}
        self.watcher.judge("then")
        self.score.blame(where, self.watcher.violations)
        self.watcher.violations = []
        self.score.looks += 1

    def finish(self, way: Way, clone: Clone, where: str) -> None:
        """Run it again; it must end as an undisturbed publish does, with nothing left in the workshop."""
        end = self.publish(clone, None, *way.step.flags)
        if end.status:
            self.score.blame(where, [f"P4: the rerun ended with {end.status}: {end.said[-300:]}"])
        self._look(where)
        self.score.blame(where, self._compared(way))

    def _compared(self, way: Way) -> Iterator[str]:
        now = ended(self.watcher.view)
        if other := sorted(key for key in now.keys() | way.whole.keys() if now.get(key) != way.whole.get(key)):
            yield f"P4: it ends with other {', '.join(other)} than an undisturbed publish"
        if FEED in self.watcher.view and frozenset(feed_of(self.watcher.view[FEED]).guids) != way.step.guids:
            yield "the feed does not hold what the producer asked for"
        if left := [path.name for path in (self.site / WORKSHOP).glob("*") if path.name != "lock"]:
            yield f"left behind: {', '.join(left)}"

    def traced(self, way: Way, call: str, when: int) -> None:
        """The real executable, stopped by the kernel in the system call itself."""
        where = f"folder / {way.name} / killed in {call} number {when}"
        clone = self._set(way)
        command: list[Any] = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
        command += ["-e", f"inject={call}:signal=KILL:when={when}"]
        command += [OMROEP, "--show", clone.show, "publish", "--to", self.site]
        environ = {"PATH": os.environ["PATH"], "OMROEP_CACHE": str(clone.cache)}
        ended = subprocess.run(command, capture_output=True, env=environ, cwd=self.scratch, timeout=120)
        self.score.fired[f"killed by strace in {call}"] += ended.returncode in (-9, 137)
        if ended.returncode not in (-9, 137):
            self.score.blame(where, [f"it was not killed: {ended.returncode} {ended.stderr.decode()[-300:]}"])
        self._look(where)
        self.finish(way, clone, where)
