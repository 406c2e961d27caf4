"""A hub on this machine, which notes what it is told, and can be a bad one."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    fields: dict[str, list[str]]
    headers: dict[str, str]


Manner = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Hub:
    """What it was told, and how it answers."""

    manner: Manner
    address: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """The feeds that it was told of since it was asked this last."""
        feeds = [(each.fields.get("hub.url") or each.fields["url"])[0] for each in self.asked]
        self.asked.clear()
        return feeds


def status(number: int, body: str = "", **headers: str) -> Manner:
    """An ordinary answer."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(number)
        for name, value in {"Content_Length": str(len(body.encode())), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body.encode())

    return answer


def garbage(request: BaseHTTPRequestHandler) -> None:
    """What is no HTTP."""
    request.wfile.write(b"\x00\xff\x1b[31mSMTP ready\r\n\r\n")
    request.close_connection = True


def gone(request: BaseHTTPRequestHandler) -> None:
    """The connection ends without an answer."""
    request.close_connection = True


def hanging(until: Event) -> Manner:
    """No answer until an event."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        until.wait(60)
        request.close_connection = True

    return answer


def dripping(request: BaseHTTPRequestHandler) -> None:
    """An answer of which a letter comes now and then: no single read ever takes long."""
    for _ in range(40):
        request.wfile.write(b"H")
        time.sleep(0.05)
    request.close_connection = True


TAKEN = status(202)


@contextmanager
def running(manner: Manner = TAKEN, port: int = 0) -> Iterator[Hub]:
    """A hub that listens, ended at the end."""
    hub = Hub(manner=manner)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            parts = urlsplit(self.path)
            hub.asked.append(Asked(self.command, parts.path, parse_qs(form or parts.query), dict(self.headers)))
            with suppress(OSError):  # who asked may have gone
                hub.manner(self)

        do_GET = do_POST  # noqa: N815 -- the library's name

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        hub.address = f"http://127.0.0.1:{server.server_address[1]}/"
        yield hub
    finally:
        server.shutdown()
        server.server_close()
