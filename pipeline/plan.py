"""Deciding what to write: the actions that make a store hold exactly a release, with reasons, in a safe order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pipeline import addresses, changes, feed, history, release
from pipeline.history import Published
from pipeline.model import Action, Cache, Edition, Key, Kind, Object, Plan, Release, Stage

_STAGES: Mapping[Kind, Stage] = {
    Kind.AUDIO: Stage.UNSEEN,
    Kind.PICTURE: Stage.UNSEEN,
    Kind.SIDECAR: Stage.UNSEEN,
    Kind.ASSET: Stage.UNSEEN,
    Kind.PAGE: Stage.LAGGING_PAGES,
    Kind.RECORD: Stage.RECORD,
    Kind.FEED: Stage.SWITCH,
    Kind.LOG: Stage.LOG,
}
_ORDER = tuple(Stage)


def make(edition: Edition, objects: tuple[Object, ...], published: Published) -> Plan:
    """What must be written so that listeners get `edition`; nothing where they already do.

    `objects` are all that the store must hold, the unstamped feed among them. Why each stage comes where it does:
    nothing is linked before it exists, and a page that listeners already see changes only after the feed has.
    """
    following = release.make(edition, objects)
    before = published.release
    if before and before.id == following.id and published.settled:
        return _plan(following, (), published, kept=len(objects))
    held, moved = _held(published), leading_on(edition)
    found = (_action(item, held.get(item.key), published, following) for item in objects)
    actions = [_last(action) if action.object.key in moved else action for action in found if action]
    if before is None or before.id != following.id:
        actions.append(Action(stage=Stage.RECORD, object=release.record(following), reason="records this release"))
    actions += logged(published, following)
    return _plan(following, ordered(actions), published, kept=len(objects) + 2 - len(actions))


def _held(published: Published) -> dict[Key, Object]:
    """What is known to be there: what the live release names, and what never changes of one that was gone back from."""
    lost = published.lacking
    left = published.abandoned.objects if published.abandoned else ()
    live = published.release.objects if published.release else ()
    lasting = {item.key: item for item in left if item.cache is Cache.IMMUTABLE}
    return {key: item for key, item in (lasting | {item.key: item for item in live}).items() if key not in lost}


def leading_on(edition: Edition) -> frozenset[Key]:
    """The pages that lead on to where an episode is now."""
    return frozenset(addresses.page(each.slug) for each in edition.moved)


def _last(action: Action) -> Action:
    return replace(action, stage=Stage.MOVED_PAGES)


def ordered(actions: Iterable[Action]) -> tuple[Action, ...]:
    """In the order of stages, and of keys within a stage."""
    return tuple(sorted(actions, key=lambda action: (_ORDER.index(action.stage), action.object.key)))


def logged(published: Published, following: Release, turn: history.Turn = history.Turn.PUBLISHED) -> Iterator[Action]:
    """What the log is told when `following` is whole."""
    live = published.release.id if published.feed_version and published.release else None
    for told in published.history.then(live, following.id, turn):
        yield Action(stage=Stage.LOG, object=history.entry(told), reason="this release is whole")


def _plan(following: Release, actions: tuple[Action, ...], published: Published, *, kept: int) -> Plan:
    before = published.release
    return Plan(
        release=following,
        actions=actions,
        feed_expected=published.feed_version,
        log_seen=published.history.keys,
        cleared_seen=published.cleared_version,
        kept=max(0, kept),
        changes=tuple(changes.noticed(before.edition if before else None, following.edition)),
    )


def _action(item: Object, held: Object | None, published: Published, following: Release) -> Action | None:
    if item.kind is Kind.FEED:
        same = published.feed_version and published.release and published.release.id == following.id
        if same and feed.KEY not in published.lacking:
            return None
        return Action(stage=Stage.SWITCH, object=feed.stamped(item, following.id), reason="what listeners get")
    same = held is not None and held.sha256 == item.sha256 and held.type == item.type
    if same and (published.settled or item.cache is Cache.IMMUTABLE):
        return None
    if held is None:
        stage = Stage.NEW_PAGES if item.kind is Kind.PAGE else _STAGES[item.kind]
        if item.key in published.lacking:
            return Action(stage=_STAGES[item.kind], object=item, reason="lost or damaged there", over=True)
        return Action(stage=stage, object=item, reason="new")
    reason = "changed" if not same else "the last publish stopped before this was certain"
    return Action(stage=_STAGES[item.kind], object=item, reason=reason)
