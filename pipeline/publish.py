"""The story from a show's folder to a store that holds it, told in order: load, render, compose, plan, apply."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import (
    apply,
    catalog,
    checks,
    composing,
    consent,
    digest,
    feed,
    guard,
    history,
    pictures,
    plan,
    release,
    rendering,
    sparing,
    theme,
    tidings,
)
from pipeline.audio import deliver, findings
from pipeline.catalog import Reading
from pipeline.catalog.ledger import Ledger
from pipeline.checks import consents, dates
from pipeline.errors import OmroepError, Problem, Refused, ShowError, StoreError
from pipeline.guard import Asked
from pipeline.history import History, Published
from pipeline.model import (
    Action,
    Catalog,
    Digest,
    Edition,
    Guid,
    Key,
    Object,
    Plan,
    Receipt,
    Release,
    Version,
)
from pipeline.pictures import portraits
from pipeline.remembered import records
from pipeline.rendering import Newsroom, OnStep
from pipeline.sparing import Held, Sorted
from pipeline.store import Listed, Store, proves
from pipeline.tidings import Tiding

Connect = Callable[[str | None], Store]
"""Makes the store, given where the show itself says that it is published."""
_SKEW = timedelta(minutes=5)


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
    found, loaded = (*reading.problems, *reading.doubts), reading.catalog
    withheld: tuple[consent.Withheld, ...] = ()
    if loaded:
        loaded = replace(loaded, show=replace(loaded.show, base_url=room.base_url or loaded.show.base_url))
        found += (*pictures.problems(room.root, loaded), *theme.problems(room.root, loaded), *checks.findings(loaded))
        found += (*portraits.problems(room.root, loaded), *consents.findings(loaded, room.now))
        found += (*dates.findings(loaded, room.now),)
        found += deliver.problems(room.studio, loaded.show, loaded.episodes) if listen else ()
        withheld, loaded = tuple(consent.withheld(loaded, room.now)), _agreed(loaded, room.now)
    problems = tuple(sorted(found, key=lambda each: (each.file, each.line or 0)))
    return Reading(catalog=loaded, problems=problems, withheld=withheld)


def _agreed(loaded: Catalog, now: datetime) -> Catalog:
    """What guests agree to have published; everything after this knows nothing else."""
    return consent.honoured(loaded, now, theme.spoken(loaded.show.language).gettext(consent.A_GUEST))


def published(store: Store, cache: Path | None = None) -> Published:
    """What listeners get now: the feed, the log beside it, the record that the feed names.

    Where the feed has been lost, the release that the log names last is what they should have. Records that were read
    before lie in `cache`, under the digest of their contents.
    """
    watched = {found.key: found for found in store.list(history.WATCHED)}
    log = History.of((found.key, found.modified) for found in watched.values())
    live, version = _seen(store, watched.get(feed.KEY), log, cache)
    gone_back = live and log.forward and live.id == log.live != log.forward
    cleared = watched.get(history.CLEARED)
    return Published(
        release=live,
        feed_version=version,
        history=log,
        abandoned=recorded(store, log.forward, cache) if gone_back and log.forward else None,
        cleared_version=cleared.version if cleared else None,
    )


def _seen(
    store: Store, listed: Listed | None, log: History, cache: Path | None
) -> tuple[Release | None, Version | None]:
    """The live release, and the version of the feed that names it.

    The record that the log names last holds the feed of its release: where the version in the listing is of those very
    bytes, the feed need not be read.
    """
    logged = None
    with suppress(StoreError):  # lost or damaged: it may not be the one that the feed names
        logged = recorded(store, log.live, cache) if listed and log.live else None
        if listed and logged and proves(version := listed.version, release.feed_of(logged)):
            return logged, version
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
    live = logged if logged and logged.id == named else recorded(store, named, cache) if named else None
    return live, head.version if head else None


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
        records.put(near, body)


# --- plan and apply ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A plan, with the edition it would publish and what could be better about the show."""

    plan: Plan
    edition: Edition
    store: Store
    before: Published
    noticed: tuple[Problem, ...]
    """What was noticed in recordings that were mastered now; the next time it is not told again."""
    late: tuple[Problem, ...]
    """What only who publishes can know: of what would begin after the end, and of clocks that differ."""
    next_due: datetime | None
    """When something else is to be published: a scheduled episode, or no longer what a guest agreed to until then."""
    blocked: tuple[Problem, ...] = ()
    """Why it would be refused."""
    due: tuple[Tiding, ...] = ()
    """Who is to be told once it is carried out."""
    found: Sorted
    """The show as it was read; what is `held` in it is left as listeners have it."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """All that could be better: what `check` tells of the show's files, and what it cannot know."""
        return (*self.found.advice, *self.late, *self.noticed)


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
        asked = guard.understood(asked, catalog, before)
        blocked = tuple(guard.blocked(catalog, before, now, asked))
        guard.refuse(blocked if refuse else ())
        wanted = guard.wanted(catalog, before, now, asked)
        edition, failed = rendering.attempt(room, catalog.show, wanted, before, on_step, spare=spare is not None)
        if not failed:
            break
        found = _without(found, failed)
    made = plan.make(edition, composing.following(room.root, edition, before, room.studio.cache / "pages.json"), before)
    _keep(room.studio.cache / release.key(made.release.id), digest.canonical(made.release))
    late = tuple(guard.stale(made.release, before, asked, release.unmoved(made.release, before.release)))
    guard.refuse(late if refuse else ())
    return Prepared(
        plan=made,
        edition=edition,
        store=store,
        before=before,
        noticed=tuple(_noticed(edition, before)),
        late=(*checks.late(edition, catalog), *_skewed(store, room.now)),
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
        edition, failed = rendering.attempt(room, found.catalog.show, wanted, Published(), on_step, spare=True)
        if not failed:
            break
        found = _without(found, failed)
    return Rehearsal(
        found=found,
        edition=edition,
        objects=composing.objects(room.root, edition),
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
