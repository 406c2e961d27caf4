"""Nothing to do is found out quickly, and never where there is something to do."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import unchanged
from pipeline.history import FEED
from pipeline.model import Key, Version
from pipeline.unchanged import Look, Memory
from tests.shows import write_episode, write_show

NOW = datetime(2026, 5, 1, tzinfo=UTC)
OMROEP = Path(sys.executable).with_name("omroep")
DEAR = {"boto3", "feedgen", "jinja2", "lxml", "numpy", "PIL", "pydantic", "random", "tempfile", "yaml"}
"""What takes time to import, and a publish with nothing to do needs not."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A show with one file of notes, no audio needed."""
    root = write_show(tmp_path / "show")
    (root / "episodes" / "een").mkdir()
    (root / "episodes" / "een" / "episode.md").write_text("---\ntitle: Een\n---\n")
    (root / "templates").mkdir()
    return root


def memory(seen: Look, **changes: object) -> Memory:
    facts: dict[str, object] = {
        "fingerprint": seen.fingerprint,
        "asked": "publish",
        "place": None,
        "feed": "v1",
        "log": "feed.log/000001-published-x.json",
        "until": None,
        "said": ("Nothing to do.",),
        "advice": (),
        "counted": 0,
    }
    return Memory(**(facts | changes))  # type: ignore[arg-type]


def same_size(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path) -> None:
    Path(shutil.copy2(path, path.with_name("copy"))).replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "edited": lambda root: (root / "episodes/een/episode.md").write_text("---\ntitle: Twee\n---\n"),
    "edited, of one size, its time set back": lambda root: same_size(root / "episodes/een/episode.md"),
    "added": lambda root: (root / "episodes/een/take.wav").write_bytes(b""),
    "removed": lambda root: (root / "episodes/een/episode.md").unlink(),
    "renamed": lambda root: (root / "episodes/een").rename(root / "episodes/uno"),
    "a folder added": lambda root: (root / "episodes/twee").mkdir(),
    "the show": lambda root: (root / "feed/show.yaml").write_text("title: x"),
    "a template": lambda root: (root / "templates/base.html").write_text("x"),
    "made a link": lambda root: (root / "episodes/een/link").symlink_to("/etc/passwd"),
    "replaced by a copy": lambda root: replaced(root / "episodes/een/episode.md"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_every_change_of_a_file_shows(root: Path, how: str) -> None:
    """Whatever is done to the producers' files, the show is read again."""
    before = unchanged.look(root)
    assert unchanged.look(root).fingerprint == before.fingerprint
    CHANGES[how](root)
    assert unchanged.look(root).fingerprint != before.fingerprint


def test_a_look_at_files_that_have_just_changed_is_not_relied_on(root: Path) -> None:
    """They may change again within one tick of the file system's clock."""
    seen = unchanged.look(root)
    then = datetime.fromtimestamp(seen.newest_s, UTC)
    assert not unchanged.lasting(seen, then + timedelta(seconds=1))
    assert unchanged.lasting(seen, then + timedelta(seconds=3))


def test_a_memory_comes_back(root: Path, tmp_path: Path) -> None:
    """For the same files and the same question; for no other."""
    seen, path = unchanged.look(root), tmp_path / "cache" / "published.json"
    unchanged.remember(path, memory(seen))
    assert unchanged.recall(path, seen, "publish") == memory(seen)
    assert unchanged.recall(path, seen, "publish elsewhere") is None
    assert unchanged.recall(path, Look(fingerprint="other", newest_s=0), "publish") is None
    assert unchanged.recall(tmp_path / "none.json", seen, "publish") is None


def test_a_scheduled_episode_ends_it(root: Path) -> None:
    """When the next one is due there is something to do."""
    remembered = memory(unchanged.look(root), until="2026-05-02T00:00:00+02:00")
    assert not unchanged.due(remembered, NOW + timedelta(hours=21, minutes=59))
    assert unchanged.due(remembered, NOW + timedelta(hours=22))
    assert not unchanged.due(memory(unchanged.look(root)), NOW)


def test_a_damaged_memory_is_no_memory(root: Path, tmp_path: Path) -> None:
    """Cut anywhere, or with any of its values changed: it is not believed."""
    seen, path = unchanged.look(root), tmp_path / "published.json"
    unchanged.remember(path, memory(seen))
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert unchanged.recall(path, seen, "publish") is None
    told = json.loads(whole)
    for name in told["record"]:
        path.write_text(json.dumps(told | {"record": told["record"] | {name: "spoilt"}}))
        assert unchanged.recall(path, seen, "publish") is None


def test_the_store_has_the_last_word(root: Path) -> None:
    """Another feed, none, or another last entry of the log: somebody published, or something was lost."""
    remembered = memory(unchanged.look(root))
    last = (Key("feed.log/000001-published-x.json"), Version("z"))
    feed = (FEED, Version("v1"))
    assert unchanged.holds(remembered, [last, feed])
    assert unchanged.holds(remembered, [(Key("feed.log/000000-published-x.json"), Version("q")), last, feed])
    assert not unchanged.holds(remembered, [last, (FEED, Version("v2"))])
    assert not unchanged.holds(remembered, [last])
    assert not unchanged.holds(remembered, [feed])
    assert not unchanged.holds(remembered, [last, (Key("feed.log/000002-unsettled-x.json"), Version("z")), feed])


def test_finding_nothing_to_do_imports_little(tmp_path: Path) -> None:
    """The real program, the second time: nothing is imported to read, compose or check records with."""
    root = write_show(tmp_path / "show")
    write_episode(root, "01-een")
    time.sleep(2.1)  # until the files have settled
    command: list[str | Path] = [sys.executable, "-X", "importtime", OMROEP, "--show", root, "publish"]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    loaded = [{line.rpartition("|")[2].strip() for line in run.stderr.splitlines()} for run in (first, second)]
    assert "Nothing to do" in second.stdout
    assert loaded[0] >= {"pydantic", "pipeline.catalog"}
    assert "pipeline.remembered.records" in loaded[1]
    assert not loaded[1] & {*DEAR, "pipeline.catalog", "pipeline.publish"}
