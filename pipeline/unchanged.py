"""Whether anything changed here or at the store since the last publish, found out without reading the show."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.history import FEED, LOG
from pipeline.model import Key, Version
from pipeline.remembered import records, stamps

FOLDERS = ("episodes", "feed", "templates")
"""What a show is made of."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_OURS = (Path(__file__).parent.parent, Path(__file__).parent.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """The files of a show and of omroep itself, as the file system describes them."""

    fingerprint: str
    newest_s: float
    """When the last of them changed, in seconds since 1970 by the file system's clock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """A publish after which nothing was left to do; only a cache: lose it, and the show is read again."""

    fingerprint: str
    asked: str
    """What was asked of it: destination, address and so on."""
    place: str | None
    """The show's own destination, where none was asked for."""
    feed: str
    """The version of the feed."""
    log: str
    """The last entry of the log."""
    until: str | None
    """The moment at which the next episode is due (ISO 8601)."""
    said: tuple[str, ...]
    """What is true of it, a line each, for the producer."""
    advice: tuple[str, ...]
    """What could be better and `check` cannot know, a sentence each."""
    counted: int
    """How much `check` has to say."""


def look(root: Path) -> Look:
    """The files of the show at `root`, by their stamps; their contents are not read."""
    return _look([*((root, name) for name in FOLDERS), _OURS])


def program() -> str:
    """The fingerprint of omroep's own files alone."""
    return _look([_OURS]).fingerprint


def _look(tops: Iterable[tuple[Path, str]]) -> Look:
    seen = hashlib.sha256()
    newest = 0
    for name, status in files(tops):
        newest = max(newest, status.st_ctime_ns)
        seen.update(f"{name}\0{stamps.of(status)}\n".encode("utf-8", "surrogateescape"))
    return Look(fingerprint=seen.hexdigest(), newest_s=newest / 1e9)


def files(tops: Iterable[tuple[Path, str]]) -> Iterator[tuple[str, os.stat_result]]:
    """Everything below these folders, the folders too, in an order that does not depend on the file system.

    Of a folder that may not be looked into there is the folder alone.
    """
    for top, name in tops:
        waiting = [name]
        while waiting:
            folder = waiting.pop()
            with suppress(FileNotFoundError, NotADirectoryError, PermissionError), os.scandir(top / folder) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    if entry.name == "__pycache__":
                        continue
                    path = f"{folder}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(path)
                    yield path, entry.stat(follow_symlinks=False)


def lasting(seen: Look, now: datetime) -> bool:
    """Whether a change after `now`, when the look was taken, would show."""
    return stamps.settled(seen.newest_s, now)


def recall(path: Path, seen: Look, asked: str) -> Memory | None:
    """The memory in a file, where it is of just these files and this question."""
    memory = records.recalled(path, _read)
    return memory if memory and (memory.fingerprint, memory.asked) == (seen.fingerprint, asked) else None


def _read(told: Any) -> Memory:
    memory = Memory(**told | {"said": tuple(told["said"]), "advice": tuple(told["advice"])})
    due(memory, _LONG_AGO)  # else its date is none
    return memory


def due(memory: Memory, now: datetime) -> bool:
    """Whether an episode has become due since."""
    return memory.until is not None and datetime.fromisoformat(memory.until) <= now


def holds(memory: Memory, found: Iterable[tuple[Key, Version]]) -> bool:
    """Whether what lies at the store beneath `history.WATCHED` is what it was when the memory was made."""
    versions = dict(found)
    log = max((key for key in versions if key.startswith(LOG)), default="")
    return (versions.get(FEED), log) == (memory.feed, memory.log)


def remember(path: Path, memory: Memory) -> None:
    """Write a memory down, whole or not at all; where that cannot be, the next publish reads the show again."""
    with suppress(OSError):
        records.keep(path, memory)
