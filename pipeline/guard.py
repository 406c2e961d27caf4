"""What is refused: a change that would cost listeners something, unless it was asked for in so many words."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.errors import Problem, Refused
from pipeline.history import Published
from pipeline.model import NO_AUDIO, Catalog, Digest, Edition, Entry, Episode, Guid, Release, Show, Slug, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the producer asks for in so many words."""

    withdraw: frozenset[Slug] = frozenset()
    """Episodes to take off."""
    restore: frozenset[Slug] = frozenset()
    """Episodes to bring back that were taken off so."""
    allow: frozenset[str] = frozenset()
    """Words of `ALLOWED`."""


NOTHING = Asked()
"""Nothing in so many words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What listeners should get."""

    live: tuple[Episode, ...]
    withdrawn: tuple[Entry, ...]
    """As they were when they were live; the `episode` of one whose file says that it is withdrawn is that file's."""


def wanted(catalog: Catalog, published: Published, now: datetime, asked: Asked) -> Wanted:
    """The episodes that listeners may have at `now`, and those that were taken off.

    An episode whose file says `status: withdrawn` follows its file. One that was taken off by `asked` keeps the status
    that its file had, stays off until it is asked back, and needs no file.
    """
    ever, may = known(published), due(catalog, now)
    says = {episode.guid: episode for episode in catalog.episodes if episode.status is Status.WITHDRAWN}
    taken = {entry.episode.guid: entry for entry in _taken(ever, published, asked)}
    back = {episode.guid for episode in may if (entry := taken.get(episode.guid)) and _by_file(entry)}
    taken |= {guid: replace(ever[guid], episode=episode) for guid, episode in says.items() if guid in ever}
    off = {guid: entry for guid, entry in taken.items() if guid not in back}
    live = (episode for episode in may if episode.guid not in off)
    return Wanted(live=tuple(live), withdrawn=tuple(off.values()))


def understood(asked: Asked, catalog: Catalog, published: Published) -> Asked:
    """`asked` with episodes under their web names, where they were called by number, folder or title.

    A name that means two of them is left as it is, and leads nowhere.
    """
    episodes = (*(entry.episode for entry in known(published).values()), *catalog.episodes)
    slugs = {episode.slug for episode in episodes}
    called: dict[str, set[Slug]] = defaultdict(set)
    for episode in episodes:
        for name in (episode.folder, episode.title.casefold(), str(episode.number or "")):
            called[name].add(episode.slug)

    def meant(name: Slug) -> Slug:
        bare = name.rstrip("/").removeprefix("episodes/")
        found = called[bare] or called[bare.casefold()]
        return next(iter(found)) if len(found) == 1 and bare not in slugs else Slug(bare)

    return replace(asked, withdraw=frozenset(map(meant, asked.withdraw)), restore=frozenset(map(meant, asked.restore)))


def _by_file(entry: Entry) -> bool:
    return entry.episode.status is Status.WITHDRAWN


def due(catalog: Catalog, now: datetime) -> tuple[Episode, ...]:
    """The episodes whose files say that listeners may have them at `now`."""
    return tuple(episode for episode in catalog.episodes if episode.status is Status.LIVE and episode.published <= now)


def scheduled(catalog: Catalog, now: datetime) -> tuple[Episode, ...]:
    """The episodes whose files say that listeners may have them at a moment after `now`."""
    return tuple(episode for episode in catalog.episodes if episode.status is Status.LIVE and episode.published > now)


def known(published: Published) -> dict[Guid, Entry]:
    """Every episode that was published, by guid, as it was last: those that listeners went back from among them."""
    releases = (release for release in (published.abandoned, published.release) if release)
    editions = [release.edition for release in releases]
    return {entry.episode.guid: entry for each in editions for entry in (*each.withdrawn, *each.entries)}


def _taken(ever: Mapping[Guid, Entry], published: Published, asked: Asked) -> Iterator[Entry]:
    before = published.release.edition.withdrawn if published.release else ()
    yield from (entry for entry in before if entry.episode.slug not in asked.restore)
    yield from (entry for entry in ever.values() if entry.episode.slug in asked.withdraw)


def refuse(problems: Iterable[Problem]) -> None:
    """Refused with all of `problems`, when there are any."""
    if found := tuple(problems):
        raise Refused(*found)


def blocked(catalog: Catalog, published: Published, now: datetime, asked: Asked) -> Iterator[Problem]:
    """Everything for which a publish of `catalog` is refused."""
    if published.release:
        yield from _identity(published.release.edition.show, catalog.show, asked)
        yield from _departures(catalog, published, now, asked)
    yield from _unknown(catalog, published, asked)


# --- episodes ---------------------------------------------------------------------------------------------------------


def _departures(catalog: Catalog, published: Published, now: datetime, asked: Asked) -> Iterator[Problem]:
    """Episodes that would leave the feed without being withdrawn: missing, hidden again, or with a changed guid."""
    after = wanted(catalog, published, now, asked)
    planned = {*(episode.guid for episode in after.live), *(entry.episode.guid for entry in after.withdrawn)}
    here = {episode.guid: episode for episode in catalog.episodes}
    by_audio = {episode.audio.sha256: episode for episode in catalog.episodes if episode.audio is not NO_AUDIO}
    for entry in published.release.edition.entries if published.release else ():
        if entry.episode.guid not in planned:
            yield _missing(entry, here.get(entry.episode.guid), by_audio.get(entry.media.source_sha256))


def _missing(entry: Entry, hidden: Episode | None, renamed: Episode | None) -> Problem:
    title, guid, slug = entry.episode.title, entry.episode.guid, entry.episode.slug
    beside = hidden or renamed
    file = f"episodes/{beside.folder}/episode.md" if beside else "episodes"
    if hidden:
        what = f"“{title}” is published, but is now a draft or dated in the future."
        mend = "Set its date back, or write `status: withdrawn` to take it down on purpose."
    elif renamed:
        what = f"“{title}” is published with the guid {guid}, which its episode.md no longer has."
        mend = f"Write `guid: {guid}` in its episode.md: with another one every app would download it again."
    else:
        what = f"“{title}” is published, but is missing from episodes/."
        mend = f"Bring its folder back; or take it down on purpose: omroep publish --withdraw {slug}"
    return Problem(what=what, file=file, why="It would vanish from listeners' apps.", mend=mend)


def _unknown(catalog: Catalog, published: Published, asked: Asked) -> Iterator[Problem]:
    """Names asked for that lead nowhere."""
    ever = {entry.episode.slug for entry in known(published).values()}
    here = {episode.slug for episode in catalog.episodes if episode.status is Status.LIVE}
    for slug in sorted(asked.withdraw - ever):
        what = f"No published episode is called `{slug}`."
        yield Problem(what=what, mend=f"Published are: {', '.join(sorted(ever)) or 'none'}.")
    for slug in sorted(asked.restore - here):
        if slug in ever:
            what = f"`{slug}` cannot come back: no live episode in episodes/ has that web name."
            yield Problem(what=what, mend="Bring its folder back first, with `status: live` in its episode.md.")
        else:
            off = published.release.edition.withdrawn if published.release else ()
            names = ", ".join(sorted(entry.episode.slug for entry in off))
            yield Problem(what=f"No withdrawn episode is called `{slug}`.", mend=f"Withdrawn are: {names or 'none'}.")


# --- the show's identity ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Identity:
    of: Callable[[Show], str | None]
    what: str
    why: str
    key: str
    """Where it is written in show.yaml."""


ALLOWED: Mapping[str, str] = {
    "guid": "the show gets another podcast:guid",
    "owner": "directories write to another owner",
    "address": "every address of the show changes",
    "new-feed-url": "apps are sent to another feed",
    "older": "listeners get what an earlier release was",
}
"""Words for what has to be asked for, and what each lets happen."""

_IDENTITIES: Mapping[str, _Identity] = {
    "guid": _Identity(
        of=lambda show: show.guid,
        what="The destination holds another show, “{title}” ({old}); here is {new}.",
        why="Its listeners would get this one in its place.",
        key="guid",
    ),
    "owner": _Identity(
        of=lambda show: show.owner.email if show.owner else None,
        what="The show's owner changes from {old} to {new}.",
        why="Who has that mailbox can claim the show in Apple's and Spotify's directories.",
        key="owner",
    ),
    "address": _Identity(
        of=lambda show: show.base_url,
        what="The show's address changes from {old} to {new}.",
        why="Every app would look for feed, audio and pages elsewhere, and many would download all of it again.",
        key="base_url",
    ),
    "new-feed-url": _Identity(
        of=lambda show: show.new_feed_url,
        what="Apps would be sent from this feed to {new} (it was {old}).",
        why="Subscribers follow it for good, and it cannot be taken back from here.",
        key="new_feed_url",
    ),
}


def _identity(old: Show, new: Show, asked: Asked) -> Iterator[Problem]:
    """Changes of who the show is and where it lives: not by the contents of a file alone."""
    for word, identity in _IDENTITIES.items():
        was, is_now = identity.of(old), identity.of(new)
        if was != is_now and word not in asked.allow:
            yield Problem(
                what=identity.what.format(title=old.title, old=was or "nothing", new=is_now or "nothing"),
                file="feed/show.yaml",
                why=identity.why,
                mend=f"If it is meant: omroep publish --allow {word}",
                rule=word,
            )


def stale(following: Release, published: Published, asked: Asked, alike: Iterable[Digest] = ()) -> Iterator[Problem]:
    """A publish of what listeners had before, and have had something newer than since: an old checkout, most often.

    `alike` are the names of what is that too, though it is not byte for byte `following`.
    """
    log, live = published.history, published.release
    current = {log.live, log.forward, live.id if live else None}
    was = ({following.id, *alike} & log.past) - current
    if was and "older" not in asked.allow and not asked.restore:
        number = max(event.number for event in log.events if event.release in was)
        back = _only_back(following.edition, live.edition) if live else ()
        what = f"This is exactly what release {number} was; listeners have had newer ones since."
        yield Problem(
            what=f"{what} Since then {_listed(back)} withdrawn, and nothing else is different." if back else what,
            why="They would lose what was changed after it." if not back else "An old checkout would look the same.",
            mend=(
                f"To bring it back: omroep publish {' '.join(f'--restore {entry.episode.slug}' for entry in back)}"
                if back
                else "Update this checkout (git pull); or go back on purpose: "
                f"omroep rollback {number}, or omroep publish --allow older."
            ),
            rule="older",
        )


def _only_back(following: Edition, live: Edition) -> tuple[Entry, ...]:
    """The withdrawn episodes that would be live again; none where anything else would change as well."""
    off = {entry.episode.guid for entry in live.withdrawn}
    back = tuple(entry for entry in following.entries if entry.episode.guid in off)
    others = tuple(entry for entry in following.entries if entry not in back)
    names = {entry.episode.guid for entry in back}
    still_off = tuple(entry for entry in live.withdrawn if entry.episode.guid not in names)
    same = (following.show, others, following.withdrawn) == (live.show, live.entries, still_off)
    return back if same else ()


def _listed(entries: tuple[Entry, ...]) -> str:
    names = " and ".join(f"“{entry.episode.title}”" for entry in entries)
    return f"{names} {'was' if len(entries) == 1 else 'were'}"
