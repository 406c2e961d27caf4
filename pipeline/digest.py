"""Stable digests: the same record gives the same SHA-256 on every machine and in every process."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pipeline.model import Digest

_PLAIN = frozenset({bool, int, str, type(None)})
"""What JSON has as it is; asked first, for most values are."""


def of_bytes(body: bytes) -> Digest:
    """SHA-256 of bytes."""
    return Digest(hashlib.sha256(body).hexdigest())


def plain(value: Any) -> Any:
    """A record as JSON values: fields that are local to a machine or at their default are left out, moments are UTC.

    Leaving defaults out means that a field added in a later version changes no digest of an older record.
    """
    kind: type = type(value)
    if kind in _PLAIN:
        return value
    if (fields := _fields(kind)) is not None:
        return {name: plain(item) for name, default in fields if (item := getattr(value, name)) != default}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 0 and 0.0 are one number, whichever of them a record was made or read with
    return value


@cache
def _fields(kind: type) -> Iterable[tuple[str, Any]] | None:
    """What a digest tells of a record: names of fields, and what each is where it is left out; None of all else."""
    if not dataclasses.is_dataclass(kind):
        return None
    return tuple((field.name, field.default) for field in dataclasses.fields(kind) if not field.metadata.get("local"))


def canonical(value: Any) -> bytes:
    """The one JSON text of a record: sorted keys, no insignificant space, UTF-8."""
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def of_record(value: Any) -> Digest:
    """SHA-256 of a record's canonical JSON."""
    return of_bytes(canonical(value))
