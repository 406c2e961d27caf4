"""Deciding what to write so that listeners get an earlier release back, its feed byte for byte."""

from collections.abc import Iterable, Iterator, Mapping

from pipeline import changes, plan, release
from pipeline.errors import Problem, Refused
from pipeline.history import Event, History, Published, Turn, entry
from pipeline.model import Action, Digest, Key, Kind, Object, Plan, Release, Stage


def chosen(log: History, live: Digest | None, asked: str | None) -> Digest:
    """The release that is meant: by its number, by the beginning of its id, or the one before the `live` one.

    Where going back was stopped after its switch, it is that one again, so that doing it once more ends it.
    Refused where there is none, or where it is live already.
    """
    turns = [event for event in log.caught_up(live).events if event.turn is not Turn.UNSETTLED]
    unended = live != log.live and live in log.past
    if asked is None:
        found = turns[-1:] if unended else [event for event in turns if event.release != live][-1:]
    else:
        found = [event for event in turns if asked == str(event.number) or _begins(event, asked)]
    if not found:
        what = f"There is no release {asked}." if asked else "There is no earlier release to go back to."
        raise Refused(Problem(what=what, mend="See `omroep releases`."))
    if len({event.release for event in found}) > 1:
        raise Refused(Problem(what=f"{asked} could be several releases.", mend="Give its number."))
    if found[-1].release == live and not unended:
        raise Refused(Problem(what="That release is live already.", mend="See `omroep releases`."))
    return found[-1].release


def _begins(event: Event, asked: str) -> bool:
    return len(asked) >= _SHORTEST and event.release.startswith(asked)


_SHORTEST = 6
"""Characters of an id; fewer are a number."""


def lacking(target: Release, held: Mapping[Key, int]) -> Iterator[Problem]:
    """What a release leads to and is not there any more, given the sizes of what is."""
    for item in target.objects:
        if item.kind is not Kind.FEED and held.get(item.key) != item.size and item.kind is not Kind.PAGE:
            what = f"{item.key} of that release is {'damaged' if item.key in held else 'gone'}."
            mend = "Choose a later release, or publish its episode again from the files of that time."
            yield Problem(what=what, why="Listeners would be led to nothing.", mend=mend)


def differing(target: Release, published: Published) -> frozenset[Key]:
    """The pages that are not what they were in `target`."""
    held = {item.key: item.sha256 for item in published.release.objects} if published.release else {}
    pages = (item for item in target.objects if item.kind is Kind.PAGE)
    return frozenset(item.key for item in pages if not published.settled or held.get(item.key) != item.sha256)


def make(target: Release, pages: Iterable[Object], published: Published) -> Plan:
    """What must be written so that listeners get `target`; `pages` are its pages as they are composed now.

    Where one of them is not what it was, because omroep or the templates changed since, the log says that pages are
    unsettled, and the next publish writes all of them.
    """
    before = published.release
    held = {item.key for item in before.objects} if before else set()
    wanted = differing(target, published)
    fresh = [page for page in pages if page.key in wanted]
    then = {item.key: item.sha256 for item in target.objects}
    actions = [
        Action(stage=Stage.RECORD, object=release.record(target), reason="records that release"),
        Action(stage=Stage.SWITCH, object=release.feed_of(target), reason="the feed of that release"),
    ]
    moved = plan.leading_on(target.edition)
    for page in fresh:
        stage = Stage.LAGGING_PAGES if page.key in held else Stage.NEW_PAGES
        stage = Stage.MOVED_PAGES if page.key in moved else stage
        actions.append(Action(stage=stage, object=page, reason="as it was in that release"))
    told = published.history.then(before.id if before else None, target.id, Turn.RETURNED)
    if {page.key for page in fresh if page.sha256 == then[page.key]} != wanted:
        told += (Event(number=told[-1].number + 1, turn=Turn.UNSETTLED, release=target.id),)
    actions += [Action(stage=Stage.LOG, object=entry(each), reason="listeners went back") for each in told]
    return Plan(
        release=target,
        actions=plan.ordered(actions),
        feed_expected=published.feed_version,
        log_seen=published.history.keys,
        cleared_seen=published.cleared_version,
        kept=len(target.objects) - len(fresh) - 1,
        changes=tuple(changes.noticed(before.edition if before else None, target.edition)),
    )
