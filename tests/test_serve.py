"""`omroep serve`: a server that real podcast clients subscribe to, download from and seek in."""

import http.client
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest

from tests.listeners import complaints
from tests.shows import write_episode, write_show
from tests.test_publish import OMROEP
from tests.tools import require


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of two episodes and a draft."""
    root = write_show(tmp_path_factory.mktemp("served"))
    write_episode(root, "01-een", chapters=["0:00 Begin"])
    write_episode(root, "02-twee", title="Beschikb@@r & één")
    write_episode(root, "03-concept", status="draft")
    return root


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    """Where it is served."""
    with serving(root) as address:
        yield address


@contextmanager
def serving(root: Path, *words: str) -> Iterator[str]:
    process = subprocess.Popen(
        [OMROEP, "--show", root, "serve", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PATH": "/nonexistent", "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout
        found = next(
            filter(None, (re.search(r"http://(?:127\.0\.0\.1|localhost):\d+/", line) for line in process.stdout))
        )
        yield found[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()


def asked(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def test_everything_is_composed_for_its_own_address(address: str) -> None:
    """Every address in the feed and every link on the pages is served here."""

    def read(key: str) -> bytes | None:
        status, _, body = asked(address, f"/{key}")
        return body if status == 200 else None

    assert complaints(read, address) == []
    feed = read("feed.xml")
    assert feed
    assert b"proef.example.org" not in feed


def test_audio_answers_ranges_and_conditions(address: str) -> None:
    """Players seek with ranges, and ask again only for what changed."""
    _, _, feed = asked(address, "/feed.xml")
    enclosure = feedparser.parse(feed).entries[0].enclosures[0]
    path = urlsplit(enclosure.href).path
    status, headers, whole = asked(address, path)
    assert (status, headers["content-type"], headers["accept-ranges"]) == (200, "audio/mpeg", "bytes")
    assert len(whole) == int(enclosure.length)
    status, headers, part = asked(address, path, Range="bytes=1000-1999")
    assert (status, part) == (206, whole[1000:2000])
    assert headers["content-range"] == f"bytes 1000-1999/{len(whole)}"
    assert asked(address, path, Range="bytes=-100")[2] == whole[-100:]
    assert asked(address, path, Range=f"bytes={len(whole)}-")[0] == 416
    status, headers, nothing = asked(address, path, "HEAD")
    assert (status, headers["content-length"], nothing) == (200, str(len(whole)), b"")
    assert asked(address, path, If_None_Match=headers["etag"])[0] == 304


def test_types_are_those_of_a_bucket(address: str) -> None:
    """Feed, pages and sidecars go out as what they are; web players of others may read transcripts."""
    assert asked(address, "/feed.xml")[1]["content-type"] == "application/xml; charset=utf-8"
    status, headers, _ = asked(address, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_pages_of_others_read_what_players_need_alone(address: str) -> None:
    """Feed, audio, chapters and transcripts, and no page."""
    feed = asked(address, "/feed.xml")[2].decode()
    shared = ["/feed.xml", *re.findall(r'="http://[^/"]*(/(?:audio|chapters|transcripts)/[^"]*)"', feed)]
    assert {path.split("/")[1] for path in shared} == {"feed.xml", "audio", "chapters", "transcripts"}
    for path in shared:
        assert asked(address, path)[1]["access-control-allow-origin"] == "*"
    for path in ("/", "/episodes/een.html", "/sitemap.xml", "/nergens"):
        assert "access-control-allow-origin" not in asked(address, path)[1]


def test_drafts_are_read_by_no_page_of_others(root: Path) -> None:
    """Of what is live nothing is shared, and another name gets nothing."""
    with serving(root, "--live") as address:
        for path in ("/feed.xml", "/episodes/concept.html", "/.omroep/live.js"):
            status, headers, _ = asked(address, path)
            assert (status, "access-control-allow-origin" in headers) == (200, False)
            assert asked(address, path, Host="evil.example")[0] == 421


def test_a_name_of_others_that_leads_here_is_misdirected(address: str) -> None:
    """DNS rebinding: a web site's own name may lead to this machine, and its pages would then read what is here."""
    port = urlsplit(address).port
    for name in (
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "[::1",
        "",
        "evil.example:127.0.0.1",
    ):
        for path in ("/", "/feed.xml", "/.omroep/turns"):
            assert asked(address, path, Host=f"{name}:{port}")[0] == 421
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        assert asked(address, "/", Host=f"{name}:{port}")[0] == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_it_answers_under_its_address_too(root: Path, host: str) -> None:
    """Whatever `--host` was: a number is nobody's name."""
    with serving(root, "--host", host) as address:
        port = urlsplit(address).port
        assert [asked(address, "/", Host=f"{name}:{port}")[0] for name in ("localhost", "127.0.0.1")] == [200, 200]


def test_what_is_not_there_is_kindly_told(address: str) -> None:
    """A 404 page with the site's own face; nothing outside the show; nothing can be written."""
    status, headers, body = asked(address, "/bestaat-niet")
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"<html" in body
    for path in ("/../feed/show.yaml", "/%2e%2e/feed/show.yaml", "//etc/passwd", "/feed/show.yaml"):
        assert asked(address, path)[0] == 404
    assert asked(address, "/index.html", "PUT")[0] == 405


def test_gpodder_subscribes_and_downloads(address: str, tmp_path: Path) -> None:
    """A real podcast client finds both episodes and downloads their audio whole."""
    gpo = shutil.which("gpo")
    require(gpo, "needs gPodder: apt-get install gpodder")

    def client(*words: str) -> str:
        environ = {"GPODDER_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
        done = subprocess.run([str(gpo), *words], env=environ, capture_output=True, text=True, timeout=120)
        return done.stdout + done.stderr

    told = client("subscribe", f"{address}feed.xml")
    told += client("update") + client("download")
    files = list((tmp_path / "Downloads").rglob("*.mp3"))
    assert len(files) == 2, told
    _, _, feed = asked(address, "/feed.xml")
    wanted = sorted(int(entry.enclosures[0].length) for entry in feedparser.parse(feed).entries)
    assert sorted(file.stat().st_size for file in files) == wanted
    assert "Beschikb@@r & één" in client("episodes")


def test_a_taken_port_is_told(address: str, tmp_path: Path) -> None:
    """In a sentence, with a status."""
    port = str(urlsplit(address).port)
    write_episode(write_show(tmp_path), "01-een")
    done = subprocess.run([OMROEP, "--show", tmp_path, "serve", "--port", port], capture_output=True, text=True)
    assert done.returncode == 5
    assert done.stderr == (
        f"problem: Port {port} on 127.0.0.1 cannot be listened at: Address already in use. "
        "Choose another with --port or --host.\n"
    )
