"""Deciding what to write: the actions that make a store hold exactly a release, with reasons, in a safe order."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pipeline import feed, release, sidecars
from pipeline.errors import Problem, Refused
from pipeline.model import (
    NO_AUDIO,
    Action,
    Cache,
    Catalog,
    Chapter,
    Edition,
    Entry,
    Episode,
    Key,
    Kind,
    Object,
    Plan,
    Published,
    Release,
    Stage,
    Status,
)
from pipeline.text import clock, megabytes

_STAGES: Mapping[Kind, Stage] = {
    Kind.AUDIO: Stage.UNSEEN,
    Kind.PICTURE: Stage.UNSEEN,
    Kind.SIDECAR: Stage.UNSEEN,
    Kind.ASSET: Stage.UNSEEN,
    Kind.PAGE: Stage.LAGGING_PAGES,
    Kind.RECORD: Stage.RECORD,
    Kind.FEED: Stage.SWITCH,
    Kind.MARK: Stage.MARK,
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
        return _plan(following, (), published, kept=len(objects), before=before)
    held = {item.key: item for item in before.objects} if before else {}
    actions = [action for item in objects if (action := _action(item, held.get(item.key), published, following))]
    if before is None or before.id != following.id:
        actions.append(Action(stage=Stage.RECORD, object=release.record(following), reason="records this release"))
    actions.append(Action(stage=Stage.MARK, object=release.mark(following.id), reason="this release is complete"))
    actions.sort(key=lambda action: (_ORDER.index(action.stage), action.object.key))
    return _plan(following, actions, published, kept=len(objects) + 2 - len(actions), before=before)


def _plan(
    following: Release, actions: Iterable[Action], published: Published, *, kept: int, before: Release | None
) -> Plan:
    return Plan(
        release=following,
        actions=tuple(actions),
        feed_expected=published.feed_version,
        mark_expected=published.mark_version,
        kept=max(0, kept),
        changes=tuple(changes(before.edition if before else None, following.edition)),
    )


def _action(item: Object, held: Object | None, published: Published, following: Release) -> Action | None:
    if item.kind is Kind.FEED:
        if published.feed_version and published.release and published.release.id == following.id:
            return None
        return Action(stage=Stage.SWITCH, object=feed.stamped(item, following.id), reason="what listeners get")
    same = held is not None and held.sha256 == item.sha256 and held.type == item.type
    if same and (published.settled or item.cache is Cache.IMMUTABLE):
        return None
    if held is None:
        stage = Stage.NEW_PAGES if item.kind is Kind.PAGE else _STAGES[item.kind]
        return Action(stage=stage, object=item, reason="new")
    reason = "changed" if not same else "the last publish stopped before this was certain"
    return Action(stage=_STAGES[item.kind], object=item, reason=reason)


# --- what listeners will notice ---------------------------------------------------------------------------------------


def changes(before: Edition | None, after: Edition) -> Iterator[str]:
    """What listeners will notice, a sentence each."""
    if before is None:
        yield f"the show “{after.show.title}” appears"
    old = {entry.episode.guid: entry for entry in before.entries} if before else {}
    for entry in after.entries:
        if entry.episode.guid not in old:
            facts = (clock(entry.media.duration_s), megabytes(entry.media.size), *_found(entry))
            yield f"new episode “{entry.episode.title}” ({', '.join(facts)})"
        else:
            yield from _differences(old[entry.episode.guid], entry)
    live = {entry.episode.guid for entry in after.entries}
    for guid, entry in old.items():
        if guid not in live:
            yield f"“{entry.episode.title}” leaves the feed"
    if before and before.show != after.show:
        yield "the show's own description, art or settings change"


def _differences(old: Entry, new: Entry) -> Iterator[str]:
    title = new.episode.title
    if old.episode.title != title:
        yield f"“{old.episode.title}” is now called “{title}”"
    if old.episode.published != new.episode.published:
        yield f"“{title}” gets another date"
    if (old.episode.notes, old.episode.summary) != (new.episode.notes, new.episode.summary):
        yield f"“{title}” gets other show notes"
    if _chapters(old) != _chapters(new):
        yield f"“{title}” gets other chapters"
    if old.media.key != new.media.key:
        yield f"“{title}” gets other audio; apps may download it again"
    elif _keys(old) != _keys(new):
        yield f"“{title}” gets other alternate audio"


def _keys(entry: Entry) -> tuple[Key, ...]:
    return tuple(alternate.key for alternate in entry.media.alternates)


def _found(entry: Entry) -> Iterator[str]:
    """What nobody wrote is told before it is published."""
    if not entry.episode.chapters and (found := _chapters(entry)):
        yield f"chapters of the recording: {', '.join(f'“{chapter.title}”' for chapter in found[:3])}" + (
            f" and {len(found) - 3} more" if len(found) > 3 else ""
        )


def _chapters(entry: Entry) -> tuple[Chapter, ...]:
    return sidecars.chosen(entry.episode, entry.media.chapters)


# --- what is refused --------------------------------------------------------------------------------------------------


def live(catalog: Catalog, now: datetime) -> tuple[Episode, ...]:
    """The episodes that listeners may have at `now`."""
    return tuple(episode for episode in catalog.episodes if episode.status is Status.LIVE and episode.published <= now)


def departures(catalog: Catalog, now: datetime, published: Published) -> Iterator[Problem]:
    """Episodes that would leave the feed without being withdrawn: missing, hidden again, or with a changed guid."""
    if not published.release:
        return
    there = published.release.edition.show
    if there.guid != catalog.show.guid:
        what = f"The destination holds another show, “{there.title}” ({there.guid})."
        yield Problem(what=what, why="Its listeners would lose it.", mend="Publish somewhere else.")
        return
    withdrawn = {episode.guid for episode in catalog.episodes if episode.status is Status.WITHDRAWN}
    planned = {episode.guid for episode in live(catalog, now)} | withdrawn
    here = {episode.guid: episode for episode in catalog.episodes}
    by_audio = {episode.audio.sha256: episode for episode in catalog.episodes if episode.audio is not NO_AUDIO}
    for entry in published.release.edition.entries:
        if entry.episode.guid not in planned:
            yield _missing(entry, here.get(entry.episode.guid), by_audio.get(entry.media.source_sha256))


def _missing(entry: Entry, hidden: Episode | None, renamed: Episode | None) -> Problem:
    title, guid = entry.episode.title, entry.episode.guid
    beside = hidden or renamed
    file = f"episodes/{beside.folder}/episode.md" if beside else "episodes"
    if hidden:
        what = f"“{title}” is published, but is now a draft or dated in the future."
        mend = "Set its date back, or write `status: withdrawn` to take it down on purpose."
    elif renamed:
        what = f"“{title}” is published with the guid {guid}, which its recording no longer has."
        mend = f"Write `guid: {guid}` in its episode.md: with another one every app would download it again."
    else:
        what = f"“{title}” is published, but is missing from episodes/."
        mend = "Bring its folder back, or keep it with `status: withdrawn` to take it down on purpose."
    return Problem(what=what, file=file, why="It would vanish from listeners' apps.", mend=mend)


def refuse(problems: Iterable[Problem]) -> None:
    """Refused with all of `problems`, when there are any."""
    if found := tuple(problems):
        raise Refused(*found)
