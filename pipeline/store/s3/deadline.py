"""Bounded time: an operation on a bucket ends, whatever the server does."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore import awsrequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long one operation may take as a whole, with all attempts: `base_s`, and its bytes at the slowest speed.

    Added to it at worst: the pause before an attempt that is then not made (8 s), and a connection that is just being
    opened (for each address of the server its `connect_timeout`).
    """

    base_s: float = 120
    slowest_bytes_per_s: float = 64_000

    def seconds(self, size: int) -> float:
        """For an operation that moves `size` bytes."""
        return self.base_s + size / self.slowest_bytes_per_s


class Overdue(Exception):
    """An operation took longer than it may; its connections are cut."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it took longer than {seconds:.0f} s" if seconds >= 1 else "it took too long")


class Operation:
    """What is asked of the server for one purpose, in one request or many."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._allowed = seconds
        self._begun = time.monotonic()
        self._connections: set[_Watched] = set()

    def allow(self, seconds: float) -> None:
        """Let it last longer: there is more to move than was known."""
        self._allowed += seconds

    def check(self) -> None:
        """Overdue when its time is up."""
        if self.over or self._left() <= 0:
            raise Overdue(self._allowed)

    def take(self, connection: "_Watched") -> None:
        """A connection works for this operation from now on, and for no other."""
        with _OWNING:
            self.check()
            connection.owner = self
            self._connections.add(connection)

    def look(self) -> None:
        """Cut its connections if its time is up: again and again, for one may have been about to open."""
        if self._left() <= 0:
            self.over = True
            for connection in self._connections:
                if connection.owner is self:
                    connection.cut()

    def _left(self) -> float:
        return self._begun + self._allowed - time.monotonic()


class _Watch:
    """One thread that looks at all operations now and then; a timer for each would take a tenth of a small put.

    It lives while there are any: a process that has one thread may be copied (see `spread`).
    """

    def __init__(self) -> None:
        self._running: set[Operation] = set()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, operation: Operation) -> None:
        with _OWNING:
            self._running.add(operation)
            if not self._thread:
                self._over = threading.Event()
                self._thread = threading.Thread(
                    target=self._look, args=[self._over], name="deadlines of a bucket", daemon=True
                )
                self._thread.start()

    def end(self, operation: Operation) -> None:
        with _OWNING:
            self._running.discard(operation)
            if self._running or not self._thread:
                return
            idle, self._thread = self._thread, None
            self._over.set()
        idle.join()

    def _look(self, over: threading.Event) -> None:
        while not over.wait(_EVERY_S):
            with _OWNING:
                for operation in self._running:
                    operation.look()


_EVERY_S = 0.1
_BLOCK = 1 << 17
"""Bytes of a body that are handed to the system at once: by urllib3's own 16 KiB a large upload is mostly Python.

Not more, for each must be taken within the client's `connect_timeout`, whatever is slower than `slowest_bytes_per_s`.
"""
_OWNING = threading.Lock()
_WATCH = _Watch()
_here = threading.local()


@contextmanager
def within(seconds: float) -> Iterator[Operation]:
    """Whatever this thread asks in here ends by then, else Overdue.

    A timeout of each read stops no server that sends a byte now and then.
    """
    operation = _here.operation = Operation(seconds)
    _WATCH.begin(operation)
    try:
        yield operation
    except Exception:
        operation.check()  # then it is this that went wrong, whatever it looked like
        raise
    finally:
        _here.operation = None
        _WATCH.end(operation)


@contextmanager
def helping(operation: Operation) -> Iterator[None]:
    """Whatever this thread asks in here is part of an operation that another one began."""
    _here.operation = operation
    try:
        yield
    finally:
        _here.operation = None


def _current() -> Operation | None:
    return getattr(_here, "operation", None)


def stop_retrying(**_: object) -> None:
    """For botocore's `needs-retry`: no further attempt when the time is up."""
    if operation := _current():
        operation.check()


class _Watched(awsrequest.AWSConnection):
    """A connection that an operation can cut, wherever the thread that uses it waits."""

    owner: Operation | None = None
    sock: Any = None
    _wire: Any = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.blocksize = _BLOCK

    def connect(self) -> None:
        self._begin()
        super().connect()  # type: ignore[misc]  # it is mixed in before what connects
        self._wire = self.sock  # `sock` is forgotten as soon as an answer says that it is the last
        self._begin()  # while it was being opened there was nothing to cut

    def request(self, *arguments: Any, **options: Any) -> Any:
        self._begin()
        return super().request(*arguments, **options)

    def cut(self) -> None:
        """End whatever is being sent or received, at once."""
        wire = self.sock or self._wire
        # By a twin: the `shutdown` of a TLS socket first makes it a plain one, under the hands of who is writing to it.
        with suppress(OSError, AttributeError), socket.socket(fileno=os.dup(wire.fileno())) as twin:
            twin.shutdown(socket.SHUT_RDWR)

    def _begin(self) -> None:
        if operation := _current():
            operation.take(self)


class _Plain(_Watched, awsrequest.AWSHTTPConnection):  # type: ignore[misc]  # as AWSHTTPConnection itself
    pass


class _Secure(_Watched, awsrequest.AWSHTTPSConnection):  # type: ignore[misc]
    pass


# For all of botocore's connections, those to whoever gives out credentials too: an operation may wait for them as well.
awsrequest.AWSHTTPConnectionPool.ConnectionCls = _Plain
awsrequest.AWSHTTPSConnectionPool.ConnectionCls = _Secure
