"""Bringing files here: gone on with, bounded, and never from inside a network that nobody named."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import download
from pipeline.download import Courier, Failure, public
from pipeline.model import Cache, Digest, Key, Kind, Object
from tests.web import Answer, Fault, Web, header, led_to, no_ranges, served, status

BODY = bytes(range(256)) * 400
KEY = Key("audio.mp3")


def item(body: bytes = BODY) -> Object:
    return Object(
        key=KEY,
        kind=Kind.AUDIO,
        type="audio/mpeg",
        cache=Cache.SHORT,
        sha256=Digest(hashlib.sha256(body).hexdigest()),
        size=len(body),
        body=body,
    )


@pytest.fixture
def web() -> Iterator[Web]:
    with served({KEY: item()}) as server:
        yield server


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between tries."""
    monkeypatch.setattr(download, "_PAUSE_S", 0.0)


def save(web: Web, target: Path, **more: Any) -> Failure | None:
    settings = {"most": 1_000_000, **more}
    return Courier(web.address).save(web.address + KEY, target, **settings)


ETAG = header("ETag", '"one"')


def cut_after(*kept: int) -> Fault:
    """Each answer breaks off after so many bytes, one after the other; those behind them are whole."""
    left = list(kept)

    def done(answer: Answer) -> None:
        if left:
            begun = int(answer.asked.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
            answer.cut = len(answer.body) - begun - left.pop(0)

    return done


def test_a_file_that_breaks_off_is_gone_on_with(web: Web, tmp_path: Path) -> None:
    """Twice in one call: the rest alone is asked for, and the whole is there under its name, with nothing beside it."""
    seen: list[str] = []
    web.faults += [ETAG, cut_after(60_000, 20_000), lambda answer: seen.append(answer.asked.get("Range", ""))]
    parts: list[float] = []
    assert save(web, tmp_path / "a.mp3", on_part=parts.append) is None
    assert (tmp_path / "a.mp3").read_bytes() == BODY
    assert seen == ["", "bytes=60000-", "bytes=80000-"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp3"]
    assert parts[-1] == 1.0
    assert parts == sorted(parts)


@pytest.mark.parametrize("changed", ["another", "no parts", "shorter", "unknown"])
def test_what_cannot_be_gone_on_with_is_begun_again(changed: str, web: Web, tmp_path: Path) -> None:
    """Another file, a server without parts, a shorter file, one without an ETag: never two files in one."""
    web.faults += [cut_after(60_000, 0, 0, 0), *([] if changed == "unknown" else [ETAG])]
    failed = save(web, tmp_path / "a.mp3")
    assert failed
    assert failed.passing
    assert (tmp_path / "a.mp3.part").exists()
    web.objects[KEY] = item(BODY[::-1])
    now: dict[str, list[Fault]] = {
        "another": [header("ETag", '"two"')],
        "no parts": [no_ranges],
        "shorter": [unless_from_the_start(status(416))],
        "unknown": [],
    }
    web.faults[:] = now[changed]
    assert save(web, tmp_path / "a.mp3") is None
    assert (tmp_path / "a.mp3").read_bytes() == BODY[::-1]


def unless_from_the_start(fault: Fault) -> Fault:
    """Only done to who asks for a part."""

    def done(answer: Answer) -> None:
        if "Range" in answer.asked:
            fault(answer)

    return done


def test_a_file_that_is_there_stays(web: Web, tmp_path: Path) -> None:
    """Whatever came in the meantime."""
    (tmp_path / "a.mp3").write_bytes(b"mine")
    assert save(web, tmp_path / "a.mp3")
    assert (tmp_path / "a.mp3").read_bytes() == b"mine"


def test_what_is_unfit_is_not_kept(web: Web, tmp_path: Path) -> None:
    """Judged before it has its name."""
    assert save(web, tmp_path / "a.mp3", fit=lambda path: "it is a page") == Failure("it is a page")
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_is_given_up(web: Web, tmp_path: Path) -> None:
    """Also where its length was not said, or was said to be small; nothing is left of it."""
    assert save(web, tmp_path / "a.mp3", most=50_000) == Failure("it is larger than 0 MB")
    assert Courier(web.address).read(web.address + KEY, most=50_000) == Failure("it is larger than 0 MB")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "passing"), [(404, False), (410, False), (403, False), (503, True), (429, True)])
def test_it_is_told_whether_another_try_may_help(number: int, passing: bool, web: Web, tmp_path: Path) -> None:
    """A page that is gone stays gone; a server that is busy does not stay busy."""
    web.faults.append(status(number))
    told = Failure(f"the server answers {number}", passing=passing)
    assert save(web, tmp_path / "a.mp3") == told
    assert Courier(web.address).read(web.address + KEY, most=10) == told


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://x.example/a", "//x.example", "x", "http://", "http://[x"]
)
def test_only_the_web_is_asked(address: str) -> None:
    """No file, no other protocol."""
    assert Courier().read(address, most=10) == Failure("that is no web address")


INSIDE = Failure("it leads to a machine inside this network")


def test_a_machine_inside_is_only_asked_where_it_was_named(web: Web) -> None:
    """By the same host and port: not by a feed, and not by another name for it."""
    assert Courier(web.address).read(web.address + KEY, most=200_000) == BODY
    assert Courier().read(web.address + KEY, most=200_000) == INSIDE
    assert Courier("https://show.example/feed").read(web.address + KEY, most=200_000) == INSIDE
    other = web.address.replace("127.0.0.1", "localhost")
    assert Courier(web.address).read(other + KEY, most=200_000) == INSIDE
    assert [asked for asked in web.asked if asked[0] == "GET"] == [("GET", KEY)]


def test_no_redirection_leads_inside(web: Web) -> None:
    """From a server that may be asked to one that may not: nothing is sent there."""
    with served({KEY: item()}) as other:
        web.faults.append(led_to(other.address))
        assert Courier(web.address).read(web.address + KEY, most=200_000) == INSIDE
        assert other.asked == []
        web.faults[:] = [header("Location", "file:///etc/passwd"), status(302)]
        assert Courier(web.address).read(web.address + KEY, most=10) == Failure("that is no web address")
        web.faults[:] = [led_to(web.address)]
        assert Courier(web.address).read(web.address + KEY, most=10) == Failure("it leads on and on")


def test_a_name_that_means_another_machine_when_it_is_called(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine that was reached is judged, not what a name meant before (DNS rebinding)."""
    port = int(web.address.rsplit(":", 1)[1].strip("/"))
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more))
    assert Courier().read(f"http://show.example:{port}/{KEY}", most=200_000) == INSIDE
    assert web.asked == []


INNER = (
    *("127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::"),
    "64:ff9b::a9fe:a9fe",
)


@pytest.mark.parametrize("address", INNER)
def test_addresses_inside(address: str) -> None:
    """Loopback, private, of the link, of clouds' own services, and those wrapped in IPv6."""
    assert not public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"])
def test_addresses_outside(address: str) -> None:
    """Machines of the whole internet."""
    assert public(address)
