"""A wire between one publisher and a real S3 server: it numbers and logs requests and plays one scripted fault."""

import http.client
import os
import select
import signal
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

LISTING = "?list"
CHANGES = frozenset({"PUT", "POST", "DELETE"})
_CONDITIONS = ("If-Match", "If-None-Match", "Range")
_BETWEEN_HOPS = frozenset({"expect", "connection", "transfer-encoding"})


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place in a publish that comes back when it is done again: the nth request of its kind."""

    method: str
    key: str
    """Relative to the show's prefix; `LISTING` for one."""
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.method} {self.key}" + (f" ({self.nth})" if self.nth > 1 else "")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came in."""

    point: Point
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer to be passed on; `after_s` and `pace_s` slow it, `cut` breaks it off half-way."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    pace_s: float = 0.0
    cut: bool = False


class Silence:
    """No answer: the connection stays open and nothing comes."""


class Reset:
    """No answer: the connection is broken."""


SILENCE, RESET = Silence(), Reset()
Outcome = Reply | Silence | Reset
Forward = Callable[[Asked], Reply]
Play = Callable[["Wire", Asked, Forward], Outcome]


@dataclass
class Script:
    """What goes wrong, where, and how often it has."""

    play: Play
    at: Point
    always: bool = False
    """On every request of the same method and key, not only on the nth."""
    fired: int = 0

    def concerns(self, point: Point) -> bool:
        if self.always:
            return (point.method, point.key) == (self.at.method, self.at.key)
        return point == self.at and not self.fired


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the log."""

    n: int
    point: Point
    query: str
    conditions: dict[str, str]
    status: int | None
    """None: the publisher got no answer."""


@dataclass
class Stage:
    """What the wires to one bucket share: requests go one at a time, and after each that changes something `watch`."""

    upstream: str
    """HOST:PORT."""
    prefix: str
    """`/bucket/folder/`."""
    watch: Callable[[Asked, str], None]
    turn: threading.RLock = field(default_factory=threading.RLock)


class Wire:
    """Listens on a port of its own; `group` is the process group of its publisher."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.group: int | None = None
        self.date: datetime | None = None
        """What answers say that it is, where that is not the server's own time."""
        self.dead = False
        self.log: list[Line] = []
        self.script: Script | None = None
        self.gate = threading.Event()
        """Closed, no request goes on."""
        self.held = threading.Event()
        """Set when the gate was closed by a script."""
        self._seen: Counter[tuple[str, str]] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def rewind(self, script: Script | None = None) -> None:
        """Before a publish: a fresh log, fresh numbers, and what shall go wrong."""
        with self.stage.turn:
            self.log, self._seen, self.script = [], Counter(), script
            self.dead, self.group = False, None
            self.held.clear()
            self.gate.set()

    def kill(self) -> None:
        """Stop the publisher's whole group at once; what it had still sent goes nowhere."""
        self.dead = True
        self._signal(signal.SIGKILL)

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._signal(signal.SIGINT)

    def _signal(self, number: int) -> None:
        while self.group is None:  # the request came before its sender's number did
            time.sleep(0.001)
        with suppress(ProcessLookupError):
            os.killpg(self.group, number)

    def points(self) -> list[Point]:
        return [line.point for line in self.log]

    def handle(self, method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Outcome:
        """Let one request through, or do to it what the script says."""
        while True:
            self.gate.wait()
            with self.stage.turn:
                if self.dead:
                    return RESET
                if self.gate.is_set():  # else it was closed while this one waited for its turn
                    asked = Asked(point=self._point(method, path), path=path, headers=headers, body=body)
                    outcome = self._outcome(asked)
                    self._note(asked, outcome)
                    return outcome

    def _outcome(self, asked: Asked) -> Outcome:
        if self.script and self.script.concerns(asked.point):
            self.script.fired += 1
            return self.script.play(self, asked, self.forward)
        return self.forward(asked)

    def _point(self, method: str, path: str) -> Point:
        split = urlsplit(path)
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        place = unquote(split.path)
        key = place.removeprefix(self.stage.prefix) if place.startswith(self.stage.prefix) else LISTING
        if extra := sorted(query.keys() & {"uploads", "uploadId", "partNumber", "acl", "versioning", "location"}):
            key += "?" + "&".join(f"{name}={query[name]}" if name == "partNumber" else name for name in extra)
        self._seen[method, key] += 1
        return Point(method=method, key=key, nth=self._seen[method, key])

    def _note(self, asked: Asked, outcome: Outcome) -> None:
        headers = {name.title(): value for name, value in asked.headers}
        self.log.append(
            Line(
                n=len(self.log) + 1,
                point=asked.point,
                query=urlsplit(asked.path).query,
                conditions={name: headers[name] for name in _CONDITIONS if name in headers},
                status=outcome.status if isinstance(outcome, Reply) else None,
            )
        )

    def forward(self, asked: Asked) -> Reply:
        """To the server and back, byte for byte (its Host too, for the signature); then listeners look."""
        connection = http.client.HTTPConnection(self.stage.upstream, timeout=30)
        try:
            connection.putrequest(asked.point.method, asked.path, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.headers:
                if name.lower() not in _BETWEEN_HOPS:
                    connection.putheader(name, value)
            connection.endheaders(asked.body or None)
            answer = connection.getresponse()
            reply = Reply(status=answer.status, headers=tuple(self._dated(answer.getheaders())), body=answer.read())
        finally:
            connection.close()
        if asked.point.method in CHANGES and reply.status < 300:
            self.stage.watch(asked, str(asked.point))
        return reply

    def _dated(self, headers: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for name, value in headers:
            yield name, format_datetime(self.date, usegmt=True) if self.date and name == "Date" else value


def refusal(status: int, code: str) -> Reply:
    """An error as S3 says it."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'.encode()
    return Reply(status=status, headers=(("Content-Type", "application/xml"),), body=body)


def flipped(body: bytes) -> bytes:
    """With one bit of the byte in the middle turned over."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


def with_body(asked: Asked, body: bytes) -> Asked:
    return replace(asked, body=body)


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection of the publisher."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _any(self) -> None:
            if "Transfer-Encoding" in self.headers:
                raise NotImplementedError("a request in chunks")
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if (
                len(body) < length
            ):  # its sender was stopped while it sent: half of it would have the server wait for ever
                self.close_connection = True
                return
            outcome = wire.handle(self.command, self.path, tuple(self.headers.items()), body)
            if isinstance(outcome, Reply):
                self._pass_on(outcome)
            else:
                self._say_nothing(hold=isinstance(outcome, Silence))

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _any  # noqa: N815 -- the base class looks for these names

        def _say_nothing(self, *, hold: bool) -> None:
            self.close_connection = True
            if hold:
                select.select([self.connection], [], [], 60)  # until the other side gives up
            with suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

        def _pass_on(self, reply: Reply) -> None:
            raw = b"".join(self._text(reply))
            if reply.cut:
                raw = raw[: max(len(raw) - max(len(reply.body) // 2, 1), 1)] if reply.body else raw[: len(raw) // 2]
                self.close_connection = True
            with suppress(OSError):
                for piece in _pieces(raw, 40 if reply.pace_s else 1):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(reply.pace_s)

        def _text(self, reply: Reply) -> Iterable[bytes]:
            yield f"HTTP/1.1 {reply.status} {http.client.responses.get(reply.status, '')}\r\n".encode()
            kept = [(name, value) for name, value in reply.headers if name.lower() not in _BETWEEN_HOPS]
            if not any(name.lower() == "content-length" for name, _ in kept) and reply.status != 204:
                kept.append(("Content-Length", str(len(reply.body))))
            yield from (f"{name}: {value}\r\n".encode("latin-1") for name, value in kept)
            yield b"\r\n"
            if self.command != "HEAD":
                yield reply.body

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _pieces(raw: bytes, count: int) -> Iterable[bytes]:
    size = max(1, -(-len(raw) // count))
    return (raw[at : at + size] for at in range(0, len(raw), size))
