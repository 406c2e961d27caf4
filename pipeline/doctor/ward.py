"""A bucket that is examined: what is stored there to find out, and how strangers and listeners see it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from pipeline import digest
from pipeline.audit import files
from pipeline.audit.looking import Look, sighting
from pipeline.audit.seen import Damage, Manner
from pipeline.model import Cache, Key, Kind, Object
from pipeline.outside import Outside, beneath
from pipeline.store.raw import Bucket
from pipeline.store.s3 import S3Store

FOLDER = ".omroep-doctor"
"""Beneath it, in a folder of a random name, lies all that is written here; it is removed at the end."""


@dataclass(frozen=True, kw_only=True)
class Ward:
    """A bucket that is examined."""

    store: S3Store
    base_url: str
    token: str
    """Random: nobody can have seen what is stored under it."""
    clock: Callable[[], datetime]
    written: set[Key] = field(init=False, default_factory=set, compare=False)
    """What may have been stored: a bad store does not list all of it."""

    @cached_property
    def bucket(self) -> Bucket:
        """The bucket by its own names."""
        return Bucket(self.store)

    @cached_property
    def stranger(self) -> Outside:
        """Somebody without credentials, at the bucket's own server."""
        return Outside(self.bucket.plain)

    @cached_property
    def damages(self) -> tuple[Damage, ...]:
        """What listeners meet at `base_url` of three files that were just stored."""
        look = Look(visitor=Outside(beneath(self.base_url)), manner=Manner.LISTENER, address=self.base_url)
        found: list[Damage] = []
        for item in self.samples():
            self.store.put(item)
            found += files.damages(sighting(look, item, "a file", stored=True), self.store.name)
        return tuple(found)

    def samples(self) -> Iterator[Object]:
        """A file of each kind that listeners' apps ask something special of."""
        yield self.object("sound.mp3", 5000, kind=Kind.AUDIO, type="audio/mpeg", cache=Cache.IMMUTABLE)
        yield self.object("chapters.json", 500, kind=Kind.SIDECAR, type="application/json+chapters")
        yield self.object("feed.xml", 500, kind=Kind.PAGE, type="application/xml; charset=utf-8")

    def key(self, name: str) -> Key:
        """Where a file of that name is written."""
        key = Key(f"{FOLDER}/{self.token}/{name}")
        self.written.add(key)
        return key

    def object(
        self,
        name: str,
        size: int = 100,
        *,
        kind: Kind = Kind.PAGE,
        type: str = "text/html; charset=utf-8",
        cache: Cache = Cache.SHORT,
    ) -> Object:
        """Something to store that nobody can have stored before."""
        body = (f"{self.token} {name} " * size).encode()[:size]
        return Object(
            key=self.key(name),
            kind=kind,
            type=type,
            cache=cache,
            sha256=digest.of_bytes(body),
            size=size,
            body=body,
        )
