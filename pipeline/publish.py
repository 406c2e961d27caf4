"""The story from a show's folder to a store that holds it, told in order: load, render, compose, plan, apply."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import (
    apply,
    catalog,
    checks,
    consent,
    digest,
    feed,
    guard,
    history,
    names,
    pages,
    pictures,
    plan,
    release,
    sidecars,
    sparing,
    theme,
    tidings,
)
from pipeline.audio import deliver, ffmpeg, findings, recipe
from pipeline.audio.deliver import Sleeve, Studio
from pipeline.catalog import Reading
from pipeline.catalog.ledger import Ledger
from pipeline.checks import consents
from pipeline.errors import OmroepError, Problem, Refused, ShowError, StoreError
from pipeline.guard import Asked, Wanted
from pipeline.history import History, Published
from pipeline.model import (
    Action,
    Catalog,
    Digest,
    Edition,
    Entry,
    Episode,
    Guid,
    Key,
    Media,
    Object,
    Picture,
    Plan,
    Receipt,
    Release,
    Show,
    Source,
    rendered,
    stored,
)
from pipeline.pages.look import Theme
from pipeline.pictures import portraits, share
from pipeline.sparing import Held, Sorted
from pipeline.store import Store
from pipeline.tidings import Tiding

Connect = Callable[[str | None], Store]
"""Makes the store, given where the show itself says that it is published."""
Bring = Callable[[Source, Show, Callable[[float], None]], None]
"""Brings a recording here that is only pointed to, telling how far that is (0 to 1); OmroepError where it cannot."""
_LOOK_UP_S = 0.2
_SKEW = timedelta(minutes=5)
OnStep = Callable[[str, str, float], None]
"""Called with an episode's title, what is being done to it, and how far that is (0 to 1); from several threads."""


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    """Where the story plays: everything of the outside world that it may look at."""

    root: Path
    studio: Studio
    now: datetime
    """Aware; what is dated after it is not published yet."""
    base_url: str | None = None
    """Address of what is published, where it is not the show's own."""
    bring: Bring = lambda source, show, on_part: None
    """See `Bring`; without one, what is not here stays away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A show without errors, and what could be better about it."""

    catalog: Catalog
    warnings: tuple[Problem, ...]


def check(room: Newsroom) -> Checked:
    """The show, when nothing is wrong with it; ShowError with every problem otherwise, all files taken together."""
    reading = look(room)
    if reading.catalog is None or any(problem.fatal for problem in reading.problems):
        raise ShowError(*reading.problems)
    return Checked(catalog=reading.catalog, warnings=reading.problems)


def look(room: Newsroom, *, listen: bool = False) -> Reading:
    """As much of the show as can be read, with every problem and all advice, in the order of files and lines.

    With `listen`, recordings are opened too: of those of `episodes` it is told when no sound comes out of them.
    """
    reading = catalog.read(room.root, Ledger.at(room.studio.cache / "sources.json", room.now))
    found, loaded = reading.problems, reading.catalog
    if loaded:
        loaded = replace(loaded, show=replace(loaded.show, base_url=room.base_url or loaded.show.base_url))
        found += (*pictures.problems(room.root, loaded), *theme.problems(room.root, loaded), *checks.findings(loaded))
        found += (*portraits.problems(room.root, loaded), *consents.findings(loaded, room.now))
        found += deliver.problems(room.studio, loaded.show, loaded.episodes) if listen else ()
        loaded = _agreed(loaded, room.now)
    return Reading(catalog=loaded, problems=tuple(sorted(found, key=lambda each: (each.file, each.line or 0))))


def _agreed(loaded: Catalog, now: datetime) -> Catalog:
    """What guests agree to have published; everything after this knows nothing else."""
    return consent.honoured(loaded, now, theme.spoken(loaded.show.language).gettext(consent.A_GUEST))


def published(store: Store, cache: Path | None = None) -> Published:
    """What listeners get now: the head of the feed, the log beside it, the record that the feed names.

    Where the feed has been lost, the release that the log names last is what they should have. Records that were read
    before lie in `cache`, under the digest of their contents.
    """
    log = History.of((found.key, found.modified) for found in store.list(history.WATCHED))
    head = store.read(feed.KEY, most=feed.STAMP_WITHIN)
    named = feed.release_named_in(head.body) if head else log.live
    if head and named is None:
        raise Refused(
            Problem(
                what=f"The feed.xml at {store.name} was not published by omroep.",
                why="Writing over it could lose the subscribers of another show.",
                mend="Publish somewhere else, or move that file away first.",
            )
        )
    gone_back = named and log.forward and named == log.live != log.forward
    return Published(
        release=recorded(store, named, cache) if named else None,
        feed_version=head.version if head else None,
        history=log,
        abandoned=recorded(store, log.forward, cache) if gone_back and log.forward else None,
    )


def recorded(store: Store, named: Digest, cache: Path | None = None) -> Release:
    """The record of a release; StoreError where the store has lost it."""
    near = cache / release.key(named) if cache else None
    with suppress(OSError, StoreError):  # lost or damaged here: the store has it
        if near:
            return release.parse(near.read_bytes(), named=named)
    record = store.read(release.key(named))
    if record is None:
        raise StoreError(
            Problem(
                what=f"{release.key(named)} is missing from {store.name}: the record of what is published.",
                why="Without it nobody can tell what listeners would lose.",
                mend="Bring it back from a backup or an earlier version of the bucket. Of a folder that only you look "
                "at, remove the whole folder and publish again.",
            )
        )
    found = release.parse(record.body, named=named)
    if near:
        _keep(near, record.body)
    return found


def _keep(near: Path, body: bytes) -> None:
    with suppress(OSError):
        near.parent.mkdir(parents=True, exist_ok=True)
        near.write_bytes(body)


# --- render -----------------------------------------------------------------------------------------------------------


def render(room: Newsroom, show: Show, wanted: Wanted, before: Published, on_step: OnStep) -> Edition:
    """The edition of what is wanted: audio that is published with this source and revision is taken as it is.

    OmroepError with the problems of every recording that could not be mastered.
    """
    return attempt(room, show, wanted, before, on_step, spare=False)[0]


def attempt(
    room: Newsroom, show: Show, wanted: Wanted, before: Published, on_step: OnStep, *, spare: bool
) -> tuple[Edition, Mapping[Guid, OmroepError]]:
    """The same; with `spare` without the episodes that could not be mastered, and what was wrong with each of them."""
    old = guard.known(before)
    shown = (picture for release in _releases(before) for picture in _shown(release.edition))
    known = {picture.key: picture for picture in shown if picture.key not in before.lacking}
    kept = {
        episode.guid: entry.media
        for episode in wanted.live
        if (entry := old.get(episode.guid)) and current(entry.media, episode) and _there(entry.media, before)
    }
    new = tuple(episode for episode in wanted.live if episode.guid not in kept)
    made, failed = _rendered(room, show, new, on_step, spare=spare)
    live = tuple(episode for episode in wanted.live if episode.guid not in failed)
    media = kept | made
    art = _Art(root=room.root, show=show, published=known, letters=theme.letters(room.root, show.theme))
    edition = Edition(
        show=show,
        entries=tuple(art.entry(episode, media[episode.guid]) for episode in live),
        pictures=pictures.render(room.root, show.cover, name="cover", published=known),
        modern=pictures.modern(room.root, show.cover, name="cover", published=known),
        icons=pictures.icons(room.root, show.cover, published=known),
        share=art.card(show.cover, "cover", show.title, below=show.subtitle or ""),
        withdrawn=wanted.withdrawn,
        portraits=_portraits(room, live, known),
    )
    return replace(edition, left=_left(edition, before)), failed


def _portraits(room: Newsroom, episodes: tuple[Episode, ...], known: dict[Key, Picture]) -> tuple[Picture, ...]:
    photos = (person.image for episode in episodes for person in episode.guests)
    return tuple(dict.fromkeys(portraits.render(room.root, photo, known) for photo in photos if photo))


def _left(edition: Edition, before: Published) -> tuple[Key, ...]:
    """Pages of guests who are named no more; they are to say nothing, rather than what they said before."""
    now = {guest.key for guest in names.guests(edition).values()}
    then = {item.key for release in _releases(before) for item in release.objects if names.is_guest(item.key)}
    return tuple(sorted(then - now))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Art:
    """The pictures of a show, those that are published taken as they are."""

    root: Path
    show: Show
    published: Mapping[Key, Picture]
    letters: bytes

    def entry(self, episode: Episode, media: Media) -> Entry:
        """An episode with its audio and its own pictures."""
        own, name = episode.image, episode.slug
        return Entry(
            episode=episode,
            media=media,
            pictures=pictures.render(self.root, own, name=name, published=self.published) if own else (),
            modern=pictures.modern(self.root, own, name=name, published=self.published) if own else (),
            share=self.card(
                own or self.show.cover,
                name,
                episode.title,
                above=self.show.title,
                below=", ".join(person.name for person in episode.guests),
            ),
        )

    def card(self, art: Source, name: str, title: str, *, above: str = "", below: str = "") -> Picture:
        """What stands beside a link."""
        card = share.Card(name=name, art=art, title=title, above=above, below=below, colour=self.show.colour)
        return share.render(self.root, card, self.letters, self.published)


def _releases(before: Published) -> tuple[Release, ...]:
    return tuple(release for release in (before.abandoned, before.release) if release)


def _shown(edition: Edition) -> tuple[Picture, ...]:
    shown: tuple[Edition | Entry, ...] = (edition, *edition.entries, *edition.withdrawn)
    every = (picture for each in shown for picture in (*each.pictures, *each.modern, each.share))
    return (*(picture for picture in every if picture), *edition.icons, *edition.portraits)


def current(media: Media, episode: Episode) -> bool:
    """Whether published audio is still that of the episode: the same source, not asked to be made anew."""
    return media.source_sha256 == episode.audio.sha256 and media.revision == episode.revision


def _there(media: Media, before: Published) -> bool:
    return not before.lacking.intersection(made.key for made in rendered(media))


def _rendered(
    room: Newsroom, show: Show, episodes: tuple[Episode, ...], on_step: OnStep, *, spare: bool
) -> tuple[dict[Guid, Media], dict[Guid, OmroepError]]:
    failed = _unfit(room, show, episodes)
    _or_raise(failed, spare)
    todo = tuple(episode for episode in episodes if episode.guid not in failed)
    if not todo:
        return {}, failed
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        waiting = {episode.guid: pool.submit(_media, room, show, episode, on_step) for episode in todo}
        try:
            while wait(waiting.values(), timeout=_LOOK_UP_S).not_done:
                pass  # a signal may come without waking this thread (see `apply`)
        except BaseException:  # Ctrl-C: what is running would otherwise be waited for to its end
            pool.shutdown(wait=False, cancel_futures=True)
            ffmpeg.end_all()
            raise
    made: dict[Guid, Media] = {}
    for guid, future in waiting.items():
        try:
            made[guid] = future.result()
        except OmroepError as error:
            failed[guid] = error
    _or_raise(failed, spare)
    return made, failed


def _or_raise(failed: Mapping[Guid, OmroepError], spare: bool) -> None:
    if failed and not spare:
        *_, last = failed.values()
        problems = (problem for error in failed.values() for problem in error.problems)
        raise type(last)(*dict.fromkeys(problems))  # a broken bumper is every episode's problem, and told once


def _unfit(room: Newsroom, show: Show, episodes: tuple[Episode, ...]) -> dict[Guid, OmroepError]:
    """What can be told of recordings before any is mastered."""
    if not deliver.problems(room.studio, show, episodes):
        return {}
    told = {episode.guid: deliver.problems(room.studio, show, (episode,)) for episode in episodes}
    return {guid: ShowError(*problems) for guid, problems in told.items() if problems}


def _media(room: Newsroom, show: Show, episode: Episode, on_step: OnStep) -> Media:
    for source in (show.mastering.intro, show.mastering.outro, episode.audio):
        if source and deliver.recorded(room.studio, source) is None:
            room.bring(source, show, lambda part: on_step(episode.title, "fetching", part))
    sleeve = Sleeve(
        page=f"{show.base_url}episodes/{episode.slug}.html",
        cover=pictures.sleeve(room.root, episode.image or show.cover),
    )
    return deliver.media(
        room.studio, episode, show, sleeve, on_step=lambda what, part: on_step(episode.title, what, part)
    )


def outdated(edition: Edition) -> tuple[str, ...]:
    """Titles of published episodes that were mastered with other settings than the show's present ones."""
    now = recipe.identity(edition.show.mastering)
    return tuple(entry.episode.title for entry in edition.entries if entry.media.recipe != now)


# --- compose ----------------------------------------------------------------------------------------------------------


def objects(room: Newsroom, edition: Edition) -> tuple[Object, ...]:
    """Everything that the store must hold for `edition`, the unstamped feed among it."""
    look = theme.load(room.root, edition.show.language, edition.show.theme)
    web = site(edition, look)
    return (
        *(stored(made) for entry in (*edition.entries, *edition.withdrawn) for made in rendered(entry.media)),
        *(stored(picture) for picture in dict.fromkeys(_shown(edition))),
        *sidecars.compose(edition),
        *web,
        feed.compose(edition, pages.feed_style(web)),
    )


def site(edition: Edition, look: Theme) -> tuple[Object, ...]:
    """What a browser shows beside the main feed: assets, pages and further feeds."""
    made = pages.compose(edition, look)
    return (*made, *feed.further(edition, look.translations.gettext, pages.feed_style(made)))


# --- plan and apply ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A plan, with the edition it would publish and what could be better about the show."""

    plan: Plan
    edition: Edition
    store: Store
    before: Published
    warnings: tuple[Problem, ...]
    next_due: datetime | None
    """When something else is to be published: a scheduled episode, or no longer what a guest agreed to until then."""
    blocked: tuple[Problem, ...] = ()
    """Why it would be refused."""
    due: tuple[Tiding, ...] = ()
    """Who is to be told once it is carried out."""
    found: Sorted
    """The show as it was read; what is `held` in it is left as listeners have it."""


def prepare(
    room: Newsroom,
    connect: Connect,
    on_step: OnStep,
    asked: Asked = guard.NOTHING,
    *,
    refuse: bool = True,
    lacking: Callable[[Store], frozenset[Key]] = lambda store: frozenset(),
    spare: Held | None = None,
) -> Prepared:
    """What a publish would do now; it renders into the local cache and writes nothing to the store.

    Refused when listeners would lose something without the producer having asked for it; without `refuse` the plan is
    made all the same, and says why it is `blocked`. What `lacking` finds lost or damaged in the store is made again.
    With `spare`, those episodes and all that something is wrong with are left as listeners have them: they are `held`.
    """
    found = _sorted(room, spare)
    store = connect(found.catalog.show.destination)
    before = replace(published(store, room.studio.cache), lacking=lacking(store))
    now = store.clock or room.now
    while True:
        catalog = sparing.whole(room.root, found, before, store)
        blocked = tuple(guard.blocked(catalog, before, now, asked))
        guard.refuse(blocked if refuse else ())
        wanted = guard.wanted(catalog, before, now, asked)
        edition, failed = attempt(room, catalog.show, wanted, before, on_step, spare=spare is not None)
        if not failed:
            break
        found = _without(found, failed)
    made = plan.make(edition, objects(room, edition), before)
    _keep(room.studio.cache / release.key(made.release.id), digest.canonical(made.release))
    late = tuple(guard.stale(made.release.id, before, asked))
    guard.refuse(late if refuse else ())
    return Prepared(
        plan=made,
        edition=edition,
        store=store,
        before=before,
        warnings=(
            *found.advice,
            *checks.late(edition, catalog),
            *_noticed(edition, before),
            *_skewed(store, room.now),
        ),
        next_due=min(turns(catalog, now), default=None),
        blocked=(*blocked, *late),
        due=tidings.due(made.release, before),
        found=found,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsal:
    """What a publish to nowhere would show."""

    found: Sorted
    edition: Edition
    objects: tuple[Object, ...]
    next_due: datetime | None


def rehearse(room: Newsroom, on_step: OnStep, spare: Held) -> Rehearsal:
    """The show without `spare` and the episodes that something is wrong with; it renders into the local cache."""
    found = _sorted(room, spare)
    while True:
        wanted = guard.wanted(found.catalog, Published(), room.now, guard.NOTHING)
        edition, failed = attempt(room, found.catalog.show, wanted, Published(), on_step, spare=True)
        if not failed:
            break
        found = _without(found, failed)
    return Rehearsal(
        found=found,
        edition=edition,
        objects=objects(room, edition),
        next_due=min(turns(found.catalog, room.now), default=None),
    )


def _sorted(room: Newsroom, spare: Held | None) -> Sorted:
    if spare is not None:
        return sparing.sort(look(room), spare)
    checked = check(room)
    return Sorted(catalog=checked.catalog, held={}, known=(), advice=checked.warnings)


def _without(found: Sorted, failed: Mapping[Guid, OmroepError]) -> Sorted:
    """What is left when some could not be mastered; of what listeners have, nothing has to be."""
    folders = {episode.guid: episode.folder for episode in found.catalog.episodes}
    for guid, error in failed.items():
        if guid not in folders:
            raise error
    return sparing.further(found, {folders[guid]: tuple(error.problems) for guid, error in failed.items()})


def turns(loaded: Catalog, now: datetime) -> Iterator[datetime]:
    """The moments at which, with nothing changed here, something else is to be published."""
    yield from (each.published for each in guard.scheduled(loaded, now))
    yield from (loaded.until,) if loaded.until else ()


def _noticed(edition: Edition, before: Published) -> Iterator[Problem]:
    """What was noticed in recordings that were mastered now; of published ones it was told then."""
    known = {entry.media.key for entry in guard.known(before).values()}
    for entry in edition.entries:
        if entry.media.key not in known:
            yield from findings.advice(entry.episode, entry.media)


def _skewed(store: Store, here: datetime) -> Iterator[Problem]:
    """That this machine's clock and the store's disagree by more than publishing takes."""
    if store.clock and abs(store.clock - here) > _SKEW:
        what = f"This machine's clock is not that of {store.name}, which decides when a scheduled episode is due."
        yield Problem(what=what, mend="Set this machine's clock.", fatal=False)


def publish(prepared: Prepared, on_written: Callable[[Action], None]) -> Receipt:
    """Carry a plan out."""
    return apply.run(prepared.plan, prepared.store, progress=on_written)
