"""The release record: everything that one publish made true, as an immutable object that the live feed names."""

import json
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline import digest
from pipeline.errors import Problem, StoreError
from pipeline.model import Cache, Digest, Edition, Key, Kind, Object, Release

FORMAT = 1
MARK_KEY = Key("releases/settled.json")
"""Names the release whose pages are known to be complete."""
_TYPE = "application/json"


def key(release: Digest) -> Key:
    """Where the record of a release lies."""
    return Key(f"releases/{release[:32]}.json")


def make(edition: Edition, objects: tuple[Object, ...]) -> Release:
    """The release of `edition` and its objects (the feed among them, unstamped); no clock and no machine is in it."""
    spoken = tuple(replace(entry, episode=replace(entry.episode, transcript=())) for entry in edition.entries)
    withdrawn = tuple(replace(entry, episode=replace(entry.episode, transcript=())) for entry in edition.withdrawn)
    lasting = tuple(replace(item, body=None) for item in sorted(objects, key=lambda item: item.key))
    content = replace(edition, entries=spoken, withdrawn=withdrawn)
    unnamed = Release(format=FORMAT, id=Digest(""), edition=content, objects=lasting)
    return replace(unnamed, id=digest.of_record(unnamed))


def record(release: Release) -> Object:
    """The record as it is stored."""
    return _object(key(release.id), Kind.RECORD, Cache.IMMUTABLE, digest.canonical(release))


def mark(release: Digest | None) -> Object:
    """The mark that `release` is complete, its pages included; None: that nobody knows which pages are whose."""
    return _object(MARK_KEY, Kind.MARK, Cache.NONE, digest.canonical({"release": release}))


def parse(body: bytes, *, named: Digest) -> Release:
    """The release in a stored record; StoreError when it is damaged, not the one `named`, or of a newer omroep."""
    data = _json(body, named)
    if not isinstance(data.get("format"), int):
        raise _damaged(named)
    if data["format"] > FORMAT:
        raise StoreError(
            Problem(
                what=f"Release {named[:12]} was published by a newer omroep.",
                mend="Upgrade omroep here before publishing, so that nothing of that release is lost.",
            )
        )
    # Of the record as it stands there, not as this version would write it: a later version must read it too.
    if data.get("id") != named or digest.of_record({**data, "id": ""}) != named:
        raise _damaged(named)
    try:
        return TypeAdapter(Release).validate_python(data)
    except ValidationError as error:
        raise _damaged(named) from error


def marked(body: bytes) -> Digest | None:
    """The release that a stored mark names, if any."""
    try:
        named = json.loads(body)["release"]
        return Digest(named) if isinstance(named, str) else None
    except (ValueError, KeyError, TypeError):
        return None


def _json(body: bytes, named: Digest) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError as error:
        raise _damaged(named) from error
    if not isinstance(data, dict):
        raise _damaged(named)
    return data


def _damaged(named: Digest) -> StoreError:
    return StoreError(
        Problem(
            what=f"The record of the published release {named[:12]} is damaged.",
            mend="Restore that object from a backup or an earlier version of the bucket.",
        )
    )


def _object(key: Key, kind: Kind, cache: Cache, body: bytes) -> Object:
    return Object(key=key, kind=kind, type=_TYPE, cache=cache, sha256=digest.of_bytes(body), size=len(body), body=body)
