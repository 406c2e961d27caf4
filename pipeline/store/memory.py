"""A store in this process's memory, for tests: it remembers every object as sent and every request made of it."""

import dataclasses
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipeline import digest
from pipeline.errors import Conflict, Problem, StoreError
from pipeline.model import Key, Object, Version
from pipeline.store import ANYTHING, Anything, Contents, Found, Unfinished


class MemoryStore:
    """Objects in a dict; `objects` holds each as it was put (its body always bytes), `log` every (verb, key).

    `now` is what its clock says, `modified` what it said at each put; no clock runs by itself.
    """

    name = "memory"
    writers = 8

    def __init__(self) -> None:
        self.objects: dict[Key, Object] = {}
        self.log: list[tuple[str, Key]] = []
        self.now: datetime | None = None
        self.modified: dict[Key, datetime | None] = {}
        self._lock = threading.Lock()

    @property
    def clock(self) -> datetime | None:
        """See `Store.clock`."""
        return self.now

    def read(self, key: Key, *, most: int | None = None) -> Contents | None:
        """See `Store.read`."""
        held = self._asked("read", key)
        return Contents(body=_bytes(held)[:most], version=_version(held)) if held else None

    def stat(self, key: Key) -> Found | None:
        """See `Store.stat`."""
        held = self._asked("stat", key)
        return self._found(held) if held else None

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        """See `Store.put`."""
        sent = dataclasses.replace(item, body=_bytes(item))
        if digest.of_bytes(_bytes(sent)) != item.sha256:
            raise StoreError(Problem(what=f"{item.key} changed while it was being stored.", mend="Publish again."))
        with self._lock:
            self.log.append(("put", item.key))
            held = self.objects.get(item.key)
            if not isinstance(expected, Anything) and expected != (_version(held) if held else None):
                raise Conflict(
                    Problem(what=f"{item.key} was written by somebody else in the meantime.", mend="Publish again.")
                )
            self.objects[item.key] = sent
            self.modified[item.key] = self.now
        return _version(sent)

    def list(self, prefix: str = "") -> Iterator[Found]:
        """See `Store.list`."""
        with self._lock:
            self.log.append(("list", Key(prefix)))
            held = sorted(self.objects.items())
        return (self._found(item) for key, item in held if key.startswith(prefix))

    def delete(self, key: Key) -> None:
        """See `Store.delete`."""
        with self._lock:
            self.log.append(("delete", key))
            self.objects.pop(key, None)

    def unfinished(self, older_than: datetime) -> Iterator[Unfinished]:
        """See `Store.unfinished`: here every put ends at once."""
        return iter(())

    def abandon(self, upload: Unfinished) -> None:
        """See `Store.abandon`."""

    def _asked(self, verb: str, key: Key) -> Object | None:
        with self._lock:
            self.log.append((verb, key))
            return self.objects.get(key)

    def _found(self, held: Object) -> Found:
        modified = self.modified.get(held.key)
        return Found(
            key=held.key, size=len(_bytes(held)), version=_version(held), sha256=held.sha256, modified=modified
        )


def _bytes(item: Object) -> bytes:
    if not isinstance(item.body, Path):
        return item.body or b""
    try:
        return item.body.read_bytes()
    except OSError as error:
        what = f"{item.key} could not be stored: {item.body} cannot be read ({error.strerror})."
        raise StoreError(Problem(what=what, mend="Publish again.")) from error


def _version(held: Object) -> Version:
    return Version(held.sha256)
