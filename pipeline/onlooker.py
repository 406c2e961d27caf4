"""A published show as a store that is only looked at, over the web, without credentials."""

from collections.abc import Iterator
from datetime import datetime
from typing import NoReturn

from pipeline import digest, feed
from pipeline.audit.seen import Seen
from pipeline.errors import Problem, StoreError
from pipeline.history import FEED, Event, Turn
from pipeline.model import Key, Object, Version
from pipeline.outside import Outside
from pipeline.store import ANYTHING, Anything, Contents, Found, Unfinished

_LARGEST = 100_000_000
"""Bytes; the record of a show with a thousand episodes takes five million."""
_GONE = frozenset({404, 410})
_HIDDEN = 403
"""What a bucket says of what is not there to those who may not list it."""


class Onlooker:
    """What strangers are shown at an address; it can be planned against, and never written to.

    A stranger cannot list: of the log it is believed that it ends with the release that the feed names.
    """

    writers = 1

    def __init__(self, address: str, outside: Outside) -> None:
        self._address = address
        self._outside = outside

    @property
    def name(self) -> str:
        """The address."""
        return self._address

    @property
    def clock(self) -> datetime | None:
        """See `Store.clock`: what a stranger is shown may have been kept by a cache since another day."""
        return None

    def read(self, key: Key, *, most: int | None = None) -> Contents | None:
        """See `Store.read`; a feed that strangers are refused is taken for one that was never published."""
        seen = self._outside.get(key, size=_LARGEST, keep=True)
        if seen.status in _GONE or (seen.status == _HIDDEN and key == FEED):
            return None
        if seen.status != 200 or seen.body is None or seen.failure:
            raise self._unseen(key, seen)
        return Contents(body=seen.body[:most], version=Version(digest.of_bytes(seen.body)))

    def stat(self, key: Key) -> Found | None:
        """See `Store.stat`."""
        held = self.read(key)
        return Found(key=key, size=len(held.body), version=held.version) if held else None

    def list(self, prefix: str = "") -> Iterator[Found]:
        """The feed, and the entry of the log that there is when all of its release was published."""
        held = self.read(FEED)
        if held is None:
            return
        yield Found(key=FEED, size=len(held.body), version=held.version)
        if release := feed.release_named_in(held.body[: feed.STAMP_WITHIN]):
            entry = Event(number=1, turn=Turn.PUBLISHED, release=release)
            yield Found(key=entry.key, size=0, version=Version(release))

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> NoReturn:
        """Always a StoreError."""
        raise self._only_looked_at()

    def delete(self, key: Key) -> NoReturn:
        """Always a StoreError."""
        raise self._only_looked_at()

    def unfinished(self, older_than: datetime) -> Iterator[Unfinished]:
        """None that a stranger could see."""
        return iter(())

    def abandon(self, upload: Unfinished) -> NoReturn:
        """Always a StoreError."""
        raise self._only_looked_at()

    def _unseen(self, key: Key, seen: Seen) -> StoreError:
        why = seen.failure or f"the server answers {seen.status}"
        what = f"{key} cannot be seen at {self._address}: {why}."
        return StoreError(Problem(what=what, mend="Correct `base_url`, or try again later."))

    def _only_looked_at(self) -> StoreError:
        return StoreError(Problem(what=f"{self._address} can only be looked at.", mend="Publish with --to."))
