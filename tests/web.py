"""A small web server of published objects, which can be made a bad one."""

import gzip
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

from pipeline.model import Key, Object


@dataclass
class Answer:
    """What will be sent; faults change it."""

    method: str
    key: str
    asked: Mapping[str, str]
    status: int
    headers: dict[str, str]
    body: bytes
    cut: int = 0
    """Bytes of the body that are promised and not sent."""
    drip_s: float = 0.0
    """Between pieces of a hundred bytes."""


Fault = Callable[[Answer], None]


@dataclass
class Web:
    """A server of `objects`, as a good bucket with public read would be; `faults` are done to each answer."""

    objects: dict[Key, Object]
    faults: list[Fault] = field(default_factory=list)
    address: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    behind: Callable[[Key], Object | None] = lambda key: None
    """Where it looks for what it does not have itself."""

    def answer(self, method: str, key: str, asked: Mapping[str, str]) -> Answer:
        """The answer to one request."""
        self.asked.append((method, key))
        item = self.objects.get(Key(key)) or self.behind(Key(key))
        if not item:
            return Answer(method, key, asked, 404, {"Content-Type": "text/plain"}, b"not here")
        body = item.body if isinstance(item.body, bytes) else Path(str(item.body)).read_bytes()
        headers = {
            "Content-Type": item.type,
            "Cache-Control": item.cache,
            "Access-Control-Allow-Origin": "*",
            "Accept-Ranges": "bytes",
        }
        answer = Answer(method, key, asked, 200, headers, body)
        for fault in self.faults:
            fault(answer)
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.get("Range", "")) if "Accept-Ranges" in headers else None
        if span and answer.status == 200 and asked.get("If-Range", headers.get("ETag")) == headers.get("ETag"):
            first, last = int(span[1]), min(int(span[2] or len(answer.body)), len(answer.body) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(answer.body)}"
            answer.status, answer.body = 206, answer.body[first : last + 1]
        return answer


@contextmanager
def served(objects: Mapping[Key, Object]) -> Iterator[Web]:
    """A server on this machine, ended at the end."""
    web = Web(objects=dict(objects))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = web.answer(self.command, unquote(self.path.partition("?")[0].removeprefix("/")), self.headers)  # type: ignore[arg-type]
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                sent = answer.body[: len(answer.body) - answer.cut]
                piece = 100 if answer.drip_s else len(sent) or 1
                with suppress(OSError):  # the asker may have had enough of it
                    for at in range(0, len(sent), piece):
                        self.wfile.write(sent[at : at + piece])
                        time.sleep(answer.drip_s)
            self.close_connection = bool(answer.cut)

        do_HEAD = do_GET  # noqa: N815 -- the library's name

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        web.address = f"http://127.0.0.1:{server.server_address[1]}/"
        yield web
    finally:
        server.shutdown()
        server.server_close()


def of(kind: str, fault: Fault) -> Fault:
    """A fault that is only done to keys in which `kind` occurs."""

    def done(answer: Answer) -> None:
        if kind in answer.key:
            fault(answer)

    return done


def header(name: str, value: str | None) -> Fault:
    """Another header, or none."""

    def done(answer: Answer) -> None:
        if value is None:
            answer.headers.pop(name, None)
        else:
            answer.headers[name] = value

    return done


def status(number: int) -> Fault:
    """Another status, with a sentence in place of the body."""

    def done(answer: Answer) -> None:
        answer.status, answer.body = number, b"no"

    return done


def squeezed(answer: Answer) -> None:
    """Compressed where the asker takes it."""
    if "gzip" in answer.asked.get("Accept-Encoding", ""):
        answer.body = gzip.compress(answer.body)
        answer.headers["Content-Encoding"] = "gzip"


def no_ranges(answer: Answer) -> None:
    """The whole, whatever part was asked for."""
    answer.headers.pop("Accept-Ranges", None)


def other_range(answer: Answer) -> None:
    """The right range by name, other bytes."""
    if "Range" in answer.asked:
        answer.body = answer.body[::-1]


def no_head(answer: Answer) -> None:
    """HEAD is not known here."""
    if answer.method == "HEAD":
        status(405)(answer)


def cut_short(answer: Answer) -> None:
    """The connection ends before the last hundred bytes."""
    if answer.method == "GET" and "Range" not in answer.asked:
        answer.cut = 100


def led_to(address: str) -> Fault:
    """A redirection to another server, to the same key there."""

    def done(answer: Answer) -> None:
        answer.status, answer.body = 302, b""
        answer.headers["Location"] = address + answer.key

    return done


def dripping(answer: Answer) -> None:
    """The answer comes a hundred bytes at a time."""
    answer.drip_s = 0.05
