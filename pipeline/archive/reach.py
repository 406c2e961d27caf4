"""Two ways to get at what is published: through its store, or as a stranger at its address."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from pipeline.download import Courier, Failure
from pipeline.errors import Problem, StoreError
from pipeline.history import WATCHED
from pipeline.model import Key
from pipeline.release import FOLDER
from pipeline.store import Store

_LARGEST_TEXT = 256_000_000


class Reach(Protocol):
    """One place where a show is published."""

    @property
    def name(self) -> str:
        """As it is called in messages."""
        ...

    def read(self, key: Key) -> bytes | None:
        """What is under a key, None where there is nothing; StoreError where that cannot be told."""
        ...

    def bring(self, key: Key, target: Path, size: int) -> None:
        """Put what is under a key into the file `target`, as far as it comes; nothing where there is nothing."""
        ...

    def memory(self) -> Iterator[Key]:
        """The records of all releases and the log of them, as far as they can be listed."""
        ...


class Held:
    """Through the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def name(self) -> str:
        """See `Reach.name`."""
        return self._store.name

    def read(self, key: Key) -> bytes | None:
        """See `Reach.read`."""
        found = self._store.read(key)
        return found.body if found else None

    def bring(self, key: Key, target: Path, size: int) -> None:
        """See `Reach.bring`."""
        if (body := self.read(key)) is not None:
            target.write_bytes(body)

    def memory(self) -> Iterator[Key]:
        """See `Reach.memory`."""
        for prefix in (FOLDER, WATCHED):
            yield from (found.key for found in self._store.list(prefix))


class Seen:
    """As a stranger, below an address that ends in a slash; what is behind is not listed there."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._courier = Courier(address)

    @property
    def name(self) -> str:
        """See `Reach.name`."""
        return self._address

    def read(self, key: Key) -> bytes | None:
        """See `Reach.read`."""
        found = self._courier.read(self._address + quote(key), most=_LARGEST_TEXT)
        if isinstance(found, bytes):
            return found
        if not found.passing:
            return None
        raise _silent(key, found)

    def bring(self, key: Key, target: Path, size: int) -> None:
        """See `Reach.bring`; gone on with where an earlier try broke off."""
        found = self._courier.save(self._address + quote(key), target, most=size + 1)
        if found and found.passing:
            raise _silent(key, found)

    def memory(self) -> Iterator[Key]:
        """See `Reach.memory`."""
        return iter(())


def _silent(key: Key, failure: Failure) -> StoreError:
    return StoreError(Problem(what=f"{key} did not come: {failure.told}.", mend="Run it again to go on."))
