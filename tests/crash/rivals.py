"""Two publishers on two machines: one is held at each of its requests while the other runs to its end."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.crash import stage
from tests.crash.bucket import Holdings
from tests.crash.campaign import Rig, environ
from tests.crash.faults import DONE, REFUSED, holds
from tests.crash.publisher import Clone, End, Nursery, cloned
from tests.crash.reader import FEED, LOG, feed_of
from tests.crash.wire import Point, Script, Wire

Change = Callable[[Path], None]


@dataclass(frozen=True, kw_only=True)
class Quarrel:
    """What two producers do at the same time, and what they agree on in git afterwards."""

    ours: Change
    theirs: Change
    agreed: Change
    guids: frozenset[str]
    """In the feed at the end."""


def _three(show: Path) -> None:
    stage.add(show)


def _four(show: Path) -> None:
    stage.add(show, "04-vier", 540)


def _both(show: Path) -> None:
    _three(show)
    _four(show)


def _our_words(show: Path) -> None:
    stage.edit(show, "02-twee", "Notities.", "Onze woorden.")


def _their_words(show: Path) -> None:
    stage.edit(show, "02-twee", "Notities.", "Hun woorden.")


def _our_three(show: Path) -> None:
    stage.add(show)
    stage.edit(show, "03-drie", "Notities.", "Onze derde.")


def _their_three(show: Path) -> None:
    stage.add(show)
    stage.edit(show, "03-drie", "Notities.", "Hun derde.")


def _three_and_words(show: Path) -> None:
    _three(show)
    _their_words(show)


_TWO = frozenset({"guid-of-01-een", "guid-of-02-twee"})
QUARRELS: Mapping[str, Quarrel] = {
    "different episodes": Quarrel(
        ours=_three, theirs=_four, agreed=_both, guids=_TWO | {"guid-of-03-drie", "guid-of-04-vier"}
    ),
    "the same edit": Quarrel(ours=_our_words, theirs=_our_words, agreed=_our_words, guids=_TWO),
    "other words": Quarrel(ours=_our_words, theirs=_their_words, agreed=_their_words, guids=_TWO),
    "other words about a new one": Quarrel(
        ours=_our_three, theirs=_their_three, agreed=_their_three, guids=_TWO | {"guid-of-03-drie"}
    ),
    "an episode and an edit": Quarrel(
        ours=_three, theirs=_their_words, agreed=_three_and_words, guids=_TWO | {"guid-of-03-drie"}
    ),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A quarrel from the state that both start with, with the requests that the held one makes when alone."""

    name: str
    quarrel: Quarrel
    before: Holdings
    points: tuple[Point, ...]
    agreed: dict[str, str]
    """What an undisturbed publish of what they agree on gives: key to SHA-256."""


class Arena:
    """A rig with a second publisher."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.wire = Wire(rig.stage)
        self.nursery = Nursery(rig.scratch / "rival", rig.shows.base, rig.shows.cache, package=rig.package)
        self._aside = ThreadPoolExecutor(1)

    def close(self) -> None:
        self._aside.shutdown()
        self.nursery.close()
        self.wire.close()

    def clone(self, name: str, *changes: Change) -> Clone:
        clone = cloned(self.rig.shows.base, self.rig.shows.cache, self.rig.scratch / name, now=stage.NOW)
        for change in changes:
            change(clone.show)
        return clone

    def case(self, name: str) -> Case:
        rig, quarrel = self.rig, QUARRELS[name]
        rig.bucket.become({})
        rig.watcher.begin({})
        rig.watcher.hidden, rig.watcher.leaving = stage.STEPS["add"].hidden, frozenset()
        rig.done(self.clone("ours"))
        before = rig.bucket.holdings()
        rig.done(self.clone("ours", quarrel.ours))
        points = tuple(rig.wire.points())
        rig.bucket.become({})
        rig.watcher.begin({})
        rig.done(self.clone("ours", quarrel.agreed))
        agreed = {key: seen.sha256 for key, seen in rig.watcher.view.items() if not key.startswith(LOG)}
        return Case(name=name, quarrel=quarrel, before=before, points=points, agreed=agreed)

    def fight(self, case: Case, point: Point) -> None:
        """Ours is held before `point`, theirs runs to its end, ours goes on; then both pull and publish again."""
        rig, where = self.rig, f"two publishers / {case.name} / held before {point}"
        rig.bucket.become(case.before)
        rig.watcher.begin({key: held.seen for key, held in case.before.items()})
        rig.score.points += 1
        ours, theirs = self.clone("ours", case.quarrel.ours), self.clone("theirs", case.quarrel.theirs)
        script = Script(play=holds, at=point)
        rig.begin(ours, script, hurry=False)  # it is held for longer than its patience, run fast, would last
        reached = rig.wire.held.wait(20)
        second = self.begin(theirs, "publish")()
        rig.wire.gate.set()
        first = rig.nursery.end()
        rig.score.fired["held"] += int(reached)
        rig.score.ended[f"held: {first.status}, other: {second.status}"] += 1
        rig.blame(where, self._judged(reached, first, second))
        rig.blame(where, self._peace(case, ours, theirs, point))
        rig.score.looks, rig.watcher.looks = rig.score.looks + rig.watcher.looks, 0

    def begin(self, clone: Clone, *command: str, before: Point | None = None) -> Callable[[], End]:
        """The second one, to its end or to where it waits before a request; what comes back lets it go on."""
        self.wire.rewind(Script(play=holds, at=before) if before else None)
        address = environ(self.wire, self.rig.server)
        words = (*command, "--to", self.rig.bucket.place)
        self.wire.group = self.nursery.begin(clone, *words, environ=address, hurry=False)
        ending = self._aside.submit(self.nursery.end)
        while not (ending.done() or self.wire.held.wait(0.02)):
            pass

        def goes_on() -> End:
            self.wire.gate.set()
            return ending.result()

        return goes_on

    def _judged(self, reached: bool, *ends: End) -> Iterator[str]:
        if not reached:
            yield "it was not held"
        for end in ends:
            if end.status not in (DONE, REFUSED) or "Traceback" in end.said:
                yield f"P15: ended with {end.status}: {end.said.strip()[-400:]}"
        if all(end.status != DONE for end in ends):
            yield f"P15: both lost: {[end.said.strip()[-200:] for end in ends]}"

    def _peace(self, case: Case, ours: Clone, theirs: Clone, point: Point) -> Iterator[str]:
        """After a pull, whoever publishes first: all of both is there, and nothing of either is stale."""
        for clone in (ours, theirs):
            shutil.rmtree(clone.show)
            shutil.copytree(self.rig.shows.base, clone.show)
            case.quarrel.agreed(clone.show)
        order = (theirs, ours) if case.points.index(point) % 2 else (ours, theirs)
        end = self.rig.publish(order[0])
        if end.status == REFUSED and "--allow older" in end.said:  # they agreed on what was live before ours came late
            end = self.rig.publish(order[0], None, "publish", "--allow", "older")
        if end.status != DONE:
            yield f"P15: after the pull it ends with {end.status}: {end.said.strip()[-300:]}"
        view = self.rig.watcher.view
        yield from self.rig.watcher.violations
        self.rig.watcher.violations = []
        if other := sorted(key for key, sha in case.agreed.items() if not (key in view and view[key].sha256 == sha)):
            yield f"P15: after the pull, {', '.join(other)} is not what they agreed on"
        if frozenset(feed_of(view[FEED]).guids) != case.quarrel.guids:
            yield f"P15: the feed holds {feed_of(view[FEED]).guids}"
        end = self.rig.publish(order[1])
        if end.status != DONE or any(line.point.method == "PUT" for line in self.rig.wire.log):
            yield f"P15: the other's publish then is not nothing: {end.status} {end.said.strip()[-300:]}"
