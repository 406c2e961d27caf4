"""What every store owes, as one suite: hand it a store by a fixture named `store`."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from pipeline.errors import Conflict, StoreError
from pipeline.model import Cache, Digest, Key, Kind, Object, Version
from pipeline.store import ANYTHING, Anything, Contents, Store


def make(key: str, body: bytes | Path, *, of: bytes | None = None) -> Object:
    """An object with this body; its record is that of `of` where given."""
    meant = of if of is not None else body if isinstance(body, bytes) else body.read_bytes()
    return Object(
        key=Key(key),
        kind=Kind.PAGE,
        type="text/html; charset=utf-8",
        cache=Cache.SHORT,
        sha256=Digest(hashlib.sha256(meant).hexdigest()),
        size=len(meant),
        body=body,
    )


def body_of(store: Store, key: str) -> bytes | None:
    """The bytes under a key, or None."""
    held = store.read(Key(key))
    return held.body if held else None


def keys(store: Store, prefix: str = "") -> list[str]:
    """The keys a store lists."""
    return [found.key for found in store.list(prefix)]


def outcome(put: Callable[[], Version]) -> Version | None:
    """What a put returned, or None when it was a Conflict."""
    try:
        return put()
    except Conflict:
        return None


class StoreContract:
    """Subclass it as `Test…` with a fixture `store` that gives an empty store."""

    race_laps = 20

    @pytest.mark.parametrize("body", [b"", b"Hallo\n", bytes(range(256)) * 9000], ids=["empty", "small", "2 MB"])
    def test_reads_back_bytes(self, store: Store, body: bytes) -> None:
        """What is put as bytes is read as those bytes, at the version that the put returned."""
        version = store.put(make("index.html", body))
        assert store.read(Key("index.html")) == Contents(body=body, version=version)

    def test_reads_back_a_file(self, store: Store, tmp_path: Path) -> None:
        """What is put as a path is read as the file's bytes."""
        file = tmp_path / "audio.mp3"
        file.write_bytes(b"\xff\xfb" * 100_000)
        version = store.put(make("audio/een.mp3", file))
        assert store.read(Key("audio/een.mp3")) == Contents(body=file.read_bytes(), version=version)

    def test_nothing_is_none(self, store: Store) -> None:
        """A key that was never put, and one beneath or above one that was, hold nothing."""
        store.put(make("a/b.txt", b"b"))
        assert [store.read(Key(key)) for key in ("a", "c.txt", "a/c.txt", "a/b.txt/c")] == [None] * 4
        assert [store.stat(Key(key)) for key in ("a", "c.txt", "a/c.txt", "a/b.txt/c")] == [None] * 4

    @pytest.mark.parametrize(("most", "read"), [(1, b"0"), (4, b"0123"), (10, b"0123456789"), (99, b"0123456789")])
    def test_reads_the_first_bytes(self, store: Store, most: int, read: bytes) -> None:
        """`most` bytes at most are read, at the version of the whole."""
        version = store.put(make("feed.xml", b"0123456789"))
        assert store.read(Key("feed.xml"), most=most) == Contents(body=read, version=version)

    def test_reads_the_first_bytes_of_nothing(self, store: Store) -> None:
        """An empty object has no first bytes, and that is no error."""
        version = store.put(make("empty", b""))
        assert store.read(Key("empty"), most=100) == Contents(body=b"", version=version)

    def test_stat(self, store: Store) -> None:
        """`stat` says the size, and the version as `put` and `read` say it."""
        version = store.put(make("feed.xml", b"0123456789"))
        found = store.stat(Key("feed.xml"))
        assert found
        assert (found.key, found.size, found.version) == ("feed.xml", 10, version)

    def test_overwrites(self, store: Store) -> None:
        """Without an expectation the latest bytes are there, at another version."""
        first = store.put(make("index.html", b"first"))
        second = store.put(make("index.html", b"second and longer"))
        assert first != second
        assert store.read(Key("index.html")) == Contents(body=b"second and longer", version=second)

    def test_expecting_nothing(self, store: Store) -> None:
        """Where nothing may be, the first put wins and the second changes nothing, be it the same bytes."""
        store.put(make("audio.mp3", b"one"), expected=None)
        for body in (b"two", b"one"):
            with pytest.raises(Conflict, match=r"audio\.mp3"):
                store.put(make("audio.mp3", body), expected=None)
        assert body_of(store, "audio.mp3") == b"one"

    def test_expecting_what_is_there(self, store: Store) -> None:
        """A put that knows the version now there replaces it."""
        first = store.put(make("feed.xml", b"one"))
        second = store.put(make("feed.xml", b"two"), expected=first)
        assert store.read(Key("feed.xml")) == Contents(body=b"two", version=second)

    def test_expecting_what_was_there(self, store: Store) -> None:
        """A put that knows an older version is refused and changes nothing."""
        stale = store.put(make("feed.xml", b"one"))
        store.put(make("feed.xml", b"two"))
        with pytest.raises(Conflict, match=r"feed\.xml"):
            store.put(make("feed.xml", b"three"), expected=stale)
        assert body_of(store, "feed.xml") == b"two"

    def test_expecting_what_is_gone(self, store: Store) -> None:
        """A put that knows a version of what was deleted is refused."""
        version = store.put(make("feed.xml", b"one"))
        store.delete(Key("feed.xml"))
        with pytest.raises(Conflict, match=r"feed\.xml"):
            store.put(make("feed.xml", b"two"), expected=version)
        assert store.read(Key("feed.xml")) is None

    @pytest.mark.parametrize("there", [True, False], ids=["replacing", "creating"])
    def test_one_of_a_race_wins(self, store: Store, there: bool) -> None:
        """Of eight simultaneous writers with one expectation exactly one wins, and its bytes are there."""
        for lap in range(self.race_laps):
            key = f"race-{lap}.xml"
            expected = store.put(make(key, b"start")) if there else None
            won = self._race(store, key, expected)
            assert len(won) == 1
            assert body_of(store, key) == won[0]

    def _race(self, store: Store, key: str, expected: Version | None) -> list[bytes]:
        bodies = [b"%d" % number * 5000 for number in range(8)]
        line = Barrier(len(bodies))

        def run(body: bytes) -> Version | None:
            line.wait()
            return outcome(lambda: store.put(make(key, body), expected=expected))

        with ThreadPoolExecutor(len(bodies)) as pool:
            versions = list(pool.map(run, bodies))
        return [body for body, version in zip(bodies, versions, strict=True) if version]

    @pytest.mark.parametrize("expected", [ANYTHING, None], ids=["unconditional", "conditional"])
    @pytest.mark.parametrize("sent", [b"longer", b"other", b""], ids=["longer", "as long", "empty"])
    def test_refuses_other_bytes(self, store: Store, tmp_path: Path, sent: bytes, expected: Anything | None) -> None:
        """Bytes that are not what the record says are refused, and nothing is there."""
        file = tmp_path / "body"
        file.write_bytes(sent)
        for body in (sent, file):
            with pytest.raises(StoreError, match="changed while it was being stored"):
                store.put(make("x.html", body, of=b"truth"), expected=expected)
        assert keys(store) == []

    def test_keeps_what_was_when_it_refuses(self, store: Store) -> None:
        """A refused body leaves the former one as it was."""
        version = store.put(make("x.html", b"former"))
        with pytest.raises(StoreError, match="changed while it was being stored"):
            store.put(make("x.html", b"other", of=b"truth"))
        assert store.read(Key("x.html")) == Contents(body=b"former", version=version)

    def test_names_a_body_that_is_missing(self, store: Store, tmp_path: Path) -> None:
        """A file that vanished is a StoreError that names the key, not a traceback."""
        with pytest.raises(StoreError, match=r"x\.html could not be stored|x\.html in .* could not be stored"):
            store.put(make("x.html", tmp_path / "gone", of=b"truth"))

    def test_lists_in_order(self, store: Store) -> None:
        """Keys come in the order of their characters, whatever folders they seem to be in."""
        unordered = ["b.txt", "a/z.txt", "a-b.txt", "a.txt", "a/b/c.txt", "A.txt", "a/b.txt", "é.txt"]
        for key in unordered:
            store.put(make(key, key.encode()))
        assert keys(store) == sorted(unordered)
        assert [found.size for found in store.list()] == [len(key.encode()) for key in sorted(unordered)]

    def test_lists_a_prefix(self, store: Store) -> None:
        """A prefix is the beginning of a key, not a folder."""
        for key in ("audio/een.mp3", "audio/twee.mp3", "audio-old/een.mp3", "feed.xml"):
            store.put(make(key, b"x"))
        assert keys(store, "audio/") == ["audio/een.mp3", "audio/twee.mp3"]
        assert keys(store, "audio") == ["audio-old/een.mp3", "audio/een.mp3", "audio/twee.mp3"]
        assert keys(store, "audio/t") == ["audio/twee.mp3"]
        assert keys(store, "video/") == []

    def test_lists_the_versions_that_stat_says(self, store: Store) -> None:
        """A listed object is the one that `stat` finds."""
        store.put(make("a/b.txt", b"x"))
        found = store.stat(Key("a/b.txt"))
        assert found
        listed = [(each.key, each.size, each.version) for each in store.list()]
        assert listed == [(found.key, found.size, found.version)]

    def test_says_when_it_was_stored(self, store: Store) -> None:
        """`stat` and `list` give one moment, now by the store's clock, never earlier when it is stored again."""
        moments = []
        for body in (b"one", b"two"):
            store.put(make("feed.xml", body))
            found = store.stat(Key("feed.xml"))
            assert found
            (listed,) = store.list()
            assert found.modified
            assert listed.modified
            moments += [found.modified, listed.modified]
        assert abs(moments[0] - datetime.now(UTC)) < timedelta(minutes=5)
        assert abs(moments[1] - moments[0]) < timedelta(seconds=1)  # S3's headers are whole seconds
        assert moments[2] >= moments[0]

    def test_deletes(self, store: Store) -> None:
        """What is deleted is gone, deleting it again is no error, and its neighbours stay."""
        store.put(make("a/b.txt", b"x"))
        store.put(make("a/c.txt", b"x"))
        store.delete(Key("a/b.txt"))
        store.delete(Key("a/b.txt"))
        store.delete(Key("never/was.txt"))
        assert keys(store) == ["a/c.txt"]
        store.put(make("a/b.txt", b"again"), expected=None)
        assert body_of(store, "a/b.txt") == b"again"

    @pytest.mark.parametrize(
        "key",
        [
            "episodes/x.html",
            "episodes/de-eerste/index.html",
            "audio/een.0123456789abcdef.mp3",
            ".well-known/thing",
            "-leading-dash",
            "a..b/c...d",
            "with space & plus+%41?.txt",
            "été/naïef.html",
            "x" * 200,
        ],
    )
    def test_odd_but_legal_keys(self, store: Store, key: str) -> None:
        """Dots, dashes, spaces and accents are kept as they are."""
        store.put(make(key, b"x"), expected=None)
        assert (keys(store), body_of(store, key)) == ([key], b"x")
        store.delete(Key(key))
        assert keys(store) == []
