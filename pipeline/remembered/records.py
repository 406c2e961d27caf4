"""A record in a file of its own: there whole or not at all, and read back as what it was or not at all."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pipeline import digest
from pipeline.remembered import drafts

Record = TypeVar("Record")


def recalled(path: Path, read: Callable[[Any], Record]) -> Record | None:
    """The record kept at `path`; None where it is lost, damaged, or of a version that wrote it down otherwise.

    `read` makes it out of JSON values; ValueError, TypeError or KeyError where they are not of such a record. It is
    believed when it would be written down again just as it stands there.
    """
    try:
        told = json.loads(path.read_bytes())
        record = read(told["record"])
        return record if _sha256(_plain(record)) == told["sha256"] else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def keep(path: Path, record: object) -> None:
    """Keep a record (dataclasses, tuples, numbers, texts) at `path`; OSError where the disk will not have it."""
    put(path, written(record))


def written(record: object) -> bytes:
    """A record as it stands in its file: JSON in ASCII, so that names of files that are no UTF-8 fit in it."""
    plain = _plain(record)
    return f'{{"record":{plain},"sha256":"{_sha256(plain)}"}}'.encode("ascii")


def put(path: Path, body: bytes) -> None:
    """Put `body` at `path` in one step, over what is there; OSError where the disk will not have it."""
    with drafts.file(path) as made:
        made.write_bytes(body)
        made.replace(path)


def _plain(record: object) -> str:
    return json.dumps(digest.plain(record), sort_keys=True, separators=(",", ":"))


def _sha256(plain: str) -> str:
    return hashlib.sha256(plain.encode("ascii")).hexdigest()
