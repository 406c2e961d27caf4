"""What an earlier omroep published is taken over as it is: no guid, no address and no audio changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline import digest, feed, publish, release
from pipeline.errors import StoreError
from pipeline.model import Cache, Digest, Key, Kind, Object
from pipeline.publish import Prepared
from pipeline.store.memory import MemoryStore
from tests.test_publish import room

ROOT = Path(__file__).parent.parent
RECORDS = sorted((ROOT / "tests" / "cases" / "records").glob("*.json"))
"""Records of the example show, as the versions of omroep that are named wrote them; a change of the form adds one."""


def holding(record: bytes) -> tuple[MemoryStore, dict[str, Any]]:
    """A store with a record and a feed that names it."""
    told = json.loads(record)
    named = Digest(told["id"])
    store = MemoryStore()
    head = f"<?xml version='1.0' encoding='UTF-8'?>\n<!-- omroep release {named} -->\n<rss/>\n".encode()
    for key, kind, body in ((release.key(named), Kind.RECORD, record), (feed.KEY, Kind.FEED, head)):
        store.put(stored(key, kind, body))
    return store, told


def stored(key: Key, kind: Kind, body: bytes) -> Object:
    sha256 = digest.of_bytes(body)
    return Object(key=key, kind=kind, type="x/y", cache=Cache.NONE, sha256=sha256, size=len(body), body=body)


def planned(store: MemoryStore, tmp_path: Path) -> Prepared:
    there = room(ROOT)
    studio = type(there.studio)(root=ROOT, cache=tmp_path, environ={"OMROEP_FFMPEG": "/nonexistent"})
    elsewhere = type(there)(root=ROOT, studio=studio, now=there.now)
    return publish.prepare(elsewhere, lambda own: store, lambda title, what, part: None, refuse=False)


def test_there_are_records() -> None:
    """The other tests look at something."""
    assert len(RECORDS) >= 2


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_nothing_changes_for_listeners(path: Path, tmp_path: Path) -> None:
    """Every episode keeps guid, address and audio, without an ffmpeg; nothing leaves the feed, nothing is refused."""
    store, told = holding(path.read_bytes())
    prepared = planned(store, tmp_path)
    was = {entry["episode"]["guid"]: entry for entry in told["edition"]["entries"]}
    now = {entry.episode.guid: entry for entry in prepared.edition.entries}
    assert len(was) == 5
    assert set(was) <= set(now)
    for guid, entry in was.items():
        assert now[guid].media.key == entry["media"]["key"]
        assert now[guid].media.sha256 == entry["media"]["sha256"]
        assert now[guid].episode.slug == entry["episode"]["slug"]
    assert [action.object.key for action in prepared.plan.actions if action.object.kind is Kind.AUDIO] == []
    assert prepared.blocked == ()


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_of_a_newer_omroep_is_refused(path: Path, tmp_path: Path) -> None:
    """It may hold what this version would lose."""
    store, _ = holding(path.read_bytes().replace(b'"format":1', b'"format":2'))
    with pytest.raises(StoreError, match="newer omroep"):
        planned(store, tmp_path)
