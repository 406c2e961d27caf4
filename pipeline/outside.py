"""Talking to addresses as a stranger does: plain HTTP, answers read to their end without being kept."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import urllib3
from urllib3 import exceptions
from urllib3.exceptions import HTTPError

from pipeline.audit.files import ORIGIN
from pipeline.audit.seen import SAMPLE, Seen, middle_of
from pipeline.model import Digest, Key

CONNECTIONS = 8
"""At a time."""
_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_RETRIES = urllib3.Retry(
    total=2, redirect=False, status_forcelist=(500, 502, 503, 504), backoff_factor=0.2, raise_on_status=False
)
_HOPS = 5
"""Redirections that are followed."""
_TRIES = 2
"""For an answer that breaks off."""
_CHUNK = 1 << 18
_SPARE = 1 << 16
"""Bytes that are read beyond what was expected, to see that there are too many."""
_PATIENCE_S = 60
_SLOWEST = 16_000
"""Bytes a second, once patience is at its end: half of what a listener needs to go on listening."""
_HEADERS = {"User-Agent": "omroep", "Origin": ORIGIN, "Accept-Encoding": "identity"}
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.NameResolutionError, "its name is not known"),
    (exceptions.SSLError, "the connection could not be secured (its certificate?)"),
    (exceptions.NewConnectionError, "nobody listens there"),
    (exceptions.TimeoutError, "it takes too long"),
    (exceptions.DecodeError, "the answer cannot be unpacked"),
    (exceptions.ProtocolError, "the answer breaks off"),
)
"""What went wrong, in words; what the library says is not passed on, for there may be addresses in it."""

_SAID = 2000
"""Bytes that are kept of what somebody has to say who refuses something."""

Address = Callable[[str, Key], str]
"""The address at which a method (GET, HEAD, …) finds a key."""


def beneath(base_url: str) -> Address:
    """Addresses of keys below `base_url`, which ends in a slash."""
    return lambda method, key: base_url + quote(key)


class Outside:
    """Asks for keys over HTTP; safe to use from `CONNECTIONS` threads."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS, block=True, timeout=_TIMEOUT, retries=_RETRIES, headers=_HEADERS
        )

    def get(self, key: Key, *, size: int, keep: bool = False) -> Seen:
        """The whole answer to a GET of `key`, which should have `size` bytes; with `keep`, its body too."""
        return self._seen("GET", key, {}, _Reader(most=size + _SPARE, at=middle_of(size)[0], keep=keep))

    def head(self, key: Key) -> Seen:
        """The answer to a HEAD by an app that takes compressed answers."""
        return self._seen("HEAD", key, {"Accept-Encoding": "gzip"}, _Reader(most=0))

    def part(self, key: Key, *, first: int, count: int) -> Seen:
        """The answer to a GET of `count` bytes from `first`; what comes beyond them is not read."""
        span = {"Range": f"bytes={first}-{first + count - 1}"}
        return self._seen("GET", key, span, _Reader(most=max(count, SAMPLE)))

    def ask(self, method: str, key: Key, *, body: bytes = b"", **headers: str) -> Seen:
        """The answer to any other request, with the beginning of its body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._seen(method, key, named, _Reader(most=_SPARE, keep=True), body=body)

    def _seen(self, method: str, key: Key, headers: Mapping[str, str], reader: "_Reader", body: bytes = b"") -> Seen:
        for left in reversed(range(_TRIES)):
            try:
                seen = self._followed(method, self._address(method, key), headers, reader, body)
            except (HTTPError, UnicodeError, ValueError) as error:  # the latter two: no address at all
                return Seen(status=None, failure=reason(error))
            if not seen.failure or not left:
                break
        return seen

    def _followed(self, method: str, address: str, headers: Mapping[str, str], reader: "_Reader", body: bytes) -> Seen:
        begun, elsewhere = urlsplit(address).netloc, ""
        for _ in range(_HOPS):
            answer = self._pool.request(
                method,
                address,
                headers={**_HEADERS, **headers},
                body=body or None,
                redirect=False,
                preload_content=False,
            )
            onward = answer.headers.get("Location") if answer.status in (301, 302, 303, 307, 308) else None
            if not onward:
                return replace(reader.read(answer), elsewhere=elsewhere)
            answer.release_conn()
            address = urljoin(address, onward)
            elsewhere = urlsplit(address).netloc if urlsplit(address).netloc != begun else ""
            if urlsplit(address).scheme not in ("http", "https"):
                break
        return Seen(status=None, failure="it leads on and on", elsewhere=elsewhere)


def say(
    method: str, address: str, fields: Mapping[str, str], *, within_s: float, headers: Mapping[str, str] | None = None
) -> Seen:
    """The answer to a form that is sent once, by GET or POST; where it leads elsewhere, nobody goes there.

    What came of it is read only where it was refused. `within_s` is for each step; who drips their answer takes longer.
    """
    form = urlencode(fields)
    told = {"User-Agent": "omroep", "Accept-Encoding": "identity", **(headers or {})}
    if method == "POST":
        told["Content-Type"] = "application/x-www-form-urlencoded"
    pool = urllib3.PoolManager(timeout=within_s, retries=False, headers=told)
    try:
        answer = pool.request(
            method,
            address if method == "POST" else f"{address}?{form}",
            body=form if method == "POST" else None,
            redirect=False,
            preload_content=False,
        )
        return _Reader(most=0 if 200 <= answer.status < 300 else _SAID, keep=True).read(answer)
    except (HTTPError, UnicodeError, ValueError) as error:
        return Seen(status=None, failure=reason(error))
    finally:
        pool.clear()


class _Reader:
    """How much of an answer is read, and what of it is kept."""

    def __init__(self, *, most: int, at: int = -1, keep: bool = False) -> None:
        self.most = most
        self.at = at
        self.keep = keep

    def read(self, answer: Any) -> Seen:
        """`answer` as it was seen; a response that is not read to its end is closed."""
        hashing, size, failure = hashlib.sha256(), 0, ""
        begin = middle = b""
        kept: list[bytes] = []
        begun = time.monotonic()
        try:
            while size < self.most and (chunk := answer.read1(min(_CHUNK, self.most - size), decode_content=True)):
                hashing.update(chunk)
                begin += chunk[: SAMPLE - len(begin)]
                if self.at >= 0 and len(middle) < SAMPLE and size + len(chunk) > self.at:
                    start = max(0, self.at + len(middle) - size)
                    middle += chunk[start : start + SAMPLE - len(middle)]
                size += len(chunk)
                if self.keep:
                    kept.append(chunk)
                if time.monotonic() - begun > _PATIENCE_S + size / _SLOWEST:
                    failure = "it comes too slowly"
                    break
        except HTTPError as error:
            failure = reason(error)
        finally:
            if answer.length_remaining != 0:
                answer.close()
            answer.release_conn()  # a closed one too: the pool would wait for it for ever
        return Seen(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.headers.items()},
            size=size,
            sha256=Digest(hashing.hexdigest()),
            begin=begin,
            middle=middle,
            body=b"".join(kept) if self.keep else None,
            failure=failure,
        )


def reason(error: BaseException) -> str:
    """Why there was no answer, in words."""
    cause = error.reason if isinstance(error, exceptions.MaxRetryError) and error.reason else error
    return next((said for kind, said in _REASONS if isinstance(cause, kind)), "it could not be asked")
