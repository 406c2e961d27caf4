"""`omroep verify`: every damage done to a really published show is named, and nothing else."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline import audit, digest, outside
from pipeline.audit import Report, feeds, files
from pipeline.audit.looking import Look
from pipeline.audit.seen import Manner
from pipeline.errors import StoreError
from pipeline.history import History
from pipeline.model import Cache, Key, Kind, Object
from pipeline.outside import Outside, beneath
from pipeline.store import s3
from pipeline.store.folder import FolderStore
from pipeline.store.memory import MemoryStore
from pipeline.store.raw import Bucket
from pipeline.verify import Inside, verify
from tests import seaweed, shell, web
from tests.shows import write_episode, write_show, write_tone
from tests.test_publish import OMROEP, edit, published

Found = set[tuple[str, str]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of two episodes of a second."""
    root = write_show(tmp_path_factory.mktemp("show"))
    for folder in ("01-een", "02-twee"):
        place = write_episode(root, folder, audio=b"", chapters=["0:00 Begin"], guests=["Zoë"])
        write_tone(place / "audio.wav", seconds=1.0, hz=300)
    return root


@pytest.fixture(scope="module")
def made(root: Path) -> MemoryStore:
    """It, published."""
    store = MemoryStore()
    published(root, store)
    return store


@pytest.fixture(scope="module")
def later(root: Path, made: MemoryStore) -> MemoryStore:
    """It, published again with another chapter, whose file has another name then."""
    store = MemoryStore()
    store.objects = dict(made.objects)
    edit(root, "01-een", "0:00 Begin", "0:00 Aanvang")
    published(root, store)
    edit(root, "01-een", "0:00 Aanvang", "0:00 Begin")
    return store


def found(report: Report) -> Found:
    """What was named, hashes left out of the keys."""
    return {(damage.rule, re.sub(r"\.[0-9a-f]{16}\.", ".", damage.key)) for damage in report.damages}


def only(store: MemoryStore, like: str) -> Object:
    """The one object whose key is like that."""
    (key,) = (key for key in store.objects if re.search(like, key))
    return store.objects[key]


def bodied(item: Object, body: bytes) -> Object:
    return replace(item, body=body, sha256=digest.of_bytes(body), size=len(body))


def body_of(item: Object) -> bytes:
    assert isinstance(item.body, bytes)
    return item.body


# --- damage to what is stored, in a real bucket that everybody may read -----------------------------------------------


@pytest.fixture(scope="module")
def bucket(s3_server: seaweed.Server) -> Iterator[str]:
    """A bucket that everybody may read, and the way into it."""
    name = f"verify-{uuid4().hex[:12]}"
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in s3_server.environment().items():
            patch.setenv(variable, value)
        client = s3.connect(f"s3://{name}").client
        client.create_bucket(Bucket=name)
        seaweed.let_everybody(client, name, "s3:GetObject")
        yield name


class Place:
    """A copy of the published show in a part of the bucket, to be damaged."""

    def __init__(self, made: MemoryStore, bucket: str, endpoint: str) -> None:
        prefix = uuid4().hex
        self.made = made
        self.store = s3.connect(f"s3://{bucket}/{prefix}")
        self.address = f"{endpoint}/{bucket}/{prefix}/"
        for item in made.objects.values():
            self.store.put(item)

    def report(self, *, quick: bool = False, manner: Manner = Manner.LISTENER) -> Report:
        if manner is Manner.SIGNED:
            look = Look(visitor=Outside(Bucket(self.store).signed), manner=manner)
        else:
            visitor = Outside(beneath(self.address))
            look = Look(visitor=visitor, manner=Manner.LISTENER, address=self.address, quick=quick)
        return verify(self.store, lambda release: look)

    def change(self, like: str, how: Callable[[Object], Object]) -> None:
        self.store.put(how(only(self.made, like)))

    def remove(self, like: str) -> "Place":
        self.store.delete(only(self.made, like).key)
        return self


def in_feed(old: str, new: str) -> Callable[[Place], None]:
    """The feed, edited where it lies."""

    def done(place: Place) -> None:
        text = body_of(only(place.made, r"^feed\.xml$")).decode()
        assert re.search(old, text, re.DOTALL)
        edited = re.sub(old, new, text, count=1, flags=re.DOTALL)
        place.change(r"^feed\.xml$", lambda item: bodied(item, edited.encode()))

    return done


def cut(item: Object) -> Object:
    return bodied(item, body_of(item)[:-100])


def longer(item: Object) -> Object:
    return bodied(item, body_of(item) + bytes(100))


def swapped(item: Object) -> Object:
    return bodied(item, bytes([body_of(item)[0] ^ 1]) + body_of(item)[1:])


AUDIO, PAGE, COVER = r"^audio/een\..*mp3$", r"^episodes/een\.html$", r"^images/cover\."
STORED: dict[str, tuple[Callable[[Place], object], Found]] = {
    "audio deleted": (lambda at: at.remove(AUDIO), {("gone", "audio/een.mp3")}),
    "audio cut": (lambda at: at.change(AUDIO, cut), {("size", "audio/een.mp3")}),
    "audio longer": (lambda at: at.change(AUDIO, longer), {("size", "audio/een.mp3")}),
    "audio swapped": (lambda at: at.change(AUDIO, swapped), {("bytes", "audio/een.mp3")}),
    "audio of the wrong type": (
        lambda at: at.change(AUDIO, lambda item: replace(item, type="text/plain")),
        {("type", "audio/een.mp3")},
    ),
    "audio hardly cached": (
        lambda at: at.change(AUDIO, lambda item: replace(item, cache=Cache.NONE)),
        {("cached-too-short", "audio/een.mp3")},
    ),
    "page missing": (lambda at: at.remove(PAGE), {("gone", "episodes/een.html")}),
    "page edited": (lambda at: at.change(PAGE, swapped), {("bytes", "episodes/een.html")}),
    "page cached for ever": (
        lambda at: at.change(PAGE, lambda item: replace(item, cache=Cache.IMMUTABLE)),
        {("cached-too-long", "episodes/een.html")},
    ),
    "cover missing": (lambda at: at.remove(COVER), {("gone", "images/cover.jpg")}),
    "chapters missing": (lambda at: at.remove(r"^chapters/een\."), {("gone", "chapters/een.json")}),
    "transcript swapped": (lambda at: at.change(r"^transcripts/een\.", swapped), {("bytes", "transcripts/een.vtt")}),
    "feed deleted": (lambda at: at.remove(r"^feed\.xml$"), {("gone", "feed.xml")}),
    "feed deleted, audio cut": (
        lambda at: at.remove(r"^feed\.xml$").change(AUDIO, cut),
        {("gone", "feed.xml"), ("size", "audio/een.mp3")},
    ),
    "feed cached for ever": (
        lambda at: at.change(r"^feed\.xml$", lambda item: replace(item, cache=Cache.IMMUTABLE)),
        {("cached-too-long", "feed.xml")},
    ),
    "feed of the wrong type": (
        lambda at: at.change(r"^feed\.xml$", lambda item: replace(item, type="text/html")),
        {("type", "feed.xml")},
    ),
    "guid edited": (in_feed("guid-of-01-een", "another-guid"), {("guid-changed", "feed.xml")}),
    "guid doubled": (
        in_feed(r"(<item>(?:(?!</item>).)*</item>)", r"\1\1"),
        {("guid-doubled", "feed.xml")},
    ),
    "item dropped": (in_feed(r"<item>(?:(?!</item>).)*</item>", ""), {("item-dropped", "feed.xml")}),
    "item added": (
        in_feed(r"</channel>", "<item><title>Vreemd</title><guid>x</guid></item></channel>"),
        {("item-added", "feed.xml")},
    ),
    "enclosure edited": (
        in_feed(r'length="(\d+)" type="audio', r'length="1\1" type="audio'),
        {("enclosure-changed", "feed.xml")},
    ),
    "title edited": (in_feed("<title>Proefshow", "<title>Proefsjow"), {("feed-changed", "feed.xml")}),
    "feed broken": (in_feed("</channel>", ""), {("feed-broken", "feed.xml")}),
    "feed of somebody else": (
        in_feed("<!-- omroep release .*? -->", ""),
        {("feed-changed", "feed.xml")},
    ),
    "orphan": (
        lambda at: at.change(AUDIO, lambda item: replace(item, key=Key("audio/oud.mp3"))),
        {("orphan", "audio/oud.mp3")},
    ),
    "record missing": (lambda at: at.remove(r"^releases/[0-9a-f]{32}\.json$"), {("record", "releases/RECORD.json")}),
    "record damaged": (
        lambda at: at.change(r"^releases/[0-9a-f]{32}\.json$", cut),
        {("record", "releases/RECORD.json")},
    ),
    "mark missing": (lambda at: at.remove(r"^feed\.log/"), {("unsettled", "feed.xml")}),
}
ADVICE = {"orphan", "unsettled", "cached-too-short"}


@pytest.mark.parametrize("name", STORED)
def test_damage_in_a_bucket_is_named(name: str, made: MemoryStore, bucket: str, s3_server: seaweed.Server) -> None:
    """Exactly the damage that was done, and whether listeners notice it; each with a way out."""
    place = Place(made, bucket, s3_server.endpoint)
    damage, wanted = STORED[name]
    damage(place)
    report = place.report()
    got = {(rule, re.sub(r"[0-9a-f]{32}", "RECORD", key)) for rule, key in found(report)}
    assert got == wanted
    assert report.damaged == bool({rule for rule, _ in wanted} - ADVICE)
    for problem in audit.problems(report.damages):
        assert problem.why
        assert problem.mend


def test_a_good_bucket_raises_no_alarm(made: MemoryStore, bucket: str, s3_server: seaweed.Server) -> None:
    """As a listener, as a listener in a hurry, and with the publisher's own rights; nothing is written."""
    place = Place(made, bucket, s3_server.endpoint)
    before = list(place.store.list())
    reports = [place.report(), place.report(quick=True), place.report(manner=Manner.SIGNED)]
    assert [audit.problems(report.damages) and list(audit.problems(report.damages)) for report in reports] == [[]] * 3
    assert {report.looked_at for report in reports} == {len(made.objects) - 2}
    assert list(place.store.list()) == before


def test_an_earlier_releases_files_are_no_orphans(later: MemoryStore, bucket: str, s3_server: seaweed.Server) -> None:
    """What any record names belongs to something."""
    assert len([key for key in later.objects if re.match(r"chapters/een\.", key)]) == 2
    assert found(Place(later, bucket, s3_server.endpoint).report()) == set()


def test_a_private_bucket_is_told_once(made: MemoryStore, s3_server: seaweed.Server, bucket: str) -> None:
    """In one sentence for all files; from inside, the same bucket is well."""
    private = f"private-{uuid4().hex[:12]}"
    s3.connect(f"s3://{private}").client.create_bucket(Bucket=private)
    place = Place(made, private, s3_server.endpoint)
    (told,) = audit.problems(place.report().damages)
    assert (told.rule, told.fatal) == ("private", True)
    assert "refused to strangers (status 403), while the store has it" in told.what
    assert f"{len(made.objects) - 2} files" in told.what
    assert found(place.report(manner=Manner.SIGNED)) == set()


# --- damage by the server ---------------------------------------------------------------------------------------------


@pytest.fixture
def server(made: MemoryStore) -> Iterator[web.Web]:
    """The show on a web server that can be made a bad one."""
    with web.served(made.objects) as server:
        yield server


def looked(store: MemoryStore | FolderStore, server: web.Web, *, quick: bool = False) -> Report:
    visitor = Outside(beneath(server.address))
    look = Look(visitor=visitor, manner=Manner.LISTENER, address=server.address, quick=quick)
    return verify(store, lambda release: look)


def each(made: MemoryStore, rule: str, *kinds: Kind) -> Found:
    """That rule for every object of those kinds."""
    return {(rule, re.sub(r"\.[0-9a-f]{16}\.", ".", item.key)) for item in made.objects.values() if item.kind in kinds}


SERVED: dict[str, tuple[web.Fault, Callable[[MemoryStore], Found]]] = {
    "no ranges": (web.no_ranges, lambda made: each(made, "ranges", Kind.AUDIO, Kind.PICTURE)),
    "other ranges": (web.other_range, lambda made: each(made, "ranges", Kind.AUDIO, Kind.PICTURE)),
    "no HEAD": (web.no_head, lambda made: each(made, "head", Kind.AUDIO, Kind.PICTURE)),
    "no CORS": (
        web.header("Access-Control-Allow-Origin", None),
        lambda made: each(made, "cors", Kind.SIDECAR) | each(made, "cors-advised", Kind.AUDIO, Kind.FEED),
    ),
    "everything compressed": (web.squeezed, lambda made: each(made, "compressed", Kind.AUDIO)),
    "no types": (
        web.header("Content-Type", "application/octet-stream"),
        lambda made: each(made, "type", *set(Kind) - {Kind.RECORD, Kind.LOG}),
    ),
    "nearly the right types": (
        web.of("feed.xml", web.header("Content-Type", "text/xml")),
        lambda made: {("other-type", "feed.xml")},
    ),
    "another charset": (
        web.of("404.html", web.header("Content-Type", "text/html; charset=iso-8859-1")),
        lambda made: {("type", "404.html")},
    ),
    "no caching said": (
        web.of("feed.xml", web.header("Cache-Control", None)),
        lambda made: {("cache-unsaid", "feed.xml")},
    ),
    "one file private": (web.of("audio/een", web.status(403)), lambda made: {("private", "audio/een.mp3")}),
    "one file not shown": (web.of("audio/een", web.status(404)), lambda made: {("not-shown", "audio/een.mp3")}),
    "one file fails": (web.of("audio/een", web.status(418)), lambda made: {("failing", "audio/een.mp3")}),
    "one file breaks off": (web.of("audio/een", web.cut_short), lambda made: {("size", "audio/een.mp3")}),
}


@pytest.mark.parametrize("name", SERVED)
def test_damage_by_a_server_is_named(name: str, made: MemoryStore, server: web.Web) -> None:
    """A bad web server or CDN in front of a good store: exactly what it does wrong, for the files it does it to."""
    fault, wanted = SERVED[name]
    server.faults.append(fault)
    assert found(looked(made, server)) == wanted(made)


def test_a_good_server_raises_no_alarm(made: MemoryStore, server: web.Web) -> None:
    """Nothing is told, and a hurried look reads no audio."""
    assert found(looked(made, server)) == set()
    server.asked.clear()
    assert found(looked(made, server, quick=True)) == set()
    audio = [method for method, key in server.asked if key.startswith("audio/een")]
    assert sorted(audio) == ["GET", "HEAD"]


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        (web.of("audio/een", web.status(404)), "not-shown"),
        (web.of("audio/een", web.no_ranges), "ranges"),
        (web.of("audio/een", web.header("Content-Type", "text/plain")), "type"),
    ],
)
def test_a_hurried_look_sees_the_server(fault: web.Fault, rule: str, made: MemoryStore, server: web.Web) -> None:
    """What the server does wrong is seen without reading audio."""
    server.faults.append(fault)
    assert found(looked(made, server, quick=True)) == {(rule, "audio/een.mp3")}


@pytest.mark.parametrize(("body", "rule"), [(b"<html>log in</html>", "size"), (None, "bytes")])
def test_a_hurried_look_sees_what_is_no_audio(
    body: bytes | None, rule: str, made: MemoryStore, server: web.Web
) -> None:
    """By its size, or by how it begins."""
    audio = only(made, AUDIO)
    server.objects[audio.key] = bodied(audio, body or bytes(audio.size))
    assert found(looked(made, server, quick=True)) == {(rule, "audio/een.mp3")}


def test_a_stale_feed_is_named(made: MemoryStore, later: MemoryStore, server: web.Web) -> None:
    """A cache that shows the feed of an earlier release than the store holds; both are named."""
    server.objects = dict(later.objects) | {Key("feed.xml"): made.objects[Key("feed.xml")]}
    report = looked(later, server)
    assert found(report) == {("stale-feed", "feed.xml")}
    (told,) = audit.problems(report.damages)
    ids = [(History.of((key, None) for key in store.objects).live or "")[:12] for store in (made, later)]
    assert f"that of release {ids[0]}; the store holds release {ids[1]}" in told.what
    assert "purge" in told.mend


def test_a_damaged_feed_behind_a_good_cache(made: MemoryStore, later: MemoryStore, server: web.Web) -> None:
    """What the store holds is judged too: it is what everybody gets once the cache has run out."""
    store = MemoryStore()
    item = made.objects[Key("feed.xml")]
    dropped = re.sub(rb"<item>.*?</item>", b"", body_of(item), count=1, flags=re.DOTALL)
    store.objects = dict(made.objects) | {item.key: bodied(item, dropped)}
    assert found(looked(store, server)) == {("item-dropped", "feed.xml")}
    server.objects[item.key] = later.objects[item.key]
    assert found(looked(store, server)) == {("item-dropped", "feed.xml"), ("stale-feed", "feed.xml")}


def test_somebody_elses_answer_is_named(made: MemoryStore, server: web.Web) -> None:
    """Led on to another host: advice while the bytes are right, damage when they are not."""
    with web.served(made.objects) as other:
        server.faults.append(web.of("audio/een", web.led_to(other.address)))
        report = looked(made, server)
        assert (found(report), report.damaged) == ({("moved", "audio/een.mp3")}, False)
        other.objects = {key: bodied(item, b"Log in first.") for key, item in made.objects.items()}
        report = looked(made, server)
        assert (found(report), report.damaged) == ({("elsewhere", "audio/een.mp3")}, True)
        assert other.address.removeprefix("http://").rstrip("/") in report.damages[0].told


def test_nobody_there_is_told_once_and_soon(made: MemoryStore, server: web.Web) -> None:
    """An address without a server, and a name without an address: the feed is asked for, and no more."""
    for address, said in (("http://127.0.0.1:9/", "nobody listens"), ("http://nobody.invalid/", "name is not known")):
        look = Look(visitor=Outside(beneath(address)), manner=Manner.LISTENER, address=address)
        report = verify(made, lambda release, look=look: look)  # type: ignore[misc]
        assert (found(report), report.looked_at) == ({("no-answer", "feed.xml")}, 1)
        assert said in report.damages[0].told


def test_a_drip_is_given_up(made: MemoryStore, server: web.Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that comes too slowly to listen to ends in bounded time, and is told as such."""
    monkeypatch.setattr(outside, "_PATIENCE_S", 0.3)
    server.faults.append(web.of("audio/een", web.dripping))
    report = looked(made, server)
    assert found(report) == {("size", "audio/een.mp3")}


def test_nothing_published_is_told(server: web.Web) -> None:
    """It is no damage, but there is nothing to look at."""
    with pytest.raises(StoreError, match="Nothing is published"):
        looked(MemoryStore(), server)


# --- a folder, and the program ----------------------------------------------------------------------------------------


@pytest.fixture
def folder(made: MemoryStore, tmp_path: Path) -> Path:
    """The published show as files."""
    store = FolderStore(tmp_path / "public")
    for item in made.objects.values():
        store.put(item)
    return tmp_path / "public"


def omroep(root: Path, place: Path, *words: str) -> shell.Said:
    return shell.said(root, "verify", "--to", place, *words, PATH="")


def program(root: Path, place: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [OMROEP, "--show", root, "verify", "--to", place, *words]
    return subprocess.run(command, capture_output=True, text=True, env={"PATH": "", "LC_ALL": "C.UTF-8"} | environ)


def test_a_folder_is_looked_at_as_files(root: Path, folder: Path) -> None:
    """It is well, and what was not looked at is said; with a byte flipped, status 7."""
    done = omroep(root, folder)
    assert (done.status, done.stderr) == (0, "verify: looking\n".replace("verify", "what is published"))
    assert "as files in a folder; types, caching and ranges" in done.stdout
    assert "All is well." in done.stdout
    (audio,) = folder.glob("audio/een.*.mp3")
    audio.write_bytes(audio.read_bytes()[:-1] + b"\0")
    done = omroep(root, folder)
    assert done.status == 7
    assert f"problem: {audio.relative_to(folder)}, the audio of “Aflevering over 01-een”: other bytes" in done.stderr
    assert "Something is wrong that listeners notice." in done.stdout


def test_a_folder_at_an_address(root: Path, folder: Path, server: web.Web) -> None:
    """With --url the folder's web server is looked at, and JSON names every file."""
    done = omroep(root, folder, "--url", server.address, "--json")
    told = json.loads(done.stdout)
    assert (done.status, told["ok"], told["problems"], told["address"]) == (0, True, [], server.address)
    server.faults.append(web.no_ranges)
    done = omroep(root, folder, "--url", server.address, "--json")
    told = json.loads(done.stdout)
    assert (done.status, told["ok"], told["looked"]) == (7, False, "listener")
    assert {damage["rule"] for damage in told["damages"]} == {"ranges"}
    assert len(told["problems"]) == 1


@pytest.mark.parametrize("words", [("--url", "PLACE"), ("--inside",), ("--inside", "--quick")], ids=" ".join)
def test_a_bucket_by_the_program(
    words: tuple[str, ...], root: Path, made: MemoryStore, bucket: str, s3_server: seaweed.Server
) -> None:
    """As a listener and with the publisher's own rights: well, then damaged; no secret and no signature is printed."""
    place = Place(made, bucket, s3_server.endpoint)

    def told() -> subprocess.CompletedProcess[str]:
        said = [place.address if word == "PLACE" else word for word in words]
        return program(root, place.store.name, *said, "--json", **s3_server.environment())

    assert [json.loads(told().stdout)[name] for name in ("ok", "problems")] == [True, []]
    place.change(AUDIO, lambda item: replace(item, type="text/plain"))
    place.change(PAGE, cut)
    place.remove(COVER)
    done = told()
    assert done.returncode == 7
    assert {damage["rule"] for damage in json.loads(done.stdout)["damages"]} == {"type", "size", "gone"}
    for secret in (s3_server.secret_key, s3_server.access_key, "X-Amz", "Signature"):
        assert secret not in done.stdout + done.stderr


def test_what_cannot_be_looked_at_is_told(root: Path, folder: Path) -> None:
    """Nothing published: status 5. An address and --inside at once: status 2."""
    done = omroep(root, folder.parent / "elsewhere")
    assert (done.status, "Nothing is published at" in done.stderr) == (5, True)
    assert omroep(root, folder, "--inside", "--url", "http://x.example/").status == 2


def test_files_are_read_a_piece_at_a_time(made: MemoryStore, tmp_path: Path) -> None:
    """Through a folder nothing but the feed is held in memory."""
    store = FolderStore(tmp_path)
    for item in made.objects.values():
        store.put(item)
    seen = Inside(store).get(only(made, AUDIO).key, size=1)
    assert (seen.body, seen.sha256) == (None, only(made, AUDIO).sha256)


def test_every_rule_is_documented() -> None:
    """With its row in docs/operating.md, which says whether it gives status 7."""
    text = (Path(__file__).parent.parent / "docs" / "operating.md").read_text("utf-8")
    section = text.partition("## Looking at what is published: verify")[2].partition("\n## ")[0]
    told = {
        row[1]: row[2] == "yes" for row in re.finditer(r"^\| `([\w-]+)` \| .*? \| (yes)? ?\|$", section, re.MULTILINE)
    }
    rules = {rule.id: rule.fatal for rule in (*files.PRESENCE, *files.CONTENTS, *files.SERVED)}
    assert told == rules | dict.fromkeys(feeds.WHY, True) | {"record": True, "unsettled": False, "orphan": False}
