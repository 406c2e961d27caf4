"""Bringing files here over HTTP: whole or gone on with, bounded, and never from inside a network unless so named."""

import ipaddress
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from pipeline.outside import reason
from pipeline.remembered import records
from pipeline.text import web_link

PART = ".part"
"""Ending of a file that is not whole yet; what it is a part of is noted beside it."""
_NOTE = ".part.json"
_HOPS = 12
"""Redirections that are followed: trackers in front of audio are often five or six."""
_TRIES = 4
"""For an answer that breaks off."""
_PAUSE_S = 0.5
_CHUNK = 1 << 18
_PATIENCE_S = 60
_SLOWEST = 4_000
"""Bytes a second, once patience is at its end."""
_TIMEOUT = urllib3.Timeout(connect=10, read=30)
_RETRIES = urllib3.Retry(
    total=2, redirect=False, status_forcelist=(429, 500, 502, 503, 504), backoff_factor=0.3, raise_on_status=False
)
_HEADERS = {"User-Agent": "omroep (podcast publisher)", "Accept-Encoding": "identity"}
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same question may be answered another time."""

OnPart = Callable[[float], None]
"""Called with how much of a file is there (0 to 1; 0 where its length is not known)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file did not come."""

    told: str
    """The end of a sentence; never with an address in it."""
    passing: bool = False
    """Another time it may come."""


class _Broken(Failure):
    """It came in part; what is asked for next is the rest."""


class _Inside(Exception):
    """An address led to a machine that only this network can reach."""


class Courier:
    """Fetches addresses; of machines inside this network (loopback, private) only that of the address `named`.

    What is judged is the address that was really connected to, before a word is sent: a name cannot mean one machine
    when it is looked up and another when it is called, and no redirection leads inside.
    """

    def __init__(self, named: str | None = None) -> None:
        plain, secured = _guarded(_authority(named) if named else None)
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES, headers=_HEADERS)
        self._pool.pool_classes_by_scheme = {"http": plain, "https": secured}

    def read(self, address: str, *, most: int) -> bytes | Failure:
        """The whole answer to a GET of `address`, of at most so many bytes."""
        answer = self._answer(address, {})
        if isinstance(answer, Failure):
            return answer
        if answer.status != 200:
            return _refused(answer)
        try:
            return b"".join(_chunks(answer, most))
        except HTTPError as error:
            return Failure(reason(error), passing=True)
        except _TooMuch as error:
            return Failure(str(error))
        finally:
            answer.close()

    def save(
        self,
        address: str,
        target: Path,
        *,
        most: int,
        called: str = "",
        fit: Callable[[Path], str | None] = lambda path: None,
        on_part: OnPart = lambda part: None,
    ) -> Failure | None:
        """Put what `address` answers under the name `target`, whole, where nothing is yet.

        What came of it before is gone on with, if it is still the same file there (RFC 9110 sections 13.1.5, 14.2).
        `called` is what is noted of the address in its stead, where it is a secret or never twice the same.
        `fit` says what is wrong with the whole of it, before it gets its name. OSError where the disk will not.
        """
        part, note = (target.with_name(target.name + ending) for ending in (PART, _NOTE))
        for left in reversed(range(_TRIES)):
            failure = self._gone_on_with(address, called or address, part, note, most, on_part)
            if not isinstance(failure, _Broken) or not left:
                break
            time.sleep(_PAUSE_S)
        if failure:
            return failure
        if wrong := fit(part):
            _forget(part, note)
            return Failure(wrong)
        if target.exists():
            return Failure("there is a file of that name already")
        part.rename(target)
        _forget(note)
        return None

    def _gone_on_with(
        self, address: str, called: str, part: Path, note: Path, most: int, on_part: OnPart
    ) -> Failure | None:
        begun, validator = _begun(called, part, note)
        span = {"Range": f"bytes={begun}-", "If-Range": validator} if begun else {}
        answer = self._answer(address, span)
        if isinstance(answer, Failure):
            return answer
        try:
            if begun and not _continues(answer, begun):
                begun = 0
                _forget(part, note)
            if answer.status in (206, 416) and not begun:  # it is another file by now: from the start
                return _Broken("the answer breaks off", passing=True)
            if answer.status not in (200, 206):
                return _refused(answer)
            records.keep(note, _Begun(address=called, validator=_validator(answer)))
            _append(answer, part, begun, most, on_part)
        except HTTPError as error:
            return _Broken(reason(error), passing=True)
        except _TooMuch as error:
            _forget(part, note)
            return Failure(str(error))
        finally:
            answer.close()
        return None

    def _answer(self, address: str, headers: dict[str, str]) -> Any:
        """A response of which nothing was read yet, or a Failure."""
        try:
            for _ in range(_HOPS):
                if not web_link(address):
                    return Failure("that is no web address")
                answer = self._pool.request(
                    "GET", address, headers={**_HEADERS, **headers}, redirect=False, preload_content=False
                )
                onward = answer.headers.get("Location") if answer.status in (301, 302, 303, 307, 308) else None
                if not onward:
                    return answer
                answer.close()
                address = urljoin(address, onward)
            return Failure("it leads on and on")
        except _Inside:
            return Failure("it leads to a machine inside this network")
        except HTTPError as error:
            return Failure(reason(error), passing=True)
        except (UnicodeError, ValueError):
            return Failure("that is no web address")


# --- whom one may ask -------------------------------------------------------------------------------------------------


def _authority(address: str) -> tuple[str, int] | None:
    """Host and port of an address; None where it has none that could be asked."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None


def _guarded(named: tuple[str, int] | None) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
    """Connections that are given up, before anything is sent, when they reach a machine that was not to be reached."""

    def judged(connection: HTTPConnection, socket: Any) -> Any:
        if (connection.host.strip("[]").lower(), connection.port) != named and not public(socket.getpeername()[0]):
            socket.close()
            raise _Inside
        return socket

    class Plain(HTTPConnection):
        def _new_conn(self) -> Any:
            return judged(self, super()._new_conn())

    class Secured(HTTPSConnection):
        def _new_conn(self) -> Any:
            return judged(self, super()._new_conn())

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecuredPool(HTTPSConnectionPool):
        ConnectionCls = Secured

    return PlainPool, SecuredPool


def public(address: str) -> bool:
    """Whether an IP address is one of the whole internet (IANA special-purpose registries), also as IPv6 wraps it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (_nat64(found) if found in _NAT64 else None)
        found = inner or found
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Where a network translates IPv4 (RFC 6052 section 2.1)."""


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


# --- what came, and what is still to come -----------------------------------------------------------------------------


class _TooMuch(Exception):
    """More, or more slowly, than is waited for."""


def _chunks(answer: Any, most: int) -> Iterator[bytes]:
    size, begun = 0, time.monotonic()
    while chunk := answer.read1(_CHUNK, decode_content=True):
        size += len(chunk)
        if size > most:
            raise _TooMuch(f"it is larger than {most // 1_000_000} MB")
        if time.monotonic() - begun > _PATIENCE_S + size / _SLOWEST:
            raise _TooMuch("it comes too slowly")
        yield chunk


def _append(answer: Any, part: Path, begun: int, most: int, on_part: OnPart) -> None:
    length = int(answer.headers.get("Content-Length") or 0) + begun
    with part.open("ab" if begun else "wb") as file:
        for chunk in _chunks(answer, most - begun):
            file.write(chunk)
            on_part(min(1.0, file.tell() / length) if length > begun else 0.0)
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Begun:
    """What is noted of a file that is on its way."""

    address: str
    validator: str


def _begun(address: str, part: Path, note: Path) -> tuple[int, str]:
    """How much of a file is here, and by what to know that it is still the same there; 0 where that cannot be told."""
    told = records.recalled(note, lambda told: _Begun(**told))
    if told and told.address == address and told.validator:
        with suppress(OSError):
            return part.stat().st_size, told.validator
    return 0, ""


def _validator(answer: Any) -> str:
    """What If-Range may hold (RFC 9110 section 13.1.5): a strong ETag, else a date."""
    etag = str(answer.headers.get("ETag") or "")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        return ""  # a part of what was packed cannot be gone on with
    return etag if etag.startswith('"') else str(answer.headers.get("Last-Modified") or "")


def _continues(answer: Any, begun: int) -> bool:
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return answer.status == 206 and found is not None and int(found[1]) == begun


def _refused(answer: Any) -> Failure:
    answer.close()
    return Failure(f"the server answers {answer.status}", passing=answer.status in _PASSING)


def _forget(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
