"""Questions to a bucket: does it keep two publishers apart?"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from threading import Barrier, BrokenBarrierError
from typing import TypeVar

from pipeline.doctor import Outcome, Probe, ok, weak
from pipeline.doctor.ward import Ward
from pipeline.errors import Conflict
from pipeline.model import Object, Version
from pipeline.store.s3.answers import CONFLICTS

T = TypeVar("T")

WRITERS = 4
"""At the same moment."""
PATIENCE_S = 60
"""For writers, until all of them are ready."""
_ALONE = (
    "Let one job at a time publish to this bucket (in CI: one concurrency group), and never from two places, or use a "
    "store that honours conditions."
)


def _create(ward: Ward) -> Outcome:
    ward.store.put(ward.object("create", 10), expected=None)
    if not _conflicts(ward, ward.object("create", 20), None):
        return weak("IGNORED: `If-None-Match: *`. What is there is overwritten although that was forbidden.")
    return ok("`If-None-Match: *` is honoured: what is there is not overwritten by mistake.")


def _replace(ward: Ward) -> Outcome:
    first = ward.store.put(ward.object("replace", 10))
    ward.store.put(ward.object("replace", 20), expected=first)
    if not _conflicts(ward, ward.object("replace", 30), first):
        return weak("IGNORED: `If-Match`. Two publishers at once can lose each other's episode here.")
    return ok("`If-Match` is honoured: two publishers cannot overwrite each other's feed.")


def _multipart(ward: Ward) -> Outcome:
    if said := _completed(ward):
        return weak(f"A large file cannot be sent in parts ({said}).")
    refused = _completed(ward, IfNoneMatch="*")
    if not refused:
        return weak("IGNORED: `If-None-Match: *` at the end of a large file that is sent in parts.")
    if refused not in CONFLICTS:
        return weak(f"`If-None-Match: *` is not understood at the end of a file that is sent in parts ({refused}).")
    return ok("Large files can be sent in parts, and conditions hold for them too.")


def _large_race(ward: Ward) -> Outcome:
    def refused(_: int, ready: Callable[[], object]) -> str:
        try:
            return _completed(ward, "large-race", then=ready, IfNoneMatch="*")
        except BrokenBarrierError:
            return "another was refused before its end"

    said = _at_once(refused)
    won = said.count("")
    if won == 1:
        return ok(f"Of {WRITERS} large files under one name at the same moment exactly one is stored.")
    if not won:
        return weak(f"Large files were not stored at the same moment ({said[0]}).")
    return weak(f"Of {WRITERS} large files under one name at the same moment {won} were taken, where one may be.")


def _completed(ward: Ward, name: str = "parts", *, then: Callable[[], object] = lambda: None, **condition: str) -> str:
    """The code with which a file in one part was refused; empty when it was stored. `then` comes before its end."""
    bucket, key = ward.bucket, ward.bucket.prefix + ward.key(name)
    begun = bucket.ask("create_multipart_upload", Key=key)
    if begun.refused:
        return begun.refused
    upload = {"Key": key, "UploadId": begun.fields["UploadId"]}
    done = False
    try:
        part = bucket.ask("upload_part", **upload, PartNumber=1, Body=b"a part")
        if part.refused:
            return part.refused
        parts = {"Parts": [{"PartNumber": 1, "ETag": part.fields["ETag"]}]}
        then()
        ended = bucket.ask("complete_multipart_upload", **upload, MultipartUpload=parts, **condition)
        done = not ended.refused
        return ended.refused
    finally:
        if not done:
            bucket.ask("abort_multipart_upload", **upload)


def _race(ward: Ward) -> Outcome:
    new = _winners(ward, "race", None)
    there = ward.store.stat(ward.key("race"))
    won = (new, _winners(ward, "race", there.version if there else None))
    if won == (1, 1):
        return ok(f"Of {WRITERS} writers at the same moment exactly one wins, twice.")
    shown = " and ".join(map(str, won))
    return weak(f"Of {WRITERS} writers at the same moment {shown} were told that they had won, where one may.")


def _winners(ward: Ward, name: str, expected: Version | None) -> int:
    """How many writers believe that their write was the one that counted."""

    def write(number: int, ready: Callable[[], object]) -> bool:
        ready()
        return not _conflicts(ward, ward.object(name, 100 + number + (50 if expected else 0)), expected)

    return sum(_at_once(write))


def _at_once(act: Callable[[int, Callable[[], object]], T]) -> list[T]:
    """What each of the writers came to; what `act` is given waits until all of them have called it."""
    together = Barrier(WRITERS, timeout=PATIENCE_S)
    with ThreadPoolExecutor(WRITERS) as pool:
        try:
            return list(pool.map(act, range(WRITERS), repeat(together.wait)))
        except BaseException:  # an interrupt before all had begun: those that wait would wait for ever
            together.abort()
            raise


def _conflicts(ward: Ward, item: Object, expected: Version | None) -> bool:
    try:
        ward.store.put(item, expected=expected)
    except Conflict:
        return True
    return False


PROBES: tuple[Probe[Ward], ...] = (
    Probe(
        id="create",
        question="Is `If-None-Match: *` honoured?",
        means="Not promised here: that two publishers at once cannot write over each other.",
        mend=_ALONE,
        ask=_create,
    ),
    Probe(
        id="replace",
        question="Is `If-Match` honoured?",
        means="Not promised here: that the later of two publishers is told so. The earlier one's episode may vanish.",
        mend=_ALONE,
        ask=_replace,
    ),
    Probe(
        id="race",
        question="Does exactly one of several writers win?",
        means="Not promised here: that two publishers at the same moment cannot lose each other's episode.",
        mend=_ALONE,
        ask=_race,
    ),
    Probe(
        id="multipart",
        question="Can large files be sent in parts, and do conditions hold for them?",
        means="A very long episode may have to be sent again from its beginning, or is written twice.",
        mend="Publish over a steady connection, one job at a time.",
        ask=_multipart,
    ),
    Probe(
        id="large-race",
        question="Is exactly one of several large files under one name stored?",
        means="Not promised here: that of two publishers with different large files of one name one is told so. It can "
        "do no harm to audio, for its name holds the hash of its bytes: both store the same.",
        mend="Nothing is to be done, as long as only omroep writes there. Feed and pages go in one piece: for them "
        "`replace` and `race` count.",
        ask=_large_race,
    ),
)
"""In the order in which they are asked."""
