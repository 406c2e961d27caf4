"""What the files of a show held when they were read before, so that only those that changed are read again."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline.model import Digest, Source

_SETTLED_S = 2.0
"""A file that changed less than this before it was read may change again without its times showing it."""


@dataclass(kw_only=True)
class Ledger:
    """Digests by path, with what the file system told of each file; only a cache: lose it, and all is read again."""

    file: Path | None = None
    """Where it is kept; None: nowhere."""
    now: datetime | None = None
    before: Mapping[str, object] = field(default_factory=dict)
    seen: dict[str, object] = field(default_factory=dict)

    @classmethod
    def at(cls, file: Path, now: datetime) -> "Ledger":
        """The ledger in a file; empty where that is lost or damaged."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(file.read_bytes())
            if told["sha256"] == _digest(told["files"]):  # else it was damaged
                return cls(file=file, now=now, before=told["files"])
        return cls(file=file, now=now)

    def known(self, name: str, status: os.stat_result) -> Source | None:
        """The file of that name and status, where it is known to hold what it held."""
        match self.before.get(name):
            case {"facts": facts, "sha256": str(sha256), "size": int(size)} if facts == _facts(status):
                self.seen[name] = self.before[name]
                return Source(sha256=Digest(sha256), size=size, path=name)
        return None

    def learn(self, source: Source, before: os.stat_result, after: os.stat_result) -> None:
        """Keep what was read, unless the file may have changed meanwhile or may change without a trace."""
        settled = self.now and after.st_ctime < self.now.timestamp() - _SETTLED_S
        if settled and _facts(before) == _facts(after):
            self.seen[source.path] = {"facts": _facts(after), "sha256": source.sha256, "size": source.size}

    def close(self) -> None:
        """Write down what is known of the files that were asked for."""
        if self.file is None or self.seen == self.before:
            return
        draft = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({"files": self.seen, "sha256": _digest(self.seen)}), "utf-8")
            draft.replace(self.file)


def _facts(status: os.stat_result) -> list[int]:
    """What differs after any change: no program can set a file's change time (ctime)."""
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _digest(files: object) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
