"""The release record: everything that one publish made true, as an immutable object that the live feed names."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline import addresses, digest, feed
from pipeline.errors import Problem, StoreError
from pipeline.model import Cache, Digest, Edition, Key, Kind, Object, Release

FORMAT = 1
FOLDER = "releases/"


def key(release: Digest) -> Key:
    """Where the record of a release lies."""
    return Key(f"{FOLDER}{release[:32]}.json")


def is_key(key: str) -> bool:
    """Whether the record of a release lies there."""
    return re.fullmatch(rf"{re.escape(FOLDER)}[0-9a-f]{{32}}\.json", key) is not None


def make(edition: Edition, objects: tuple[Object, ...]) -> Release:
    """The release of `edition` and its objects (the feed among them, unstamped); no clock and no machine is in it."""
    spoken = tuple(replace(entry, episode=replace(entry.episode, transcript=())) for entry in edition.entries)
    withdrawn = tuple(replace(entry, episode=replace(entry.episode, transcript=())) for entry in edition.withdrawn)
    lasting = tuple(replace(item, body=None) for item in sorted(objects, key=lambda item: item.key))
    content = replace(edition, entries=spoken, withdrawn=withdrawn, left=())  # what earlier ones had is none of its own
    fed = next((item.body.decode() for item in objects if item.kind is Kind.FEED and isinstance(item.body, bytes)), "")
    unnamed = Release(format=FORMAT, id=Digest(""), edition=content, objects=lasting, feed=fed)
    return replace(unnamed, id=digest.of_record(unnamed))


def unmoved(following: Release, before: Release | None) -> Iterator[Digest]:
    """What `following` would be called, had the last pages not moved; where it takes up an address that `before` left.

    So an old checkout is known: it makes what an earlier release was, but for the addresses that were left since.
    """
    moved = following.edition.moved
    if before is None or set(before.edition.moved) <= set(moved):
        return
    for count in range(len(moved)):
        later = {make(each.slug) for each in moved[count:] for make in (addresses.page, addresses.card)}
        kept = (item for item in following.objects if item.key not in later)
        objects = tuple(item for item in kept if count or not addresses.is_script(item.key))
        edition = replace(following.edition, moved=moved[:count])
        yield digest.of_record(replace(following, id=Digest(""), edition=edition, objects=objects))


def record(release: Release) -> Object:
    """The record as it is stored."""
    body = digest.canonical(release)
    return Object(
        key=key(release.id),
        kind=Kind.RECORD,
        type="application/json",
        cache=Cache.IMMUTABLE,
        sha256=digest.of_bytes(body),
        size=len(body),
        body=body,
    )


def feed_of(release: Release) -> Object:
    """The feed as it was live in a release, byte for byte; StoreError where the record does not hold it."""
    body = release.feed.encode()
    for item in release.objects:
        if item.kind is Kind.FEED and item.sha256 == digest.of_bytes(body):
            return feed.stamped(replace(item, body=body), release.id)
    raise _damaged(release.id)


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
        return _releases().validate_python(data)
    except ValidationError as error:
        raise _damaged(named) from error


@cache
def _releases() -> TypeAdapter[Release]:
    """Made once: that takes longer than to read a record."""
    return TypeAdapter(Release)


def keys_in(body: bytes) -> tuple[Key, ...] | None:
    """The keys that a record names, whatever version of omroep wrote it; None where it is damaged."""
    try:
        return tuple(Key(item["key"]) for item in json.loads(body)["objects"])
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
