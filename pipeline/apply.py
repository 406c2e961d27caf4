"""Carrying out a plan on a store, stage after stage."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from enum import Enum

from pipeline import feed, release
from pipeline.errors import Conflict, Problem, StoreError
from pipeline.history import CLEARED, WATCHED, History, cleared, entry
from pipeline.model import Action, Cache, Key, Kind, Object, Plan, Receipt, Stage, Version
from pipeline.store import ANYTHING, Store

_TOGETHER = frozenset({Stage.UNSEEN, Stage.NEW_PAGES, Stage.LAGGING_PAGES, Stage.MOVED_PAGES})
"""Stages in which order does not matter; in the others there is one write at a time."""

_UNTOUCHED = "The feed was not touched: listeners notice nothing."
_BEHIND = "The new feed is live; pages may lag behind it."
_STATES: Mapping[Stage, str] = {
    Stage.UNSEEN: _UNTOUCHED,
    Stage.NEW_PAGES: _UNTOUCHED,
    Stage.RECORD: _UNTOUCHED,
    Stage.SWITCH: "The feed is whole: either as it was, or the new one.",
    Stage.LAGGING_PAGES: _BEHIND,
    Stage.MOVED_PAGES: _BEHIND,
    Stage.LOG: _BEHIND,
}
"""What listeners have when a stage fails."""


_LOOK_UP_S = 0.2
_NEVER = Version("0" * 32)
"""What no object has as its version."""
_PATIENCE = 10
"""Times that a publisher says that it was disturbed while another goes on writing to the log."""


def run(plan: Plan, store: Store, *, progress: Callable[[Action], None] = lambda _: None) -> Receipt:
    """Write what `plan` says, in the order of its stages, and return what was written.

    `progress` is called after each write, from the thread that made it. The first failure stops all that has not begun
    and is raised when what had begun has ended: a StoreError that names the object and says what listeners have now, a
    Conflict when somebody else published since the plan was made. KeyboardInterrupt does not wait for what had begun.
    """
    if not plan.actions:
        return Receipt(
            release=plan.release.id,
            written=(),
            kept=plan.kept,
            guarded=True,
            feed_version=plan.feed_expected,
            log_seen=plan.log_seen,
        )
    done = _Done(plan=plan, store=store, progress=progress)
    postponed: list[Action] = []
    for stage in Stage:
        actions = [action for action in plan.actions if action.stage is stage]
        if stage is Stage.SWITCH and actions:
            done.uncleared()
        if stage is Stage.LAGGING_PAGES:
            actions += postponed
        if stage is Stage.LOG:
            done.undisturbed(actions)
        outcomes = _all(actions, done.carry_out, workers=store.writers if stage in _TOGETHER else 1)
        postponed += (
            replace(action, stage=Stage.LAGGING_PAGES)
            for action, outcome in zip(actions, outcomes, strict=True)
            if outcome is _Outcome.LATER
        )
        if stage is Stage.RECORD and not plan.log_seen:
            done.probe(actions)
    return done.receipt()


class _Outcome(Enum):
    WRITTEN = "written"
    KEPT = "was there already"
    LATER = "to be written after the switch"


@dataclass(kw_only=True)
class _Done:
    """A plan being carried out, and what has been."""

    plan: Plan
    store: Store
    progress: Callable[[Action], None]
    written: dict[Key, Version] = field(default_factory=dict)
    guarded: bool = True

    def carry_out(self, action: Action) -> _Outcome:
        """Write one object; failures say what listeners have now."""
        key = action.object.key
        try:
            version = self._write(action)
        except Conflict as error:
            # A new page under whose key there is one already is of a run that was stopped, or of one that goes on now:
            # it may be what another publisher's feed is about to lead to, so it is left alone until ours is live.
            found = self.store.stat(key) if action.stage is Stage.NEW_PAGES else None
            if not found:
                raise self._overtaken(f"{key} is not what it was.") from error
            return _Outcome.KEPT if found.sha256 == action.object.sha256 else _Outcome.LATER
        except StoreError as error:
            raise StoreError(*error.problems, _stopped(action)) from error
        if version is None:
            return _Outcome.KEPT
        self.written[key] = version
        self.progress(action)
        return _Outcome.WRITTEN

    def _write(self, action: Action) -> Version | None:
        item = action.object
        if item.cache is Cache.IMMUTABLE and not action.over:
            return _write_once(item, self.store)
        expected = {Stage.SWITCH: self.plan.feed_expected, Stage.NEW_PAGES: None}.get(action.stage, ANYTHING)
        return self.store.put(item, expected=expected)

    def probe(self, records: Sequence[Action]) -> None:
        """Whether the store honours conditions, asked of what never changes with the bytes that it has."""
        for action in records:
            for expected in (None, _NEVER):
                try:
                    self.store.put(action.object, expected=expected)
                    self.guarded = False
                except Conflict:
                    continue

    def uncleared(self) -> None:
        """Conflict when what the release names may have been cleared away since the plan was made, or is about to be.

        A clearing that begins after this sees the record that was just written, and spares what it names.
        """
        held = self.store.read(CLEARED)
        if (held.version if held else None) == self.plan.cleared_seen:
            told = cleared(held.body) if held else None
            needed = {item.key for item in self.plan.release.objects} | {release.key(self.plan.release.id)}
            if not held or (told and not told.doomed & needed):
                return
            what = f"Some of what this release needs is being cleared away at {self.store.name}, or was to be."
            mend = "Wait until `omroep prune` has ended; where one was stopped, run it again. Then publish again."
        else:
            what = f"Somebody cleared away at {self.store.name} in the meantime."
            mend = "Publish again: what has gone and is needed is sent once more."
        raise Conflict(Problem(what=what, why=_UNTOUCHED, mend=mend))

    def undisturbed(self, to_tell: Sequence[Action]) -> None:
        """Conflict when somebody else published since the plan was made: then the log says that pages are unsettled.

        Their pages and ours may lie over each other, and the next publish writes all of them again.
        """
        ours = {action.object.key for action in to_tell} | self.plan.log_seen
        fed, log = self._look()
        if fed == self.written.get(feed.KEY, self.plan.feed_expected) and log.keys <= ours:
            return
        for _ in range(_PATIENCE):
            told = log.disturbed(self.plan.release.id)
            self.store.put(entry(told))
            _, log = self._look()
            if log.events[-1:] == (told,):
                break  # no entry of theirs comes after it
        raise self._overtaken("Its feed or its log is not what it was.")

    def _look(self) -> tuple[Version | None, History]:
        found = list(self.store.list(WATCHED))
        fed = next((each.version for each in found if each.key == feed.KEY), None)
        return fed, History.of((each.key, each.modified) for each in found)

    def _overtaken(self, seen: str) -> Conflict:
        what = f"Somebody else published to {self.store.name} in the meantime: {seen}"
        why = "Their feed stands, with all that it leads to."
        if feed.KEY in self.written:
            why = "What listeners get is whole, but some pages may be older than the feed."
        return Conflict(Problem(what=what, why=why, mend="Run publish again to add yours."))

    def receipt(self) -> Receipt:
        """What was written, in the order of the plan."""
        objects = tuple(action.object for action in self.plan.actions if action.object.key in self.written)
        return Receipt(
            release=self.plan.release.id,
            written=objects,
            kept=self.plan.kept + len(self.plan.actions) - len(objects),
            guarded=self.guarded,
            feed_version=self.written.get(feed.KEY, self.plan.feed_expected),
            log_seen=self.plan.log_seen | {item.key for item in objects if item.kind is Kind.LOG},
        )


def _stopped(action: Action) -> Problem:
    return Problem(
        what=f"Publishing stopped at {action.object.key}.",
        why=_STATES[action.stage],
        mend="Run publish again when this is mended.",
    )


def _all(actions: Sequence[Action], carry_out: Callable[[Action], _Outcome], *, workers: int) -> list[_Outcome]:
    """The outcome of every action, or the first failure, raised when nothing runs any more."""
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        futures = [pool.submit(carry_out, action) for action in actions]
        _ended(futures)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # does not wait, so that an interrupt does not
    begun = [future for future in futures if not future.cancelled()]
    _ended(begun, failure_ends=False)
    return [future.result() for future in begun]


def _ended(futures: Collection[Future[_Outcome]], *, failure_ends: bool = True) -> None:
    """Wait until all are done, or one has failed; looking up now and then.

    A signal that comes just before this thread begins to wait, or to another thread, does not wake it: without looking
    up, Ctrl-C would be heard when the slowest request ends.
    """
    when = FIRST_EXCEPTION if failure_ends else ALL_COMPLETED
    while (seen := wait(futures, timeout=_LOOK_UP_S, return_when=when)).not_done:
        if failure_ends and any(each.exception() for each in seen.done):
            return


def _write_once(item: Object, store: Store) -> Version | None:
    """Its version, or None where it was there already; under its key nothing else may ever have been."""
    try:
        return store.put(item, expected=None)
    except Conflict as error:
        found = store.stat(item.key)
        if not found:  # cleared away since, which is seen before the switch
            return store.put(item, expected=None)
        if found.sha256 == item.sha256 if found.sha256 else found.size == item.size:
            if item.kind is Kind.RECORD:  # once more: its age tells who clears away that somebody is about to need it
                return store.put(item, expected=found.version)
            return None  # an earlier run, stopped before its feed, stored it
        if item.kind is Kind.PICTURE:  # the same picture, as another machine's library encodes it
            return store.put(item, expected=found.version)
        what = f"{item.key} is in {store.name} already, but with other contents."
        why = "What has such a name never changes."
        raise StoreError(Problem(what=what, why=why, mend="Find out who wrote it, and remove it.")) from error
