"""Every store keeps the contract, and what each owes besides."""

import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO, FileIO
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import botocore.exceptions
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.httpsession import URLLib3Session

from pipeline.errors import Conflict, StoreError
from pipeline.model import Cache, Key
from pipeline.store import Contents, Store, s3
from pipeline.store.folder import WORKSHOP, FolderStore
from pipeline.store.memory import MemoryStore
from tests import seaweed
from tests.store_contract import StoreContract, body_of, keys, make

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# --- memory -----------------------------------------------------------------------------------------------------------


class TestMemory(StoreContract):
    """The store for tests."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty one, with a clock."""
        store = MemoryStore()
        store.now = datetime.now(UTC)
        return store

    def test_has_no_clock_but_the_one_it_is_given(self) -> None:
        """What was stored before somebody set its clock has no moment."""
        store = MemoryStore()
        store.put(make("before.xml", b"x"))
        store.now = datetime(2030, 1, 1, tzinfo=UTC)
        store.put(make("after.xml", b"x"))
        assert [found.modified for found in store.list()] == [datetime(2030, 1, 1, tzinfo=UTC), None]

    def test_remembers_what_was_asked(self) -> None:
        """It keeps each object as sent, and every request in order."""
        store = MemoryStore()
        store.put(make("feed.xml", b"x"))
        store.read(Key("feed.xml"))
        store.stat(Key("none"))
        store.delete(Key("none"))
        assert store.objects == {"feed.xml": make("feed.xml", b"x")}
        assert store.log == [("put", "feed.xml"), ("read", "feed.xml"), ("stat", "none"), ("delete", "none")]


# --- a folder ---------------------------------------------------------------------------------------------------------

ENDLESS = """
import sys
from pathlib import Path
from pipeline.store.folder import FolderStore
from tests.store_contract import make
store = FolderStore(Path(sys.argv[1]))
items = [make("deep/er/feed.xml", bytes([value]) * 3_000_000) for value in range(8)]
while True:
    for item in items:
        version = store.put(item)
        store.put(item, expected=version)
        print("put", flush=True)
"""


class TestFolder(StoreContract):
    """A folder as a static web site."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """Where it will be; nothing is there yet."""
        return tmp_path / "made" / "public"

    @pytest.fixture
    def store(self, root: Path) -> Store:
        """An empty one."""
        return FolderStore(root)

    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[Path]:
        """A disk of 1 MB with room for thirty names."""
        place = tmp_path / "disk"
        place.mkdir()
        disk = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=30", "omroep-test", str(place)]
        mounted = subprocess.run(disk, capture_output=True, check=False).returncode == 0
        if not mounted:  # in CI too this may be forbidden
            pytest.skip("a small disk can only be mounted by root")
        try:
            yield place
        finally:
            subprocess.run(["umount", str(place)], check=True)

    def test_lists_without_reading(self, store: Store, root: Path) -> None:
        """A file that would take hours to read is listed with its size; only what asks for a version reads."""
        version = store.put(make("feed.xml", b"Hallo"))
        (root / "audio").mkdir()
        with (root / "audio/lang.mp3").open("wb") as file:
            file.truncate(1 << 42)
        listed = list(store.list())
        assert [(each.key, each.size) for each in listed] == [("audio/lang.mp3", 1 << 42), ("feed.xml", 5)]
        assert listed[1].version == version

    def test_its_files_are_the_site(self, store: Store, root: Path) -> None:
        """A web server finds each object as a file under its key, readable as this user's other files are."""
        store.put(make("episodes/een/index.html", b"Hallo"))
        (root.parent / "ordinary").touch()
        page = root / "episodes" / "een" / "index.html"
        assert page.read_bytes() == b"Hallo"
        assert page.stat().st_mode == (root.parent / "ordinary").stat().st_mode

    def test_hides_its_workshop(self, store: Store, root: Path) -> None:
        """What it needs for itself is never listed and cannot be written through it."""
        store.put(make("feed.xml", b"x"))
        assert (root / WORKSHOP).is_dir()
        assert keys(store) == ["feed.xml"]
        with pytest.raises(StoreError, match="cannot be a file"):
            store.put(make(f"{WORKSHOP}/lock", b"x"))

    @pytest.mark.parametrize(
        "key", ["", "/etc/x", "../x", "a/../x", "a/..", "a//b", "a/", "./a", "a\\b", "a\0b", "a\nb", "\ud800"]
    )
    def test_refuses_keys_that_are_no_names(self, store: Store, root: Path, key: str) -> None:
        """A key that could lead elsewhere is refused, in reading as in writing."""
        for ask in (store.read, store.stat, store.delete, lambda key: store.put(make(key, b"x"))):
            with pytest.raises(StoreError, match="cannot be a file"):
                ask(Key(key))
        assert not root.exists()

    @pytest.mark.parametrize("link", ["episodes", "episodes/een", "episodes/een/index.html", WORKSHOP])
    def test_refuses_to_follow_links(self, store: Store, root: Path, link: str) -> None:
        """A symbolic link anywhere on the way is refused: nothing outside is written."""
        outside = root.parent / "outside"
        outside.mkdir(parents=True)
        (root / link).parent.mkdir(parents=True)
        (root / link).symlink_to(outside)
        with pytest.raises(StoreError, match="symbolic link"):
            store.put(make("episodes/een/index.html", b"x"))
        assert list(outside.iterdir()) == []
        assert keys(store) == []

    def test_a_root_may_be_a_link(self, tmp_path: Path) -> None:
        """The root itself is the producer's choice, a link too."""
        (tmp_path / "disk").mkdir()
        (tmp_path / "public").symlink_to(tmp_path / "disk")
        FolderStore(tmp_path / "public").put(make("feed.xml", b"x"))
        assert (tmp_path / "disk" / "feed.xml").read_bytes() == b"x"

    def test_readers_see_whole_files(self, store: Store, root: Path) -> None:
        """Through 200 overwrites a reader of the file always gets all of one version."""
        items = [make("feed.xml", bytes([65 + number]) * (50_000 + 10_000 * number)) for number in range(4)]
        store.put(items[0])
        done, seen = Event(), list[bytes]()

        def watch() -> None:
            while not done.is_set():
                seen.append((root / "feed.xml").read_bytes())

        reader = Thread(target=watch)
        reader.start()
        for number in range(200):
            store.put(items[number % 4])
        done.set()
        reader.join()
        assert len(set(seen)) > 1
        assert set(seen) <= {item.body for item in items}

    def test_survives_kill_9(self, store: Store, root: Path) -> None:
        """Killed at any moment it leaves a whole file, no lock and no rubbish that the next put does not clear."""
        whole = {bytes([value]) * 3_000_000 for value in range(8)}
        drafts = 0
        for lap in range(12):
            with subprocess.Popen([sys.executable, "-c", ENDLESS, str(root)], stdout=subprocess.PIPE) as child:
                assert child.stdout
                child.stdout.readline()
                time.sleep(lap * 0.0037)
                os.kill(child.pid, signal.SIGKILL)
            drafts += len(list((root / WORKSHOP).iterdir())) - 1
            assert body_of(store, "deep/er/feed.xml") in whole
            store.put(make("after.xml", b"%d" % lap))
            assert body_of(store, "after.xml") == b"%d" % lap
            assert [path.name for path in (root / WORKSHOP).iterdir()] == ["lock"]
        assert drafts, "no child was killed in the middle of a put"

    def test_does_not_clear_what_others_are_making(self, store: Store, root: Path) -> None:
        """A put that takes long keeps its draft while others put theirs."""
        pipe = root.parent / "slow"
        root.parent.mkdir(parents=True)
        os.mkfifo(pipe)
        slow = Thread(target=store.put, args=[make("slow.mp3", pipe, of=b"at last")])
        slow.start()
        with pipe.open("wb") as end:
            store.put(make("quick.html", b"x"))
            end.write(b"at last")
        slow.join()
        assert body_of(store, "slow.mp3") == b"at last"

    def test_is_durable_before_it_is_seen(self, store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The bytes are synced before the rename, the folders that name them after it."""
        steps: list[str] = []
        sync, replace = os.fsync, Path.replace

        def synced(descriptor: int) -> None:
            steps.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().relative_to(root.parent)}")
            sync(descriptor)

        def replaced(path: Path, target: Path) -> Path:
            steps.append(f"rename to {target.relative_to(root.parent)}")
            return replace(path, target)

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(Path, "replace", replaced)
        store.put(make("a/feed.xml", b"x"))
        assert steps[0].startswith(f"sync public/{WORKSHOP}/")
        assert steps[1:] == ["rename to public/a/feed.xml", "sync public/a", "sync public"]

    def test_a_write_that_fails_changes_nothing(self, store: Store, root: Path) -> None:
        """Where the system refuses more bytes the error says where, and the former file stays as it was."""
        store.put(make("audio.mp3", b"former"))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
        try:
            with pytest.raises(StoreError, match=r"audio\.mp3 could not be stored"):
                store.put(make("audio.mp3", bytes(2_000_000)))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert body_of(store, "audio.mp3") == b"former"
        assert [path.name for path in (root / WORKSHOP).iterdir()] == ["lock"]

    def test_a_full_disk(self, small_disk: Path, tmp_path: Path) -> None:
        """Where the disk is full that is said with the path, what was stands, and nothing half is anywhere."""
        store = FolderStore(small_disk / "public")
        store.put(make("audio.mp3", b"former"))
        file = tmp_path / "episode.mp3"
        file.write_bytes(bytes(3_000_000))
        for body in (file, bytes(3_000_000)):
            for key in ("audio.mp3", "audio/new.mp3"):
                with pytest.raises(StoreError, match=rf"{key} could not be stored.*: the disk is full") as raised:
                    store.put(make(key, body))
                assert str(small_disk) in str(raised.value)
        files = [path.relative_to(small_disk).as_posix() for path in small_disk.rglob("*") if path.is_file()]
        assert sorted(files) == [f"public/{WORKSHOP}/lock", "public/audio.mp3"]
        assert body_of(store, "audio.mp3") == b"former"
        store.put(make("audio.mp3", b"there is room for this"))

    def test_a_disk_without_room_for_a_name(self, small_disk: Path) -> None:
        """The same where not even a folder can be made."""
        store = FolderStore(small_disk / "public")
        store.put(make("a.txt", b"x"))
        with pytest.raises(StoreError, match=r"could not be stored.*: the disk is full"):
            list(map(store.put, [make(f"{number}/index.html", b"x") for number in range(100)]))
        assert {body_of(store, found.key) for found in store.list()} == {b"x"}

    def test_lists_and_removes_what_was_never_ended(self, store: Store, root: Path) -> None:
        """A draft of a killed run is listed by age and can be removed; that of a living one cannot."""
        store.put(make("feed.xml", b"x"))
        dead = root / WORKSHOP / "dead"
        dead.write_bytes(b"half")
        later, earlier = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, -1))
        with (root / WORKSHOP / "alive").open("wb") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)
            (found,) = store.unfinished(later)
            assert (found.key, found.id) == (f"{WORKSHOP}/dead", "dead")
            assert earlier < found.begun < later
            assert list(store.unfinished(earlier)) == []
            store.abandon(found)
            store.abandon(found)
            store.abandon(replace(found, id="alive"))
            store.abandon(replace(found, id="../feed.xml"))
        assert sorted(path.name for path in (root / WORKSHOP).iterdir()) == ["alive", "lock"]
        assert keys(store) == ["feed.xml"]

    def test_says_why_it_cannot_write(self, tmp_path: Path) -> None:
        """A file in the place of a folder is named in plain words."""
        (tmp_path / "public").write_text("a file")
        with pytest.raises(StoreError, match=r"feed\.xml could not be stored .*public.*is a file, not a folder"):
            FolderStore(tmp_path / "public").put(make("feed.xml", b"x"))

    def test_lists_a_prefix_without_a_look_at_the_rest(
        self, store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No file is opened and no other folder is entered: a listing costs what it lists."""
        for key in ("feed.xml", "feed/a/b.txt", "feet.xml", "episodes/een/index.html", "episodes/twee/index.html"):
            store.put(make(key, b"x"))
        touched: list[str] = []
        opened, entered = Path.open, os.scandir

        def open_it(path: Path, *arguments: Any, **options: Any) -> Any:
            touched.append(path.relative_to(root).as_posix())
            return opened(path, *arguments, **options)

        def enter(folder: Any) -> Any:
            touched.append(Path(folder).relative_to(root).as_posix())
            return entered(folder)

        monkeypatch.setattr(Path, "open", open_it)
        monkeypatch.setattr(os, "scandir", enter)
        assert keys(store, "feed") == ["feed.xml", "feed/a/b.txt"]
        assert sorted(touched) == [".", "feed", "feed/a"]
        touched.clear()
        assert keys(store, "episodes/tw") == ["episodes/twee/index.html"]
        assert sorted(touched) == [".", "episodes", "episodes/twee"]

    def test_leaves_out_what_is_no_file(self, store: Store, root: Path) -> None:
        """Links and pipes that somebody put there are not objects."""
        store.put(make("feed.xml", b"x"))
        (root / "link").symlink_to(root / "feed.xml")
        os.mkfifo(root / "pipe")
        assert keys(store) == ["feed.xml"]
        assert store.stat(Key("pipe")) is None


# --- S3 ---------------------------------------------------------------------------------------------------------------

AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3")


def quick(**changes: Any) -> Config:
    """The store's own configuration, but giving up at once."""
    return s3.CONFIG.merge(Config(retries={"total_max_attempts": 1}, **changes))


@pytest.fixture(scope="module")
def client(s3_server: seaweed.Server) -> "S3Client":
    """The client as production makes it; made once, because that is slow."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_server.environment().items():
            patch.setenv(name, value)
        return s3.connect(f"s3://{s3_server.bucket}").client


EARLIER = {0: "first put", 1: "later put"}
"""How many puts came before: the first is the client's, those after it go past it."""
OF_THE_CLIENT = {"amz-sdk-request", "amz-sdk-invocation-id", "x-amz-sdk-checksum-algorithm"}


def having_put(earlier: int, url: str, **options: Any) -> s3.S3Store:
    """A store of its own there, after so many puts beside what is looked at."""
    store = s3.connect(url, **options)
    for number in range(earlier):
        store.put(make(f"beside/{number}.txt", b"x"))
    return store


class TestS3(StoreContract):
    """A bucket on a real server."""

    race_laps = 2  # SeaweedFS lets some losers wait a second

    @pytest.fixture(autouse=True)
    def environment(self, s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """AWS's own variables lead to the server, and nowhere else."""
        for name in AWS:
            monkeypatch.delenv(name, raising=False)
        for name, value in s3_server.environment().items():
            monkeypatch.setenv(name, value)

    @pytest.fixture
    def url(self, s3_server: seaweed.Server) -> str:
        """A part of the bucket that nobody else uses."""
        return f"s3://{s3_server.bucket}/{uuid4().hex}"

    @pytest.fixture
    def store(self, url: str, client: "S3Client") -> Store:
        """An empty one."""
        return s3.S3Store(url, client=client)

    def test_says_where_it_is(self, s3_server: seaweed.Server) -> None:
        """Its name is its address, with one prefix or none."""
        addresses = [f"s3://{s3_server.bucket}", f"s3://{s3_server.bucket}/a/b"]
        assert [s3.connect(f"{url}/").name for url in addresses] == addresses

    def test_sends_type_and_cache(self, store: s3.S3Store, url: str) -> None:
        """What listeners' players and caches need to know is stored with the object."""
        item = make("feed.xml", b"x")
        store.put(item)
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        head = store.client.head_object(Bucket=bucket, Key=f"{prefix}/feed.xml")
        assert (head["ContentType"], head["CacheControl"]) == (item.type, Cache.SHORT)
        assert head["Metadata"] == {"sha256": item.sha256}

    def test_prefixes_do_not_meet(self, url: str, client: "S3Client") -> None:
        """Shows that share a bucket do not see each other, nor one whose prefix begins alike."""
        stores = [s3.S3Store(f"{url}{end}", client=client) for end in ("/a", "/ab", "/a/c")]
        for number, store in enumerate(stores[:2]):
            store.put(make("feed.xml", b"%d" % number), expected=None)
        assert [keys(store) for store in stores] == [["feed.xml"], ["feed.xml"], []]
        assert [body_of(store, "feed.xml") for store in stores] == [b"0", b"1", None]

    def test_stores_an_episode(self, store: Store, tmp_path: Path) -> None:
        """Twenty megabytes come back as they were."""
        file = tmp_path / "episode.mp3"
        file.write_bytes(os.urandom(1_000_000) * 20)
        store.put(make("audio/een.mp3", file), expected=None)
        assert body_of(store, "audio/een.mp3") == file.read_bytes()

    def test_lists_more_than_a_page(self, store: Store) -> None:
        """A server gives a thousand keys at a time; all are listed."""
        names = [f"{number:04}" for number in range(1001)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: store.put(make(name, b"x")), names))
        assert keys(store) == names

    def test_reads_no_byte_for_its_signature(
        self, store: s3.S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A recording is read to check it and to send it; what is signed is the SHA-256 that was known."""
        file = tmp_path / "episode.mp3"
        file.write_bytes(os.urandom(2_000_000))
        item, read = make("audio/een.mp3", file), 0

        class Counted(FileIO):
            def read(self, size: int | None = -1, /) -> bytes:
                nonlocal read
                block = super().read(-1 if size is None else size)
                read += len(block)
                return block

        monkeypatch.setattr(Path, "open", lambda path, _: Counted(path))
        sent = on_first_put(store, lambda _: None)
        store.put(item)
        assert sent[0].headers["X-Amz-Content-SHA256"] == item.sha256.encode()
        assert read == 2 * item.size

    # --- what goes wrong ---

    def test_a_wrong_secret(self, store: s3.S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is named as what it is, and neither secret is ever shown."""
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-wrong-secret")
        wrong = s3.connect(store.name)
        for said in failures(wrong):
            assert "credentials" in said
            assert "canary" not in said
        assert keys(store) == []

    def test_no_credentials(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Their lack is named, with the variables that give them."""
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        for said in failures(s3.connect(store.name)):
            assert "there are no credentials. Check AWS_ACCESS_KEY_ID" in said

    def test_no_bucket(self) -> None:
        """A bucket that does not exist is no empty bucket."""
        absent = s3.connect("s3://there-is-no-such-bucket")
        with pytest.raises(StoreError, match="there is no such bucket"):
            absent.put(make("feed.xml", b"x"))
        with pytest.raises(StoreError, match="there is no such bucket"):
            absent.put(make("feed.xml", b"x"), expected=None)
        with pytest.raises(StoreError, match="there is no such bucket"):
            list(absent.list())
        with pytest.raises(StoreError, match="there is no such bucket"):
            absent.read(Key("feed.xml"))

    def test_nobody_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An address where nothing listens is named in bounded time."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
            begun = time.monotonic()
            for said in failures(s3.connect("s3://show", config=quick())):
                assert "the server cannot be reached. Check AWS_ENDPOINT_URL" in said
            assert time.monotonic() - begun < 5

    def test_somebody_silent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that takes a request and says nothing is given up in bounded time."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
            begun = time.monotonic()
            for said in failures(s3.connect("s3://show", config=quick(read_timeout=0.3))):
                assert "the server stopped answering" in said
            assert time.monotonic() - begun < 10

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("AWS_ENDPOINT_URL", "no address", "the endpoint is not an address"),
            ("AWS_PROFILE", "nobody", "there is no such profile"),
        ],
    )
    def test_settings_that_cannot_be(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
        """Settings that contradict themselves are named before anything is asked."""
        monkeypatch.setenv(name, value)
        with pytest.raises(StoreError, match=said):
            s3.connect("s3://show")

    @pytest.mark.parametrize("url", ["s3://", "s3:///prefix", "show", "http://show/prefix"])
    def test_addresses_without_a_bucket(self, url: str) -> None:
        """What names no bucket is refused with an example."""
        with pytest.raises(StoreError, match="s3://bucket/prefix"):
            s3.connect(url)

    @pytest.mark.parametrize(
        ("variables", "region"),
        [
            ({}, "us-east-1"),
            ({"AWS_REGION": "eu-west-3"}, "eu-west-3"),
            ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ],
    )
    def test_region(self, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], region: str) -> None:
        """Either of AWS's variables sets the region; there is always one."""
        monkeypatch.delenv("AWS_REGION")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert s3.connect("s3://show").client.meta.region_name == region

    def test_custom_endpoints_get_the_bucket_in_the_path(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A host of one's own rarely has a name for each bucket; Amazon does."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.example.org")
        assert address_of(s3.connect("s3://show")).startswith("https://s3.example.org/show/feed.xml?")
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        assert address_of(s3.connect("s3://show")).startswith("https://show.s3.amazonaws.com/feed.xml?")

    # --- unclear answers ---

    @pytest.mark.parametrize("lost", [None, 500], ids=["connection closed", "status 500"])
    @pytest.mark.parametrize("there", [True, False], ids=["replacing", "creating"])
    @pytest.mark.parametrize("earlier", EARLIER, ids=EARLIER.get)
    def test_resolves_an_answer_that_was_lost(
        self, store: s3.S3Store, lost: int | None, there: bool, earlier: int
    ) -> None:
        """A put that was carried out, its answer lost and the retry refused for it, has succeeded."""
        expected = store.put(make("feed.xml", b"before")) if there else None
        unlucky = having_put(earlier, store.name)
        sent = on_first_put(unlucky, lambda request: answer(carried_out(request), lost))
        version = unlucky.put(make("feed.xml", b"after"), expected=expected)
        assert len(sent) == 2
        assert store.read(Key("feed.xml")) == Contents(body=b"after", version=version)

    @pytest.mark.parametrize("lost", [None, 500], ids=["connection closed", "status 500"])
    @pytest.mark.parametrize("earlier", EARLIER, ids=EARLIER.get)
    def test_resolves_answers_that_were_all_lost(self, store: s3.S3Store, lost: int | None, earlier: int) -> None:
        """What was stored at the first attempt has succeeded, whatever became of the others."""
        unlucky = having_put(earlier, store.name, config=quick().merge(Config(retries={"total_max_attempts": 2})))
        sent: list[AWSPreparedRequest] = []

        def seen(request: AWSPreparedRequest, **_: object) -> Any:
            sent.append(request)
            return answer(carried_out(request) if len(sent) == 1 else None, lost)

        unlucky.client.meta.events.register("before-send.s3.PutObject", seen)
        version = unlucky.put(make("feed.xml", b"after"), expected=None)
        assert len(sent) == 2 + earlier
        assert store.read(Key("feed.xml")) == Contents(body=b"after", version=version)

    def test_only_files_wait_for_the_server(self, store: s3.S3Store, tmp_path: Path) -> None:
        """A page goes with its request; a recording is sent when the server has said that it wants it."""
        large = tmp_path / "large.bin"
        large.write_bytes(bytes(2 << 20))
        sent = on_first_put(store, lambda _: None)
        for item in (make("page.html", b"x"), make("large.bin", large)):
            store.put(item, expected=None)
        assert ["Expect" in request.headers for request in sent] == [False, True]

    @pytest.mark.parametrize("earlier", EARLIER, ids=EARLIER.get)
    def test_does_not_take_anothers_put_for_its_own(self, store: s3.S3Store, earlier: int) -> None:
        """A retry that meets somebody else's bytes is a Conflict."""
        unlucky = having_put(earlier, store.name)

        def overtaken(_: AWSPreparedRequest) -> AWSResponse:
            store.put(make("feed.xml", b"theirs"))
            return answer(None, 500)

        on_first_put(unlucky, overtaken)
        with pytest.raises(Conflict, match=r"feed\.xml"):
            unlucky.put(make("feed.xml", b"ours!!"), expected=None)
        assert body_of(store, "feed.xml") == b"theirs"

    @pytest.mark.parametrize("earlier", EARLIER, ids=EARLIER.get)
    def test_rides_out_a_busy_server(self, store: s3.S3Store, earlier: int) -> None:
        """A passing 503 is no failure."""
        unlucky = having_put(earlier, store.name)
        sent = on_first_put(unlucky, lambda _: answer(None, 503))
        unlucky.put(make("feed.xml", b"x"), expected=None)
        assert (len(sent), body_of(store, "feed.xml")) == (2, b"x")

    @pytest.mark.parametrize("earlier", EARLIER, ids=EARLIER.get)
    def test_the_server_checks_the_bytes(self, store: s3.S3Store, earlier: int) -> None:
        """A byte that flips on its way is refused by the server, and the right ones are sent again."""
        unlucky = having_put(earlier, store.name, config=quick())

        def flip(request: AWSPreparedRequest) -> None:
            request.body = b"after?"

        sent = on_first_put(unlucky, flip)
        unlucky.put(make("feed.xml", b"after!"), expected=None)
        assert (len(sent), body_of(store, "feed.xml")) == (2, b"after!")

    def test_small_ones_follow_the_first(self, store: s3.S3Store) -> None:
        """Past botocore's client, and to the same end: signed, and with all that goes with an object."""
        items = [make(key, b"x", of=b"x") for key in ("een.html", "map met/twee één.html")]
        store = s3.connect(store.name)
        sent = on_first_put(store, lambda _: None)
        for item in items:
            store.put(item, expected=None)
        assert ["amz-sdk-request" in request.headers for request in sent] == [True, False]
        first, second = (told_of(request) for request in sent)
        assert second == {name: value for name, value in first.items() if name.lower() not in OF_THE_CLIENT}
        heads = [store.client.head_object(**store._at(item.key)) for item in items]
        assert all(head["Metadata"] == {"sha256": items[0].sha256} for head in heads)
        with pytest.raises(Conflict):
            store.put(items[1], expected=None)
        assert len(sent) == 3  # and a condition that does not hold is not asked of the client as well

    def test_who_is_turned_away_later_is_told(self, store: s3.S3Store) -> None:
        """What was let in before and is refused now is refused in the words of the client, and the way is forgotten."""
        unlucky = having_put(1, store.name, config=quick())
        refuse: Any = lambda request, **_: answer(request, 403)  # noqa: E731  # the stubs know no answers
        unlucky.client.meta.events.register("before-send.s3.PutObject", refuse)
        with pytest.raises(StoreError, match="the credentials do not allow it"):
            unlucky.put(make("feed.xml", b"x"))


class TestS3AfterAPut(StoreContract):
    """The contract again, with every small object put as those after the first are."""

    race_laps = 2

    @pytest.fixture(autouse=True)
    def environment(self, s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """AWS's own variables lead to the server."""
        for name, value in s3_server.environment().items():
            monkeypatch.setenv(name, value)

    @pytest.fixture
    def store(self, s3_server: seaweed.Server, client: "S3Client") -> Store:
        """One that has put something, and is empty again."""
        store = s3.S3Store(f"s3://{s3_server.bucket}/{uuid4().hex}", client=client)
        store.put(make("before.txt", b"x"))
        store.delete(Key("before.txt"))
        return store


def failures(store: Store) -> Iterator[str]:
    """What each kind of request says when it fails."""
    key = Key("feed.xml")
    requests: list[Callable[[], object]] = [
        lambda: store.read(key),
        lambda: store.stat(key),
        lambda: store.put(make(key, b"x")),
        lambda: store.put(make(key, b"x"), expected=None),
        lambda: list(store.list()),
        lambda: store.delete(key),
    ]
    for request in requests:
        with pytest.raises(StoreError) as raised:
            request()
        assert not isinstance(raised.value, Conflict)
        assert store.name in str(raised.value)
        yield str(raised.value)


def address_of(store: s3.S3Store) -> str:
    """Where the store would ask for the feed of a bucket named `show`."""
    return store.client.generate_presigned_url("get_object", Params={"Bucket": "show", "Key": "feed.xml"})


def told_of(request: AWSPreparedRequest) -> dict[str, str]:
    """All that goes with a put, but the moment and the signature over it."""
    told = {str(name): value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    told["Authorization"] = told["Authorization"].partition("SignedHeaders")[0]
    return {name: value for name, value in told.items() if name != "X-Amz-Date"}


class Raw(BytesIO):
    """A response's bytes as botocore reads them."""

    def stream(self) -> Iterator[bytes]:
        """All of them."""
        yield self.read()


def carried_out(request: AWSPreparedRequest) -> AWSPreparedRequest:
    """The request, sent to the server and answered: but nobody has heard yet."""
    assert URLLib3Session().send(request).status_code == 200
    return request


def answer(request: AWSPreparedRequest | None, status: int | None) -> AWSResponse:
    """An answer with this status; None: the connection closes instead."""
    if status is None:
        raise botocore.exceptions.ConnectionClosedError(endpoint_url="the server")
    return AWSResponse(request.url if request else "", status, HTTPHeaders(), Raw())


def on_first_put(
    store: s3.S3Store, act: Callable[[AWSPreparedRequest], AWSResponse | None]
) -> list[AWSPreparedRequest]:
    """Have `act` see the store's next put and answer it, if it will; the list grows with every put sent."""
    sent: list[AWSPreparedRequest] = []

    def seen(request: AWSPreparedRequest, **_: object) -> Any:
        sent.append(request)
        return act(request) if len(sent) == 1 else None

    store.client.meta.events.register("before-send.s3.PutObject", seen)
    return sent
