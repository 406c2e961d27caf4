"""What the files of a show held when they were read before, so that only those that changed are read again."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from pipeline.model import Digest, Source
from pipeline.remembered import records, stamps
from pipeline.remembered.stamps import Stamp


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What a file held when it had that stamp."""

    path: str
    stamp: Stamp
    sha256: Digest
    size: int
    """As in `Source`."""


_READ = TypeAdapter(tuple[Known, ...]).validate_python


@dataclass(kw_only=True)
class Ledger:
    """What is known of files, by path; only a cache: lose it, and all is read again."""

    file: Path | None = None
    """Where it is kept; None: nowhere."""
    now: datetime | None = None
    before: Mapping[str, Known] = field(default_factory=dict)
    seen: dict[str, Known] = field(default_factory=dict)

    @classmethod
    def at(cls, file: Path, now: datetime) -> "Ledger":
        """The ledger in a file; empty where that is lost or damaged."""
        return cls(file=file, now=now, before={known.path: known for known in records.recalled(file, _READ) or ()})

    def known(self, name: str, status: os.stat_result) -> Source | None:
        """The file of that name and status, where it is known to hold what it held."""
        found = self.before.get(name)
        if found is None or found.stamp != stamps.of(status):
            return None
        self.seen[name] = found
        return Source(sha256=found.sha256, size=found.size, path=name)

    def learn(self, source: Source, before: os.stat_result, after: os.stat_result) -> None:
        """Keep what was read, unless the file may have changed meanwhile or may change without a trace."""
        stamp = stamps.of(after)
        if self.now and stamps.settled(after.st_ctime, self.now) and stamps.of(before) == stamp:
            self.seen[source.path] = Known(path=source.path, stamp=stamp, sha256=source.sha256, size=source.size)

    def close(self) -> None:
        """Write down what is known of the files that were asked for."""
        if self.file and self.seen != self.before:
            with suppress(OSError):
                records.keep(self.file, tuple(self.seen.values()))
