"""The small protocol between omroep and the place that holds what is published."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pipeline.model import Digest, Key, Object, Version


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a store says it holds under a key."""

    key: Key
    size: int
    """In bytes."""
    version: Version
    sha256: Digest | None = None
    """Where the store knows it without reading the bytes."""
    modified: datetime | None = None
    """When it was stored, with its offset, by the store's own clock; None where the store does not know."""


class Listed(Protocol):
    """What a listing says of an object; a store may read the bytes to tell the version, but only when it is asked."""

    @property
    def key(self) -> Key:
        """Where it is."""
        ...

    @property
    def size(self) -> int:
        """In bytes."""
        ...

    @property
    def version(self) -> Version:
        """See `Found.version`."""
        ...

    @property
    def modified(self) -> datetime | None:
        """See `Found.modified`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """A put that was begun and never ended, by a run that was stopped: it takes room, and no reader sees it."""

    key: Key
    """What it was to be, or where it lies."""
    id: str
    """The store's own name for it."""
    begun: datetime
    """By the store's own clock, with its offset."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """Bytes that were read, and the version they were read at."""

    body: bytes
    version: Version


def proves(version: Version, item: Object) -> bool:
    """Whether only the bytes of `item` (whose `body` is bytes) have this version: it is their SHA-256, or the MD5
    that an ETag is of what S3 got in one piece and did not encrypt by KMS (API reference, Object).

    Of other versions nothing can be told: False.
    """
    held = item.body if isinstance(item.body, bytes) else b""
    return version in (item.sha256, hashlib.md5(held, usedforsecurity=False).hexdigest())


class Anything:
    """Stands for "whatever is there now" as the expected version of a `put`."""


ANYTHING = Anything()


class Store(Protocol):
    """Objects under keys, whole or not at all.

    What every store owes (`tests/store_contract.py` holds each to it):

    * A `put` that returns has stored exactly the object's bytes, durably; one that raises has changed nothing, or has
      stored exactly those bytes. No reader ever sees a part of them.
    * The bytes stored are the bytes sent: the object's `sha256` is checked, or the server is made to check it.
    * With `expected`, exactly one of several simultaneous writers wins; the others get `Conflict`.
    * Reads see the latest completed write.
    * A failure is a `StoreError` that names the key and what to try; no other exception escapes.
    """

    @property
    def writers(self) -> int:
        """How many puts at a time are worth while."""
        ...

    @property
    def name(self) -> str:
        """Where this is, as a producer would say it (no credentials)."""
        ...

    @property
    def clock(self) -> datetime | None:
        """What time it was there when it was last listed, with its offset; None where there is no other clock than this
        machine's, and before the first listing."""
        ...

    def read(self, key: Key, *, most: int | None = None) -> Contents | None:
        """The bytes under `key` (only the first `most`, when given), or None when there is nothing."""
        ...

    def stat(self, key: Key) -> Found | None:
        """What is under `key`, or None when there is nothing."""
        ...

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        """Store `item` (its `body` is never None here) and return its version.

        `expected` is the version that must be there now, None that nothing may be there; otherwise `Conflict`.
        """
        ...

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """Everything whose key starts with `prefix`, in the order of keys; no bytes are read for it."""
        ...

    def delete(self, key: Key) -> None:
        """Remove what is under `key`; nothing there is no error."""
        ...

    def unfinished(self, older_than: datetime) -> Iterator[Unfinished]:
        """Puts that were begun before then and never ended; none that a run now alive could still end, where the store
        can tell."""
        ...

    def abandon(self, upload: Unfinished) -> None:
        """Remove it; one that is gone is no error."""
        ...
