"""Large objects go to a bucket in parts: whole or not at all, and an upload that was interrupted goes on."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event, get_ident, local
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from pipeline.errors import Conflict, StoreError
from pipeline.model import Key, Object
from pipeline.store import Contents, Store, s3
from pipeline.store.s3.bodies import MIB, Parts
from tests import meddler, seaweed
from tests.store_contract import StoreContract, body_of, keys, make
from tests.test_stores import answer, carried_out

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SMALLEST = Parts(over=0, size=5 * MIB)
"""Everything that is not empty goes in parts."""
EPISODE = os.urandom(1000) * (12 * MIB // 1000)
"""Three parts of the smallest size."""


@pytest.fixture(autouse=True)
def environment(s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's own variables lead to the server."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def client(s3_server: seaweed.Server) -> "S3Client":
    """Made once, because that is slow."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_server.environment().items():
            patch.setenv(name, value)
        return s3.connect(f"s3://{s3_server.bucket}").client


@pytest.fixture
def url(s3_server: seaweed.Server) -> str:
    """A part of the bucket that nobody else uses."""
    return f"s3://{s3_server.bucket}/{uuid4().hex}"


@pytest.fixture
def store(url: str, client: "S3Client") -> s3.S3Store:
    """An empty one that sends everything in parts."""
    return s3.S3Store(url, client=client, parts=SMALLEST)


@pytest.fixture
def episode(tmp_path: Path) -> Object:
    """A recording."""
    file = tmp_path / "episode.mp3"
    file.write_bytes(EPISODE)
    return make("audio/een.mp3", file)


class TestInParts(StoreContract):
    """The contract, with every object sent in parts."""

    @pytest.fixture
    def store(self, url: str, client: "S3Client") -> Store:
        """An empty one."""
        return s3.S3Store(url, client=client, parts=SMALLEST)

    @pytest.mark.parametrize("there", [True, False], ids=["replacing", "creating"])
    def test_one_of_a_race_wins(self, store: Store, there: bool) -> None:
        """SeaweedFS looks first and completes then, so more than one may win; what is there is all of one of them.

        Nothing that goes in parts is raced for with other bytes: its key holds their hash. See docs/operating.md.
        """
        expected = store.put(make("race.mp3", b"start")) if there else None
        won = self._race(store, "race.mp3", expected)
        assert won
        assert body_of(store, "race.mp3") in won


def test_ten_thousand_parts_are_enough() -> None:
    """Whatever its size, an object is at most 10,000 parts of at least 16 MiB, the same ones every time."""
    for size in (1, 32 * MIB, 80_000 * MIB, 80_000 * MIB + 1, 5_000_000 * MIB):
        part = Parts().size_for(size)
        assert part >= 16 * MIB
        assert -(-size // part) <= 10_000
    assert Parts().size_for(60_000_000) == 16 * MIB


def test_sends_parts_with_type_and_cache(store: s3.S3Store, episode: Object) -> None:
    """It comes back as it was, with what players and caches need to know."""
    sent = counted(store.client, "UploadPart")
    version = store.put(episode, expected=None)
    assert len(sent) == 3
    assert store.read(Key("audio/een.mp3")) == Contents(body=EPISODE, version=version)
    found = store.stat(Key("audio/een.mp3"))
    assert found
    assert found.sha256 == episode.sha256
    head = store.client.head_object(**store._at(episode.key))
    assert (head["ContentType"], head["CacheControl"]) == (episode.type, episode.cache)


@pytest.mark.parametrize("whole", [0, 1, 2])
def test_goes_on_where_it_was(store: s3.S3Store, episode: Object, whole: int) -> None:
    """Parts that an interrupted run sent are not sent again, by a run that knows nothing of the other."""
    interrupted(store, episode, after=whole)
    assert keys(store) == []
    fresh = s3.connect(store.name, parts=SMALLEST)
    sent = counted(fresh.client, "UploadPart")
    fresh.put(episode, expected=None)
    assert len(sent) == 3 - whole
    assert body_of(store, "audio/een.mp3") == EPISODE


def test_does_not_go_on_with_other_bytes(store: s3.S3Store, episode: Object) -> None:
    """A part of another recording under the same key, as long as ours, counts for nothing."""
    interrupted(store, make(episode.key, bytes(reversed(EPISODE))), after=2)
    fresh = s3.connect(store.name, parts=SMALLEST)
    sent = counted(fresh.client, "UploadPart")
    fresh.put(episode, expected=None)
    assert len(sent) == 3
    assert body_of(store, "audio/een.mp3") == EPISODE


def test_does_not_keep_the_headers_of_another_run(store: s3.S3Store, episode: Object) -> None:
    """An upload that was begun with another type ends with the right one."""
    interrupted(store, replace(episode, type="audio/wrong"), after=2)
    s3.connect(store.name, parts=SMALLEST).put(episode, expected=None)
    assert store.client.head_object(**store._at(episode.key))["ContentType"] == episode.type
    assert body_of(store, "audio/een.mp3") == EPISODE


def test_refuses_a_file_that_changes_meanwhile(store: s3.S3Store, episode: Object) -> None:
    """What is written over while it is sent is not stored."""
    unlucky = s3.connect(store.name, parts=SMALLEST)

    def overwrite(_: AWSPreparedRequest) -> None:
        assert isinstance(episode.body, Path)
        episode.body.write_bytes(bytes(reversed(EPISODE)))

    on_first(unlucky.client, "UploadPart", overwrite)
    with pytest.raises(StoreError, match="changed while it was being stored"):
        unlucky.put(episode, expected=None)
    assert keys(store) == []


@pytest.mark.parametrize("lost", [None, 500], ids=["connection closed", "status 500"])
@pytest.mark.parametrize("operation", ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])
@pytest.mark.parametrize("there", [True, False], ids=["replacing", "creating"])
def test_resolves_an_answer_that_was_lost(
    store: s3.S3Store, episode: Object, operation: str, lost: int | None, there: bool
) -> None:
    """A request that was carried out, its answer lost, ends in success, whichever it was."""
    expected = store.put(make(episode.key, b"before")) if there else None
    unlucky = s3.connect(store.name, parts=SMALLEST)
    sent = on_first(unlucky.client, operation, lambda request: answer(carried_out(request), lost))
    version = unlucky.put(episode, expected=expected)
    assert len(sent) > 1
    assert store.read(episode.key) == Contents(body=EPISODE, version=version)


def test_does_not_send_what_cannot_win(store: s3.S3Store, episode: Object) -> None:
    """Where something else is there already, no part is sent."""
    store.put(make(episode.key, b"theirs"))
    sent = counted(store.client, "UploadPart")
    with pytest.raises(Conflict, match=r"een\.mp3"):
        store.put(episode, expected=None)
    assert sent == []


def test_clears_what_somebody_overtook(store: s3.S3Store, episode: Object) -> None:
    """A put that is overtaken before its end is a Conflict, and leaves no parts behind."""
    unlucky = s3.connect(store.name, parts=SMALLEST)

    def overtake(_: AWSPreparedRequest) -> None:
        store.put(make(episode.key, b"theirs"))

    on_first(unlucky.client, "CompleteMultipartUpload", overtake)
    with pytest.raises(Conflict, match=r"een\.mp3"):
        unlucky.put(episode, expected=None)
    assert body_of(store, episode.key) == b"theirs"
    assert list(store.unfinished(datetime.now(UTC) + timedelta(hours=1))) == []


def test_begins_anew_when_its_upload_is_removed(store: s3.S3Store, episode: Object) -> None:
    """Somebody who clears unfinished uploads does not stop one that is under way."""
    unlucky = s3.connect(store.name, parts=SMALLEST)

    def remove(_: AWSPreparedRequest) -> None:
        for upload in store.unfinished(datetime.now(UTC) + timedelta(hours=1)):
            store.abandon(upload)

    on_first(unlucky.client, "CompleteMultipartUpload", remove)
    unlucky.put(episode, expected=None)
    assert body_of(store, episode.key) == EPISODE


def test_lists_and_removes_what_was_never_ended(store: s3.S3Store, episode: Object) -> None:
    """Uploads that were interrupted are listed by age, for this show only, and can be removed, twice too."""
    interrupted(store, episode, after=1)
    later, earlier = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, -1))
    assert list(store.unfinished(earlier)) == []
    assert list(s3.S3Store(f"{store.name}-other", client=store.client).unfinished(later)) == []
    (upload,) = store.unfinished(later)
    assert upload.key == episode.key
    assert earlier < upload.begun < later
    store.abandon(upload)
    store.abandon(upload)
    assert list(store.unfinished(later)) == []


def test_sends_several_parts_at_a_time(store: s3.S3Store, episode: Object) -> None:
    """All three are on their way together: none is sent before the last of them is about to be."""
    together = Barrier(3, timeout=60)
    fresh = s3.connect(store.name, parts=SMALLEST)

    def meet(**_: object) -> None:
        together.wait()

    fresh.client.meta.events.register("before-send.s3.UploadPart", meet)
    fresh.put(episode, expected=None)
    assert body_of(store, episode.key) == EPISODE


def test_never_sends_more_than_four_parts(store: s3.S3Store, tmp_path: Path) -> None:
    """Of three files at once, too: connections and what is read for them stay bounded."""
    fresh = s3.connect(store.name, parts=SMALLEST)
    under_way: set[int] = set()
    most: list[int] = []

    def begun(**_: object) -> None:
        under_way.add(get_ident())
        most.append(len(under_way))

    fresh.client.meta.events.register("before-send.s3.UploadPart", begun)
    fresh.client.meta.events.register("after-call.s3.UploadPart", lambda **_: under_way.discard(get_ident()))
    items = []
    for number in range(3):
        file = tmp_path / f"{number}.mp3"
        file.write_bytes(os.urandom(26 * MIB))
        items.append(make(f"audio/{number}.mp3", file))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda item: fresh.put(item, expected=None), items))
    assert len(most) == 18
    assert 1 < max(most) <= 4
    assert keys(store) == [item.key for item in items]


def test_goes_on_where_a_later_part_came_first(store: s3.S3Store, episode: Object) -> None:
    """Parts go together, so what a stopped run left may be any of them."""
    doomed = s3.connect(store.name, parts=SMALLEST)

    def only_the_second(request: AWSPreparedRequest, **_: object) -> None:
        if "partNumber=2" not in request.url:
            raise Killed

    doomed.client.meta.events.register("before-send.s3.UploadPart", only_the_second)
    with pytest.raises(Killed):
        doomed.put(episode, expected=None)
    fresh = s3.connect(store.name, parts=SMALLEST)
    sent = counted(fresh.client, "UploadPart")
    fresh.put(episode, expected=None)
    assert sorted(request.url.partition("partNumber=")[2][0] for request in sent) == ["1", "3"]
    assert body_of(store, episode.key) == EPISODE


PUBLISHING = """
import sys
from pathlib import Path
from pipeline import apply, cli
from pipeline.model import Action, Stage
from pipeline.store import s3
from tests.store_contract import make
from tests.test_apply import action, plan
from tests.test_uploads import SMALLEST

def publish(**_):
    sound = Action(stage=Stage.UNSEEN, object=make("audio/een.mp3", Path(sys.argv[1])), reason="new")
    apply.run(plan(sound, action(Stage.SWITCH, "feed.xml")), s3.connect(sys.argv[2], parts=SMALLEST))

cli.omroep.main = publish
cli.main()
"""
"""What the real program does from its plan on, to its end, with parts of the smallest size."""


def test_an_interrupt_leaves_parts_to_go_on_with(store: s3.S3Store, s3_server: seaweed.Server, tmp_path: Path) -> None:
    """Ctrl-C while three parts hang on their way and one has arrived: it ends, and the next publish sends three."""
    file = tmp_path / "episode.mp3"
    file.write_bytes(os.urandom(16 * MIB))
    part, held, released = local(), set[int](), Event()

    def hold(block: bytes) -> bytes:
        if named := re.search(rb"partNumber=(\d+)", block):
            part.number = int(named[1])
        if getattr(part, "number", 1) != 1:
            held.add(part.number)
            released.wait(120)
            raise ConnectionAbortedError  # what was on its way when the program ended has not arrived
        return block

    with meddler.between(s3_server.endpoint, hold) as address:
        command = [sys.executable, "-c", PUBLISHING, str(file), store.name]
        environ = {**os.environ, "AWS_ENDPOINT_URL": address}
        running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ)
        while running.poll() is None and not (held == {2, 3, 4} and arrived(store) == [1]):
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        told = running.communicate(timeout=30)[1]
        released.set()
    assert (running.returncode, told.partition(".")[0]) == (130, "Stopped")
    assert keys(store) == []
    fresh = s3.connect(store.name, parts=SMALLEST)
    sent = counted(fresh.client, "UploadPart")
    fresh.put(make("audio/een.mp3", file), expected=None)
    assert sorted(request.url.partition("partNumber=")[2][0] for request in sent) == ["2", "3", "4"]
    assert body_of(fresh, "audio/een.mp3") == file.read_bytes()


def arrived(store: s3.S3Store) -> list[int]:
    """The parts of the unfinished upload that the server has."""
    later = datetime.now(UTC) + timedelta(hours=1)
    return [
        each["PartNumber"]
        for upload in store.unfinished(later)
        for each in store.client.list_parts(**store._at(upload.key), UploadId=upload.id).get("Parts", ())
    ]


class Killed(BaseException):
    """The run ends here."""


def interrupted(store: s3.S3Store, item: Object, *, after: int) -> None:
    """Put it, in a run that ends when so many parts are there."""
    doomed = s3.connect(store.name, parts=SMALLEST)
    sent: list[AWSPreparedRequest] = []

    def seen(request: AWSPreparedRequest, **_: object) -> None:
        sent.append(request)
        if len(sent) > after:
            raise Killed

    doomed.client.meta.events.register("before-send.s3.UploadPart", seen)
    with pytest.raises(Killed):
        doomed.put(item, expected=None)


def counted(client: "S3Client", operation: str) -> list[AWSPreparedRequest]:
    """Every request of the kind that is sent from now on."""
    return on_first(client, operation, lambda _: None)


def on_first(
    client: "S3Client", operation: str, act: Callable[[AWSPreparedRequest], AWSResponse | None]
) -> list[AWSPreparedRequest]:
    """Have `act` see the client's next request of a kind and answer it, if it will; the list grows with every one."""
    sent: list[AWSPreparedRequest] = []

    def seen(request: AWSPreparedRequest, **_: object) -> Any:
        sent.append(request)
        return act(request) if len(sent) == 1 else None

    client.meta.events.register(f"before-send.s3.{operation}", seen)
    return sent
