"""Carrying out a plan on a store, stage after stage."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from pipeline import release
from pipeline.errors import Conflict, Problem, StoreError
from pipeline.model import Action, Cache, Kind, Object, Plan, Receipt, Stage
from pipeline.store import ANYTHING, Store

_WORKERS: Mapping[Stage, int] = {Stage.UNSEEN: 8, Stage.NEW_PAGES: 8, Stage.LAGGING_PAGES: 8}
"""Writes at a time; one by one in the other stages."""

_UNTOUCHED = "The feed was not touched: listeners notice nothing."
_BEHIND = "The new feed is live; pages may lag behind it."
_STATES: Mapping[Stage, str] = {
    Stage.UNSEEN: _UNTOUCHED,
    Stage.NEW_PAGES: _UNTOUCHED,
    Stage.RECORD: _UNTOUCHED,
    Stage.SWITCH: "The feed is whole: either as it was, or the new one.",
    Stage.LAGGING_PAGES: _BEHIND,
    Stage.MARK: _BEHIND,
}
"""What listeners have when a stage fails."""


def run(plan: Plan, store: Store, *, progress: Callable[[Action], None] = lambda _: None) -> Receipt:
    """Write what `plan` says, in the order of its stages, and return what was written.

    `progress` is called after each write, from the thread that made it. The first failure stops all that has not begun
    and is raised when what had begun has ended: a StoreError that names the object and says what listeners have now, a
    Conflict when somebody else published since the plan was made. KeyboardInterrupt does not wait for what had begun.
    """

    def carry_out(action: Action) -> bool:
        written = _put(action, store, plan)
        if written:
            progress(action)
        return written

    written: list[Action] = []
    for stage in Stage:
        actions = [action for action in plan.actions if action.stage is stage]
        outcomes = _all(actions, carry_out, workers=_WORKERS.get(stage, 1))
        written += (action for action, outcome in zip(actions, outcomes, strict=True) if outcome)
    return Receipt(
        release=plan.release.id,
        written=tuple(action.object for action in written),
        kept=plan.kept + len(plan.actions) - len(written),
    )


def _all(actions: Sequence[Action], carry_out: Callable[[Action], bool], *, workers: int) -> list[bool]:
    """The outcome of every action, or the first failure, raised when nothing runs any more."""
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        futures = [pool.submit(carry_out, action) for action in actions]
        wait(futures, return_when=FIRST_EXCEPTION)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # does not wait, so that an interrupt does not
    begun = [future for future in futures if not future.cancelled()]
    wait(begun)
    return [future.result() for future in begun]


def _put(action: Action, store: Store, plan: Plan) -> bool:
    """Whether it had to be written; failures say what listeners have now."""
    key = action.object.key
    try:
        return _write(action, store, plan)
    except Conflict as error:
        if action.stage is Stage.MARK:
            return False  # another publisher was at work as well: unmarked, so that the next publish looks at all pages
        store.put(release.mark(None))  # our new pages may lie over theirs; theirs are put back by the next publish
        what = f"Somebody else published to {store.name} in the meantime: {key} is not what it was."
        why = "Their feed stands, with all that it leads to."
        raise Conflict(Problem(what=what, why=why, mend="Run publish again to add yours.")) from error
    except StoreError as error:
        stopped = Problem(
            what=f"Publishing stopped at {key}.",
            why=_STATES[action.stage],
            mend="Run publish again when this is mended.",
        )
        raise StoreError(*error.problems, stopped) from error


def _write(action: Action, store: Store, plan: Plan) -> bool:
    item = action.object
    if item.cache is Cache.IMMUTABLE:
        return _write_once(item, store)
    expected = {Stage.SWITCH: plan.feed_expected, Stage.MARK: plan.mark_expected}.get(action.stage, ANYTHING)
    store.put(item, expected=expected)
    return True


def _write_once(item: Object, store: Store) -> bool:
    """Whether it had to be written; under its key nothing else may ever have been."""
    try:
        store.put(item, expected=None)
    except Conflict as error:
        found = store.stat(item.key)
        if found and (found.sha256 == item.sha256 if found.sha256 else found.size == item.size):
            return False  # an earlier run, stopped before its feed, stored it
        if found and item.kind is Kind.PICTURE:  # the same picture, as another machine's library encodes it
            store.put(item, expected=found.version)
            return True
        what = f"{item.key} is in {store.name} already, but with other contents."
        why = "What has such a name never changes."
        raise StoreError(Problem(what=what, why=why, mend="Find out who wrote it, and remove it.")) from error
    return True
