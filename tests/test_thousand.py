"""Many published episodes whose recordings are only pointers here: old ones are never needed, and cost nothing."""

import shutil
import time
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.model import Version
from pipeline.store import Store, memory, s3
from pipeline.store.folder import FolderStore
from pipeline.store.memory import MemoryStore
from tests import seaweed, thousand
from tests.shows import write_tone
from tests.store_contract import body_of
from tests.test_publish import omroep
from tests.tools import require

COUNT = 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A show of sixty episodes, published to its `public/`."""
    root = thousand.write(tmp_path / "show", COUNT)
    thousand.put(root, FolderStore(root / "public"))
    return root


def test_one_new_episode_among_pointers(root: Path) -> None:
    """A clone with git-LFS pointers for all old recordings masters the new one, with the real program, and no other."""
    old = {path: path.read_bytes() for path in (root / "public").glob("audio/*")}
    old |= {path: path.read_bytes() for path in (root / "public").glob("waveforms/*")}
    clone = Path(shutil.copytree(root, root.parent / "clone", ignore=shutil.ignore_patterns(".omroep", "public")))
    folder = thousand.write_one(clone, COUNT)
    write_tone(folder / "audio.wav", seconds=3)
    done = omroep(clone, "publish", "--to", root / "public")
    assert done.returncode == 0, done.stderr
    assert "new episode “Aflevering 61”" in done.stdout
    assert {path: path.read_bytes() for path in old} == old
    assert len(list((root / "public").glob("audio/*"))) == COUNT + 1
    assert {line.partition(":")[0] for line in done.stderr.splitlines()} == {"Aflevering 61"}


@pytest.mark.parametrize(("machine", "most"), [("the same", 13), ("an empty one", 14)])
def test_one_new_episode_asks_the_store_little(machine: str, most: int, tmp_path: Path) -> None:
    """Nothing of an old episode but the page that now has a next one; an empty machine reads the record as well."""
    root, store = thousand.write(tmp_path / "show", COUNT), MemoryStore()
    thousand.put(root, store)
    one_more(root, store, COUNT, machine)
    assert len(store.log) <= most
    episodes = [key for _, key in store.log if "aflevering-" in key]
    assert [key for key in episodes if "aflevering-61" not in key] == ["episodes/aflevering-60.html"]


@pytest.mark.parametrize(("machine", "most"), [("the same", 14), ("an empty one", 15)])
def test_every_sixteenth_episode_is_entered_into_the_search(machine: str, most: int, tmp_path: Path) -> None:
    """That one makes one request more, for a block of words; no block that was there is written again."""
    root, store = thousand.write(tmp_path / "show", 47), MemoryStore()
    thousand.put(root, store)
    blocks = {key for key in store.objects if key.startswith("search/")}
    one_more(root, store, 47, machine)
    assert len(blocks) == 2
    assert len(store.log) <= most
    assert [key for verb, key in store.log if key.startswith("search/")] == [
        key for key in store.objects if key.startswith("search/") and key not in blocks
    ]
    assert len({key for key in store.objects if key.startswith("search/")}) == 3


@pytest.mark.parametrize(("count", "most"), [(COUNT, 14), (47, 15)])
def test_an_empty_machine_asks_a_bucket_as_little(
    count: int, most: int, s3_server: seaweed.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request that leaves for a real bucket counts, whatever asks for it; CI is an empty machine each time."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    root, place = thousand.write(tmp_path / "show", count), f"s3://{s3_server.bucket}/{uuid4().hex}"
    thousand.put(root, s3.connect(place))
    sent: list[str] = []
    fresh = s3.connect(place)
    fresh.client.meta.events.register("before-send.s3", lambda request, **_: sent.append(request.url))
    one_more(root, fresh, count, "an empty one")
    assert 0 < len(sent) <= most, sent
    assert f"Aflevering {count + 1}".encode() in (body_of(fresh, "feed.xml") or b"")


def test_where_versions_tell_nothing_the_feed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket that encrypts by KMS has ETags that are no MD5: one request more, and the same comes of it."""
    root, plain, opaque = thousand.write(tmp_path / "show", 3), MemoryStore(), MemoryStore()
    for store in (plain, opaque):
        thousand.put(root, store)
    one_more(root, plain, 3, "an empty one")
    monkeypatch.setattr(memory, "_version", lambda held: Version(held.sha256[::-1]))
    one_more(root, opaque, 3, "an empty one")
    assert ("read", "feed.xml") not in plain.log
    assert ("read", "feed.xml") in opaque.log
    assert len(opaque.log) == len(plain.log) + 1
    assert opaque.objects == plain.objects


def one_more(root: Path, store: Store, count: int, machine: str) -> None:
    """Publish a plain new episode after `count`; a store that keeps a log has only this in it."""
    if machine == "an empty one":
        shutil.rmtree(root / ".omroep")
    if isinstance(store, MemoryStore):
        store.log.clear()
    thousand.write_one(root, count, extras=False)
    thousand.put(root, store)


def test_nothing_to_do_reads_nothing(root: Path, tmp_path: Path) -> None:
    """The real program opens none of the show's own files when nothing changed, and says the same as at first."""
    trace = shutil.which("strace") or ""
    require(trace, "strace is not installed")
    time.sleep(2.5)  # files that have just changed are not relied on
    first = omroep(root, "publish")
    second = omroep(root, "publish")
    assert first.returncode == second.returncode == 0
    assert first.stdout == second.stdout
    assert first.stdout.startswith("Nothing to do")
    log = tmp_path / "trace"
    command = [trace, "-f", "-e", "trace=open,openat,execve", "-o", str(log)]
    traced = omroep(root, "publish", wrapped=command)
    assert traced.returncode == 0, traced.stderr
    opened = [line for line in log.read_text("utf-8", "replace").splitlines() if "O_DIRECTORY" not in line]
    assert [line for line in opened if "/episodes/" in line and "= -1" not in line] == []
    assert not any("ffmpeg" in line and "execve" in line for line in opened)
