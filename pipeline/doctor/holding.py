"""Questions to a bucket: does it hold what it is given, as it is given?"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from pipeline.doctor import Outcome, Probe, broken, ok, weak
from pipeline.doctor.ward import Ward
from pipeline.errors import StoreError
from pipeline.model import Cache, Kind
from pipeline.outside import Outside

_SKEW_TOLD = timedelta(seconds=60)
_SKEW_REFUSED = timedelta(minutes=15)
"""From here on S3 refuses every request (RequestTimeTooSkewed)."""


def _reach(ward: Ward) -> Outcome:
    list(ward.store.list(ward.key("")))
    return ok(f"{ward.store.name} answers, and the credentials are right.")


def _write(ward: Ward) -> Outcome:
    ward.store.put(ward.object("write"))
    return ok("Files can be stored.")


def _read(ward: Ward) -> Outcome:
    for name in ("before", "after"):
        item = ward.object("read", len(name) * 20)
        version = ward.store.put(item)
        held = ward.store.read(item.key)
        if held is None or held.body != item.body or held.version != version:
            return weak("A file that was just stored is not yet to be read.")
    return ok("What was just stored is read at once.")


def _list(ward: Ward) -> Outcome:
    item = ward.object("list")
    ward.store.put(item)
    there = any(found.key == item.key for found in ward.store.list(ward.key("")))
    return (
        ok("What was just stored is listed at once.") if there else weak("A file that was just stored is not listed.")
    )


def _delete(ward: Ward) -> Outcome:
    item = ward.object("delete")
    ward.store.put(item)
    try:
        ward.store.delete(item.key)
    except StoreError:
        return weak("Files cannot be removed.")
    return weak("A removed file is still there.") if ward.store.stat(item.key) else ok("Files can be removed.")


def _keeps(ward: Ward) -> Outcome:
    item = ward.object("keeps", kind=Kind.SIDECAR, type="text/vtt; charset=utf-8", cache=Cache.IMMUTABLE)
    ward.store.put(item)
    head = ward.bucket.ask("head_object", Key=ward.bucket.prefix + item.key).fields
    kept = {"type": head.get("ContentType") == item.type, "caching": head.get("CacheControl") == str(item.cache)}
    if all(kept.values()):
        return ok("A file's type and caching are kept with it.")
    return broken(f"Not kept with a file: its {' and '.join(name for name, well in kept.items() if not well)}.")


def _remembers(ward: Ward) -> Outcome:
    item = ward.object("remembers")
    ward.store.put(item)
    found = ward.store.stat(item.key)
    if found is None or found.sha256 != item.sha256:
        return weak("A file's SHA-256 is not told back with it.")
    return ok("A file's SHA-256 is kept with it.")


def _names(ward: Ward) -> Outcome:
    item = ward.object("é en ‘ü’ & een spatie " + "x" * 200)
    try:
        ward.store.put(item)
        held = ward.store.read(item.key)
        listed = any(found.key == item.key for found in ward.store.list(ward.key("é")))
    except StoreError as error:
        return weak(f"A long name with accents is refused: {error.problems[0].what}")
    if held is None or held.body != item.body or not listed:
        return weak("A long name with accents is not found again.")
    return ok("Long names and names with accents are kept.")


def _range(ward: Ward) -> Outcome:
    item = ward.object("range", 1000)
    ward.store.put(item)
    part = Outside(ward.bucket.signed).part(item.key, first=300, count=50)
    if not isinstance(item.body, bytes) or part.size != 50 or part.begin != item.body[300:350]:
        return broken(f"Part of a file cannot be asked for (status {part.status or 'none'}).")
    if part.status != 206:
        return weak(f"Part of a file is answered with status {part.status} instead of 206.")
    return ok("Part of a file can be asked for.")


def _checksum(ward: Ward) -> Outcome:
    wrong = base64.b64encode(hashlib.sha256(b"something else").digest()).decode()
    key = ward.bucket.prefix + ward.key("checksum")
    reply = ward.bucket.ask("put_object", Key=key, Body=b"damaged on its way", ChecksumSHA256=wrong)
    if not reply.refused:
        return weak("A file that does not match its SHA-256 is stored all the same.")
    return ok("A file that was damaged on its way is refused.")


def _clock(ward: Ward) -> Outcome:
    before = ward.clock()
    headers = ward.bucket.ask("list_objects_v2", Prefix=ward.bucket.prefix + ward.key(""), MaxKeys=1).fields
    told: Mapping[str, Any] = headers["ResponseMetadata"]["HTTPHeaders"]
    try:
        there = parsedate_to_datetime(told["date"])
    except (KeyError, ValueError):
        return weak("The server does not say what time it is.")
    skew = there - before
    if abs(skew) < _SKEW_TOLD:
        return ok("The clocks of this machine and the server agree.")
    side = "behind" if skew > timedelta() else "ahead of"
    say = broken if abs(skew) >= _SKEW_REFUSED else weak
    return say(f"This machine's clock is {round(abs(skew).total_seconds())} seconds {side} the server's.")


PROBES: tuple[Probe[Ward], ...] = (
    Probe(
        id="reach",
        question="Can the bucket be reached and listed with these credentials?",
        means="Nothing can be published.",
        mend="Check AWS's own variables, the bucket's name and the network.",
        ask=_reach,
        gate=True,
    ),
    Probe(
        id="clock",
        question="Do the clocks agree?",
        means="Episodes dated in the future appear too early or too late; from 15 minutes on S3 refuses everything.",
        mend="Set this machine's clock.",
        ask=_clock,
    ),
    Probe(
        id="write",
        question="Can files be stored?",
        means="Nothing can be published.",
        mend="Give the credentials the right to write (s3:PutObject).",
        ask=_write,
        gate=True,
    ),
    Probe(
        id="read",
        question="Is what was just stored read at once?",
        means="A publish may plan from an old feed; a second publish soon after the first may be refused or lose it.",
        mend="Wait a minute between publishes, or use a store that reads its own writes.",
        ask=_read,
    ),
    Probe(
        id="list",
        question="Is what was just stored listed at once?",
        means="`verify` may take a file for missing.",
        mend="Wait a minute before you verify.",
        ask=_list,
    ),
    Probe(
        id="keeps",
        question="Are type and caching kept with a file?",
        means="Apps do not take the feed for a feed or audio for audio, or keep an old feed.",
        mend="Use a store that keeps them, or set them in the web server or CDN in front of it.",
        ask=_keeps,
    ),
    Probe(
        id="remembers",
        question="Is a file's SHA-256 kept with it?",
        means="When an answer is lost on the way, a publish cannot tell its own file from another's, and may stop.",
        mend="Run the publish again when it stops.",
        ask=_remembers,
    ),
    Probe(
        id="names",
        question="Are long names and names with accents kept?",
        means="A file of your own templates with such a name cannot be published.",
        mend="Use plain names in templates/.",
        ask=_names,
    ),
    Probe(
        id="range",
        question="Can part of a file be asked for?",
        means="Some players cannot skip forward or go on after a break.",
        mend="Use a store that honours the Range header.",
        ask=_range,
    ),
    Probe(
        id="checksum",
        question="Is a file refused that was damaged on its way?",
        means="Not promised here: that what is stored is what was sent. `omroep verify` finds it afterwards.",
        mend="Run omroep verify after publishing.",
        ask=_checksum,
    ),
    Probe(
        id="delete",
        question="Can files be removed?",
        means="Publishing never needs it; `omroep prune` does.",
        mend="To use prune, give the credentials the right to delete (s3:DeleteObject).",
        ask=_delete,
    ),
)
"""In the order in which they are asked."""
