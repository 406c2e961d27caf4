"""Judging what was seen of a published show: every damage, told so that its producer can mend it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from pipeline import addresses, feed, release
from pipeline.audit import feeds, files
from pipeline.audit.seen import Damage, Manner, Sighting
from pipeline.errors import Problem
from pipeline.history import CLEARED, FEED, LOG, History
from pipeline.model import Digest, Edition, Entry, Key, Kind, Object, Release, rendered

OWN = (release.FOLDER, LOG, CLEARED)
"""Beneath these lie omroep's own notes on what was published."""
_FEW = 3
_SHOWN = frozenset({Kind.AUDIO, Kind.PICTURE, Kind.SIDECAR, Kind.ASSET, Kind.PAGE, Kind.FEED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What an audit found."""

    place: str
    """The store, as the producer calls it."""
    address: str
    """Where one looked as a listener does; empty where one looked through the store."""
    manner: Manner
    release: Digest | None
    """What should be there; None where nobody can tell."""
    looked_at: int
    """Files."""
    read: bool
    """False: audio was not read to its end."""
    damages: tuple[Damage, ...]

    @property
    def damaged(self) -> bool:
        """Listeners would notice something."""
        return any(damage.fatal for damage in self.damages)


def listened_to(published: Release) -> tuple[Object, ...]:
    """The objects of a release that listeners may ask for."""
    return tuple(item for item in published.objects if item.kind in _SHOWN)


def judged(sightings: Iterable[Sighting], place: str) -> Iterator[Damage]:
    """Everything that is wrong with files that were seen."""
    for sighting in sightings:
        yield from files.damages(sighting, place)


def feed_damages(shown: bytes | None, held: bytes | None, published: Release, place: str) -> tuple[Damage, ...]:
    """Everything that is wrong with the feed as listeners get it (`shown`) and as the store holds it."""
    found: list[Damage] = []
    if held is not None and feed.release_named_in(held[: feed.STAMP_WITHIN]) is None:
        return (feeds.foreign(place),)
    if shown is not None:
        found += feeds.stale(shown, published.id)
        found += feeds.damages(shown, published, place) if not found else ()
    if held is not None and held != shown:
        found += feeds.damages(held, published, place)
    return tuple(dict.fromkeys(found))


def unsettled(log: History, published: Release) -> Iterator[Damage]:
    """Whether the last publish was stopped before its pages were known to be complete."""
    if not log.settled(published.id):
        yield Damage(
            rule="unsettled",
            key=FEED,
            subject="the last publish",
            told="it did not come to its end, or nobody knows whether it did",
            why="Pages may lag behind the feed.",
            mend="Run omroep publish again.",
            fatal=False,
        )


def lost_record(named: Digest, why: str) -> Damage:
    """That the record of a release cannot be had."""
    return Damage(
        rule="record",
        key=release.key(named),
        subject=f"the record of release {named[:12]}",
        told=why,
        why="Listeners notice nothing yet, but nothing can be published safely until it is back.",
        mend="Bring it back from a backup or an earlier version of the bucket.",
    )


def orphans(held: Iterable[Key], named: Iterable[Key]) -> tuple[Key, ...]:
    """Keys in the store that none of `named` accounts for, nor omroep itself."""
    return tuple(sorted(key for key in set(held) - set(named) if not key.startswith(OWN)))


def orphaned(key: Key) -> Damage:
    """That a file belongs to nothing."""
    return Damage(
        rule="orphan",
        key=key,
        subject="a file",
        told="no release names it",
        why="Listeners notice nothing: a publish that was stopped left it, or somebody put it there.",
        mend="Leave it, or remove it with omroep prune.",
        fatal=False,
        apart=False,
    )


# --- in words ---------------------------------------------------------------------------------------------------------


def subjects(edition: Edition) -> Mapping[Key, str]:
    """What a published file is to a listener, where its key alone does not say it."""
    entries = (*edition.entries, *edition.withdrawn)
    former = {addresses.page(slug): entry.episode.title for slug, entry in addresses.homes(edition).items()}
    return (
        {page: f"the former page of “{title}”" for page, title in former.items()}
        | {addresses.page(entry.episode.slug): f"the page of “{entry.episode.title}”" for entry in entries}
        | {picture.key: "the show's cover" for picture in (*edition.pictures, *edition.modern, *edition.icons)}
        | {made.key: f"the audio of “{entry.episode.title}”" for entry in entries for made in rendered(entry.media)}
        | {wave.key: f"the waveform of “{entry.episode.title}”" for entry in entries for wave in entry.media.waveform}
        | {
            made.key: f"the art of “{each.episode.title}”"
            for each in entries
            for made in (*each.pictures, *each.modern)
        }
        | {each.share.key: f"the share image of “{each.episode.title}”" for each in entries if each.share}
        | ({edition.share.key: "the show's share image"} if edition.share else {})
        | {feed.KEY: feeds.SUBJECT}
    )


def subject(item: Object, known: Mapping[Key, str], entries: Iterable[Entry]) -> str:
    """What a file is to a listener."""
    if item.key in known:
        return known[item.key]
    folder, _, name = item.key.rpartition("/")
    word = _FOLDERS.get(folder, _KINDS[item.kind])
    title = next((entry.episode.title for entry in entries if name.startswith(f"{entry.episode.slug}.")), "")
    return f"the {word} of “{title}”" if item.kind is Kind.SIDECAR and title else f"a {word}"


_FOLDERS: Mapping[str, str] = {
    "chapters": "chapters",
    "transcripts": "transcript",
    "feeds": "further feed",
    "search": "part of the search",
}
_KINDS: Mapping[Kind, str] = {
    Kind.AUDIO: "recording",
    Kind.PICTURE: "picture",
    Kind.SIDECAR: "file beside the audio",
    Kind.ASSET: "part of how pages look",
    Kind.PAGE: "page",
    Kind.FEED: "feed",
    Kind.RECORD: "record",
    Kind.LOG: "log",
}


def problems(damages: Iterable[Damage]) -> Iterator[Problem]:
    """Damages as sentences: one each, but one for all files that share a fault of the server; what matters first."""
    ordered = sorted(damages, key=lambda damage: (not damage.fatal, damage.rule, damage.told, damage.why, damage.key))
    for _, alike in groupby(ordered, key=lambda damage: (damage.rule, damage.told, damage.why)):
        group = tuple(alike)
        if len(group) > 1 and not any(damage.apart for damage in group):
            yield _problem(group[0], _several(group))
        else:
            yield from (_problem(damage, f"{damage.key}, {damage.subject}") for damage in group)


def _several(group: tuple[Damage, ...]) -> str:
    names = ", ".join(damage.key for damage in group[:_FEW])
    more = f" and {len(group) - _FEW} more" if len(group) > _FEW else ""
    return f"{len(group)} files ({names}{more})"


def _problem(damage: Damage, subject: str) -> Problem:
    return Problem(
        what=f"{subject}: {damage.told}.",
        why=damage.why,
        mend=damage.mend,
        fatal=damage.fatal,
        rule=damage.rule,
    )
