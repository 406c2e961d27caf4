"""Whatever a server does, an operation on a bucket ends in time, and leaves nobody waiting for it."""

import gc
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.retries.standard import ExponentialBackoff
from urllib3.connection import HTTPConnection

from pipeline.errors import StoreError
from pipeline.model import Key
from pipeline.store import Store, s3
from pipeline.store.s3.bodies import Parts
from pipeline.store.s3.deadline import Patience
from tests import meddler, seaweed
from tests.store_contract import make

BODY = bytes(3_000_000)
OPERATIONS: dict[str, Callable[[Store], object]] = {
    "read": lambda store: store.read(Key("feed.xml")),
    "stat": lambda store: store.stat(Key("feed.xml")),
    "put": lambda store: store.put(make("feed.xml", b"x")),
    "put of a large one": lambda store: store.put(make("feed.xml", BODY)),
    "put in parts": lambda store: store.put(make("feed.xml", BODY * 2)),
    "list": lambda store: list(store.list("feed.xml")),
    "delete": lambda store: store.delete(Key("feed.xml")),
}


def silence(client: socket.socket) -> None:
    """Take all that comes and say nothing."""
    while client.recv(1 << 16):
        pass


def deafness(client: socket.socket) -> None:
    """Take nothing at all, but be there."""
    GONE.wait()


def dripping(said: bytes) -> Callable[[socket.socket], None]:
    """Say this, and then a byte now and then, for ever."""

    def drip(client: socket.socket) -> None:
        client.sendall(said)
        while not GONE.wait(0.05):
            client.sendall(b"x")

    return drip


def refusing(said: bytes) -> Callable[[socket.socket], None]:
    """Answer so to everything."""

    def refuse(client: socket.socket) -> None:
        while client.recv(1 << 16):
            client.sendall(said + b"Content-Length: 0\r\n\r\n")

    return refuse


GONE = threading.Event()
"""Never set: who waits for it stays."""
SERVERS: dict[str, Callable[[socket.socket], None]] = {
    "says nothing": silence,
    "takes nothing": deafness,
    "drips its status": dripping(b"HTTP/1.1 "),
    "drips its headers": dripping(b"HTTP/1.1 200 OK\r\nETag: "),
    "drips its body": dripping(b"HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 10000000\r\n\r\n"),
    "drips a last body": dripping(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nETag: x\r\nContent-Length: 9999999\r\n\r\n"
    ),
    "drips a failure": dripping(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 10000000\r\n\r\n"),
    "is always busy": refusing(b"HTTP/1.1 503 Slow Down\r\n"),
    "hangs up": lambda client: client.close(),
}
WHOLE_HEADS = {"drips its body", "drips a last body"}
"""To a HEAD these answer wholly."""
PATIENCE = Patience(base_s=0.5, slowest_bytes_per_s=1e9)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials for nowhere."""
    for name, value in seaweed.Server(endpoint="http://127.0.0.1:9").environment().items():
        monkeypatch.setenv(name, value)


def connected(address: str, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> s3.S3Store:
    """A store there, with little patience but long timeouts, and no pauses between attempts."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.02)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    config = s3.CONFIG.merge(Config(**changes))
    return s3.connect("s3://show", config=config, patience=PATIENCE, parts=Parts(over=5_000_000))


@pytest.mark.parametrize("behaviour", SERVERS)
def test_every_operation_ends(behaviour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ends as a StoreError that names the key, and its connections are closed: nobody waits at them any more."""
    left: list[threading.Event] = []

    def meet(client: socket.socket) -> None:
        over = threading.Event()
        left.append(over)
        try:
            SERVERS[behaviour](client)
        finally:
            over.set()

    with meddler.serving(meet if behaviour != "takes nothing" else SERVERS[behaviour]) as address:
        store = connected(address, monkeypatch)
        for name, operation in OPERATIONS.items():
            if name == "stat" and behaviour in WHOLE_HEADS:
                continue
            begun = time.monotonic()
            with pytest.raises(StoreError, match=r"(feed\.xml in|What is published at) s3://show could not be"):
                operation(store)
            assert time.monotonic() - begun < 20  # or the read timeout of a minute ended it
        store.client.close()
        gc.collect()  # urllib3 closes what is idle when nobody knows it any more
        assert all(over.wait(10) for over in left)


def test_a_server_that_falls_silent_later(s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A put that goes past botocore's client, as those after the first do, ends in time as well."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    silent = threading.Event()

    def swallow(block: bytes) -> bytes:
        if silent.is_set():
            GONE.wait()
        return block

    with meddler.between(s3_server.endpoint, swallow) as address:
        store = connected(address, monkeypatch)
        monkeypatch.setattr(store, "_patience", Patience(base_s=30))
        store.put(make("first.txt", b"x"))
        monkeypatch.setattr(store, "_patience", PATIENCE)
        silent.set()
        begun = time.monotonic()
        with pytest.raises(StoreError, match=r"feed\.xml in s3://show could not be stored: it took too long"):
            store.put(make("feed.xml", b"x"))
        assert time.monotonic() - begun < 20  # as above


def test_says_that_it_took_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that drips is named as slow, not as broken."""
    said = r"feed\.xml in s3://show could not be stored: it took too long"
    with meddler.serving(SERVERS["drips its headers"]) as address, pytest.raises(StoreError, match=said):
        connected(address, monkeypatch).put(make("feed.xml", b"x"))


def test_a_connection_that_opens_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is up while it is being opened, when there is nothing to cut yet: it still ends."""
    opened = HTTPConnection.connect

    def late(connection: HTTPConnection) -> None:
        time.sleep(3)
        opened(connection)

    monkeypatch.setattr(HTTPConnection, "connect", late)
    with meddler.serving(SERVERS["drips its headers"]) as address, pytest.raises(StoreError, match="took too long"):
        connected(address, monkeypatch).put(make("feed.xml", b"x"))


def test_the_size_counts() -> None:
    """An hour of audio is given longer than a page: the time its bytes take at the slowest speed."""
    patience = Patience(base_s=120, slowest_bytes_per_s=64_000)
    assert patience.seconds(0) == 120
    assert patience.seconds(64_000_000) == 1120


def test_a_slow_answer_is_waited_for(s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a while but moves within its time is no failure, though each connection is cut in the end."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)

    def slowly(block: bytes) -> bytes:
        time.sleep(0.05)
        return block

    with meddler.between(s3_server.endpoint, slowly) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        store = s3.connect("s3://show/slow", patience=Patience(base_s=30))
        store.put(make("audio.mp3", BODY))
        found = store.stat(Key("audio.mp3"))
    assert found
    assert found.size == len(BODY)


@pytest.mark.parametrize("status", [b"403 Forbidden", b"405 Method Not Allowed"])
def test_what_is_refused_is_asked_once(status: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that will not change is not asked for again."""
    asked: list[bytes] = []

    def refuse(client: socket.socket) -> None:
        while block := client.recv(1 << 16):
            if b" HTTP/1.1\r\n" in block:  # a body may come behind it by itself
                asked.append(block)
                client.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    with meddler.serving(refuse) as address:
        store = connected(address, monkeypatch)
        for name in ("read", "stat", "put", "list", "delete"):
            asked.clear()
            with pytest.raises(StoreError):
                OPERATIONS[name](store)
            assert len(asked) == 1, name


@pytest.mark.parametrize("prefix", ["", "feed."])
def test_a_listing_that_fails_is_told_in_the_producers_words(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked for there, and how its keys begin, means nothing to who publishes."""

    def refuse(client: socket.socket) -> None:
        while client.recv(1 << 16):
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with meddler.serving(refuse) as address, pytest.raises(StoreError) as caught:
        [*connected(address, monkeypatch).list(prefix)]
    told = str(caught.value)
    assert told.startswith("What is published at s3://")
    assert "could not be looked at: " in told
    assert "feed." not in told


@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("fault", ["busy", "reset", "cut", "garbage"])
def test_what_passes_is_ridden_out(
    fault: str, times: int, s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few failures of any kind in a row, and then the answer."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    healthy = s3.connect(f"s3://show/{fault}-{times}")
    healthy.put(make("feed.xml", b"0123456789"))
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.02)
    faults = {
        "busy": b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
        "reset": b"",
        "cut": b"HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 10\r\n\r\n0123",
        "garbage": b"HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n<<<<<<<<<<",
    }
    operations = ["list"] if fault == "garbage" else ["read", "list"] if fault == "cut" else list(OPERATIONS)
    for operation in operations:
        met: list[socket.socket] = []

        def meet(client: socket.socket, met: list[socket.socket] = met) -> None:
            met.append(client)
            if len(met) <= times:
                client.recv(1 << 16)
                client.sendall(faults[fault])
                client.close()
            else:
                meddler.relay(client, s3_server.endpoint)

        with meddler.serving(meet) as address:
            monkeypatch.setenv("AWS_ENDPOINT_URL", address)
            OPERATIONS[operation](s3.connect(healthy.name))
            assert len(met) > times, operation
