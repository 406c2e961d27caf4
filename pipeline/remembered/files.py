"""A file with a note beside it: what it hashes to, and facts that were dear to find out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pipeline.model import Digest
from pipeline.remembered import drafts, records

Facts = TypeVar("Facts")


@dataclass(frozen=True, kw_only=True)
class Noted(Generic[Facts]):
    """What stands beside a file."""

    sha256: Digest
    facts: Facts


def keep(draft: Path, path: Path, facts: object = None) -> Digest:
    """Give a finished `drafts.file` of `path` its name, with a note beside it; returns its SHA-256.

    Stopped half-way, or two at once: a note of another file is not believed. OSError where the disk will not have it.
    """
    sha256 = sha256_of(draft)
    with drafts.file(_note(path)) as note:
        note.write_bytes(records.written(Noted(sha256=sha256, facts=facts)))
        draft.replace(path)
        note.replace(_note(path))
    return sha256


def kept(path: Path, read: Callable[[Any], Facts]) -> Noted[Facts] | None:
    """What is noted of a file; None where either is lost, damaged, or not of the other. `read` as for a record."""
    found = noted(path, read)
    try:
        return found if found and sha256_of(path) == found.sha256 else None
    except OSError:
        return None


def noted(path: Path, read: Callable[[Any], Facts]) -> Noted[Facts] | None:
    """The same without reading the file itself; `path` may also be the note's."""
    return records.recalled(_note(path), lambda told: Noted(sha256=Digest(told["sha256"]), facts=read(told["facts"])))


def bare(_: Any) -> None:
    """Reads the facts of a file of which nothing but its SHA-256 is noted."""


def sha256_of(path: Path) -> Digest:
    """Of a file's contents."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest())


def _note(path: Path) -> Path:
    return path.with_suffix(".json")
