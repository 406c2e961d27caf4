"""A recording that has not changed is not read again, and one that has always is."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import catalog
from pipeline.catalog.ledger import Ledger
from pipeline.model import Catalog
from tests.shows import write_episode, write_show


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A show with one recording of 3 bytes: nothing here listens."""
    root = write_show(tmp_path / "show")
    write_episode(root, "01-een", audio=b"abc")
    return root


def read(root: Path, now: datetime | None = None) -> Catalog:
    """The show, as if read a minute from now: what was just written can then no longer change without a trace."""
    later = now or datetime.now(UTC) + timedelta(minutes=1)
    found = catalog.read(root, Ledger.at(root / "sources.json", later)).catalog
    assert found
    return found


def recording(root: Path) -> Path:
    return root / "episodes" / "01-een" / "audio.wav"


class Unread(Exception):
    """Somebody read what need not be read."""


def test_what_has_not_changed_is_not_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time no recording and no picture is read, and the same is known of them."""
    first = read(root)

    def never(*_: object) -> None:
        raise Unread

    monkeypatch.setattr("pipeline.catalog.files._read", never)
    assert read(root) == first
    with pytest.raises(Unread):
        catalog.read(root)


def test_what_has_just_changed_is_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a tick of the file system's clock it could change without a trace: nothing is kept of it."""
    read(root, datetime.fromtimestamp(recording(root).stat().st_ctime, UTC) + timedelta(seconds=1))
    monkeypatch.setattr("pipeline.catalog.files._read", lambda *_: (_ for _ in ()).throw(Unread))
    with pytest.raises(Unread):
        read(root)


def test_other_bytes_of_the_same_size_and_time_are_noticed(root: Path) -> None:
    """A tool may set a file's time back, but not when that was done."""
    before = read(root).episodes[0].audio
    status = recording(root).stat()
    recording(root).write_bytes(b"cba")
    os.utime(recording(root), ns=(status.st_atime_ns, status.st_mtime_ns))
    after = read(root).episodes[0].audio
    assert after.size == before.size
    assert after.sha256 != before.sha256


def test_a_damaged_ledger_is_not_believed(root: Path) -> None:
    """Cut anywhere, or with another digest in it: the files are read."""
    whole = read(root)
    ledger = root / "sources.json"
    kept = ledger.read_text()
    for end in range(0, len(kept), 7):
        ledger.write_text(kept[:end])
        assert read(root) == whole
    told = json.loads(kept)
    for entry in told["record"]:
        entry["sha256"] = "0" * 64
    ledger.write_text(json.dumps(told))
    assert read(root) == whole


def test_files_that_are_gone_are_forgotten(root: Path) -> None:
    """It grows no longer than the show."""
    write_episode(root, "02-twee", audio=b"def")
    read(root)
    recording(root).unlink()
    read(root)
    assert sorted(known["path"] for known in json.loads((root / "sources.json").read_text())["record"]) == [
        "episodes/02-twee/audio.wav",
        "feed/cover.png",
    ]
