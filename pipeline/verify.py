"""The story of looking at a published show: find the release that should be there, look at all of it, judge."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from pipeline import audit, feed, release
from pipeline.audit import Report, feeds
from pipeline.audit.looking import Look, sighting
from pipeline.audit.seen import Damage, Manner, Seen, Sighting
from pipeline.errors import Problem, StoreError
from pipeline.history import WATCHED, History
from pipeline.model import Digest, Key, Kind, Object, Release
from pipeline.outside import CONNECTIONS
from pipeline.store import Store

OnLooked = Callable[[int, int], None]
"""Called with how many files were looked at, of how many; from several threads."""


class Inside:
    """Looks through a store that reads a file to tell its digest, as a folder does: at bytes, and at nothing else."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: Key, *, size: int, keep: bool = False) -> Seen:
        """See `Visitor.get`."""
        found = self._store.stat(key)
        if found is None or found.sha256 is None:
            return Seen(status=404)
        held = self._store.read(key) if keep else None
        return Seen(status=200, size=found.size, sha256=found.sha256, body=held.body if held else None)

    def head(self, key: Key) -> Seen | None:
        """See `Visitor.head`."""
        return None

    def part(self, key: Key, *, first: int, count: int) -> Seen | None:
        """See `Visitor.part`."""
        return None


def verify(store: Store, look: Callable[[Release], Look], on_looked: OnLooked = lambda done, of: None) -> Report:
    """What is wrong with what is published in `store`, as `look` sees it; nothing is written.

    StoreError when the store cannot be read, or nothing was ever published there.
    """
    held = store.read(feed.KEY)
    log = History.of((found.key, found.modified) for found in store.list(WATCHED))
    stamped = feed.release_named_in(held.body[: feed.STAMP_WITHIN]) if held else None
    if held is None and log.live is None:
        raise StoreError(Problem(what=f"Nothing is published at {store.name}.", mend="Run omroep publish first."))
    found = [] if held else [feeds.gone(store.name)]
    published = _published(store, stamped, log.live, found)
    if published is None:
        found += [feeds.foreign(store.name)] if held and not stamped else []
        return _report(store, None, None, 0, found)
    manner = look(published)
    keys = frozenset(each.key for each in store.list())
    sightings = _looked(manner, published, keys, on_looked)
    found += (damage for damage in audit.judged(sightings, store.name) if held or damage.key != feed.KEY)
    shown = next((each.whole.body for each in sightings if each.item.kind is Kind.FEED and _had(each.whole)), None)
    found += audit.feed_damages(shown, held.body if held else None, published, store.name)
    found += audit.unsettled(log, published)
    found += map(audit.orphaned, _orphans(store, keys, published))
    return _report(store, manner, published, len(sightings), found)


def _had(seen: Seen) -> bool:
    return seen.status == 200 and not seen.failure


def _report(store: Store, look: Look | None, published: Release | None, looked_at: int, found: list[Damage]) -> Report:
    return Report(
        place=store.name,
        address=look.address if look else "",
        manner=look.manner if look else Manner.FILES,
        release=published.id if published else None,
        looked_at=looked_at,
        read=not (look and look.quick),
        damages=tuple(dict.fromkeys(found)),
    )


def _published(store: Store, stamped: Digest | None, logged: Digest | None, found: list[Damage]) -> Release | None:
    """The release that the feed names, else the one that the log does; what is wrong with records goes to `found`."""
    for named in dict.fromkeys((stamped, logged)):
        if named is None:
            continue
        record = store.read(release.key(named))
        if record is None:
            found.append(audit.lost_record(named, "it is gone"))
            continue
        try:
            return release.parse(record.body, named=named)
        except StoreError as error:
            found.append(audit.lost_record(named, error.problems[0].what.rstrip(".")))
    return None


def _looked(look: Look, published: Release, keys: frozenset[Key], on_looked: OnLooked) -> tuple[Sighting, ...]:
    """A sighting of every object that listeners may ask for; several are looked at at a time."""
    items = sorted(audit.listened_to(published), key=lambda item: item.kind is not Kind.FEED)
    known, entries = audit.subjects(published.edition), published.edition.entries
    done = iter(range(1, len(items) + 1))

    def looked_at(item: Object) -> Sighting:
        seen = sighting(look, item, audit.subject(item, known, entries), stored=item.key in keys)
        on_looked(next(done), len(items))
        return seen

    first = looked_at(items[0])
    if first.whole.status is None:
        return (first,)  # nobody is there: asking for the rest would only take long
    pool = ThreadPoolExecutor(max_workers=CONNECTIONS)
    try:
        waiting = [pool.submit(looked_at, item) for item in items[1:]]
        wait(waiting, return_when=FIRST_EXCEPTION)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # does not wait, so that an interrupt does not
    return (first, *(future.result() for future in waiting if not future.cancelled()))


def _orphans(store: Store, keys: frozenset[Key], published: Release) -> Iterator[Key]:
    """Keys that no release names; the records of earlier ones are only read while there is something to explain."""
    left = audit.orphans(keys, (item.key for item in published.objects))
    earlier = sorted(key for key in keys if release.is_key(key) and key != release.key(published.id))
    for key in earlier:
        if not left:
            break
        record = store.read(key)
        left = audit.orphans(left, (record and release.keys_in(record.body)) or ())
    yield from left
