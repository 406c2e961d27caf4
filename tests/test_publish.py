"""The whole river, from files to what listeners get, on real stores and with real sound."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from pipeline import apply, catalog, digest, publish
from pipeline.audio.deliver import Studio
from pipeline.errors import Refused, ShowError
from pipeline.model import Cache, Key, Kind, Object, Plan, Version
from pipeline.publish import Newsroom, Prepared
from pipeline.store import ANYTHING, Anything
from pipeline.store.memory import MemoryStore
from tests import seaweed
from tests.listeners import complaints
from tests.shows import write_episode, write_show, write_tone

BASE = "https://proef.example.org/"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OMROEP = Path(sys.executable).with_name("omroep")


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of three episodes, its audio mastered once for all tests."""
    root = write_show(tmp_path_factory.mktemp("show"))
    for folder in ("01-een", "02-twee", "03-drie"):
        guests = ["Zoë", {"name": f"Gast van {folder}", "organisation": "Beschikb@@r"}]
        write_episode(root, folder, guests=guests, topics=["detachering"], chapters=["0:00 Begin", "0:01 Verder"])
    prepared(root, MemoryStore())
    return root


@pytest.fixture
def root(three: Path, tmp_path: Path) -> Path:
    """A copy of `three` that a test may change."""
    return Path(shutil.copytree(three, tmp_path / "show"))


def room(root: Path, *, now: datetime = NOW) -> Newsroom:
    return Newsroom(root=root, studio=Studio(root=root, cache=root / ".omroep", environ={"PATH": ""}), now=now)


def prepared(root: Path, store: MemoryStore, *, now: datetime = NOW) -> Prepared:
    return publish.prepare(room(root, now=now), lambda show: store, lambda title, what, part: None)


def published(root: Path, store: MemoryStore, *, now: datetime = NOW) -> Plan:
    ready = prepared(root, store, now=now)
    publish.publish(ready, lambda action: None)
    return ready.plan


def edit(root: Path, folder: str, old: str, new: str) -> None:
    path = root / "episodes" / folder / "episode.md"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def reader(store: MemoryStore) -> Iterator[bytes | None]:
    return lambda key: held.body if (held := store.objects.get(Key(key))) else None  # type: ignore[return-value]


def seen(store: MemoryStore) -> list[str]:
    return complaints(reader(store), BASE)  # type: ignore[arg-type]


def puts(store: MemoryStore) -> list[Key]:
    return [key for verb, key in store.log if verb in ("put", "delete")]


# --- nothing to do ----------------------------------------------------------------------------------------------------


def test_a_first_publish_is_whole(root: Path) -> None:
    """Every link of feed and pages leads somewhere, and what the plan named is what was written."""
    store = MemoryStore()
    made = published(root, store)
    assert seen(store) == []
    assert sorted(puts(store)) == sorted(action.object.key for action in made.actions)
    assert {key for key in store.objects if key.endswith(".mp3")} == {
        action.object.key for action in made.actions if action.object.type == "audio/mpeg"
    }


def test_the_second_publish_writes_nothing(root: Path) -> None:
    """No put, no delete, and three small reads."""
    store = MemoryStore()
    published(root, store)
    store.log.clear()
    assert published(root, store).actions == ()
    assert puts(store) == []
    assert len(store.log) == 3


def test_planning_writes_nothing(root: Path) -> None:
    """A dry run is a plan that is not carried out."""
    store = MemoryStore()
    assert prepared(root, store).plan.actions
    assert puts(store) == []


def test_the_same_show_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    """Another folder, another moment, another cache: byte for byte the same store."""
    elsewhere = Path(shutil.copytree(root, tmp_path / "élders", ignore=shutil.ignore_patterns(".omroep")))
    here, there = MemoryStore(), MemoryStore()
    published(root, here)
    published(elsewhere, there, now=datetime(2035, 6, 1, tzinfo=UTC))
    assert {key: item.body for key, item in here.objects.items()} == {
        key: item.body for key, item in there.objects.items()
    }


# --- listeners never see half -----------------------------------------------------------------------------------------


class Watched(MemoryStore):
    """After every write, asks whether a listener would stumble."""

    def __init__(self) -> None:
        super().__init__()
        self.stumbled: list[tuple[Key, list[str]]] = []
        self.moments = 0

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        version = super().put(item, expected=expected)
        with self._lock:
            self.moments += 1
        if found := complaints(lambda key: held.body if (held := self.objects.get(Key(key))) else None, BASE):  # type: ignore[return-value, arg-type]
            self.stumbled.append((item.key, found))
        return version


def change_everything(root: Path) -> None:
    write_episode(root, "04-vier", topics=["nieuw", "detachering"], guests=["Zoë", "Nieuwe gast"])
    edit(root, "02-twee", "Aflevering over", "Alles over")
    edit(root, "03-drie", "Notities.", "Heel andere notities.")


def test_every_moment_of_a_publish_is_whole(root: Path) -> None:
    """After each single write, of a first publish and of a change, all links of feed and pages lead somewhere."""
    store = Watched()
    published(root, store)
    first = store.moments
    change_everything(root)
    published(root, store)
    assert first > 25
    assert store.moments - first > 8
    assert store.stumbled == []


def test_another_order_would_be_noticed(root: Path) -> None:
    """The same plan carried out backwards does break links: the watch above can fail."""
    store = Watched()
    published(root, store)
    change_everything(root)
    for action in reversed(prepared(root, store).plan.actions):
        store.put(action.object)
    assert store.stumbled != []


def test_a_publish_that_stops_half_way_is_finished_by_the_next(root: Path) -> None:
    """Stopped after every possible number of writes, one more publish ends in the same bytes as an undisturbed one."""
    base = MemoryStore()
    published(root, base)
    change_everything(root)
    whole = copied(base)
    count = len(published(root, whole).actions)
    for stop in range(count):
        store = copied(base)
        half = prepared(root, store).plan
        apply.run(replace(half, actions=half.actions[:stop]), store)
        published(root, store)
        assert {key: item.body for key, item in store.objects.items()} == {
            key: item.body for key, item in whole.objects.items()
        }, f"stopped after {stop} writes"
        assert prepared(root, store).plan.actions == ()


def copied(store: MemoryStore) -> MemoryStore:
    other = MemoryStore()
    other.objects = dict(store.objects)
    return other


# --- what is remembered -----------------------------------------------------------------------------------------------


def test_published_audio_is_not_made_again(root: Path) -> None:
    """Another title, other notes, other settings, a pointer in place of the recording: the audio stays as it is."""
    store = MemoryStore()
    published(root, store)
    before = {key for key in store.objects if key.endswith(".mp3")}
    edit(root, "01-een", "Aflevering over", "Alles over")
    show = root / "feed" / "show.yaml"
    show.write_text(show.read_text("utf-8") + "audio: {loudness: -19}\n", "utf-8")
    audio = root / "episodes" / "01-een" / "audio.wav"
    source = catalog.load(root).episodes[0].audio
    audio.write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{source.sha256}\nsize {source.size}\n", "utf-8"
    )
    shutil.rmtree(root / ".omroep")
    made = prepared(root, store)
    publish.publish(made, lambda action: None)
    assert {key for key in store.objects if key.endswith(".mp3")} == before
    assert not (root / ".omroep").exists()
    assert len(publish.outdated(made.edition)) == 3


def test_replaced_audio_is_a_new_object_under_the_same_guid(root: Path) -> None:
    """The old file stays for those who are listening to it."""
    store = MemoryStore()
    published(root, store)
    before = {key for key in store.objects if key.endswith(".mp3")}
    write_episode(root, "01-een", audio=(root / "episodes" / "02-twee" / "audio.wav").read_bytes(), topics=["x"])
    made = published(root, store)
    after = {key for key in store.objects if key.endswith(".mp3")}
    assert before < after
    assert len(after) == 4
    assert "gets other audio" in " ".join(made.changes)
    assert seen(store) == []


def test_a_raised_revision_masters_again(root: Path) -> None:
    """The way to have chapters and titles put into a published file."""
    store = MemoryStore()
    published(root, store)
    text = (root / "episodes/01-een/episode.md").read_text("utf-8").replace("---\n", "---\nrevision: 2\n", 1)
    (root / "episodes/01-een/episode.md").write_text(text.replace("Begin", "Heel ander begin"), "utf-8")
    made = published(root, store)
    assert len([action for action in made.actions if action.object.type == "audio/mpeg"]) == 1


# --- what is refused --------------------------------------------------------------------------------------------------


def refused(root: Path, store: MemoryStore) -> str:
    before = dict(store.objects)
    with pytest.raises((Refused, ShowError)) as caught:
        published(root, store)
    assert store.objects == before
    return str(caught.value)


def test_an_episode_that_is_missing_stops_the_publish(root: Path) -> None:
    """A wrong branch or a sparse checkout does not shrink the feed; the missing episodes are named."""
    store = MemoryStore()
    published(root, store)
    shutil.rmtree(root / "episodes" / "02-twee")
    assert "“Aflevering over 02-twee” is published, but is missing" in refused(root, store)
    shutil.rmtree(root / "episodes" / "01-een")
    shutil.rmtree(root / "episodes" / "03-drie")
    assert refused(root, store).count("is missing from episodes/") == 3


def test_a_changed_guid_stops_the_publish(root: Path) -> None:
    """Every app would download the episode again."""
    store = MemoryStore()
    published(root, store)
    edit(root, "02-twee", "guid-of-02-twee", "iets-anders")
    assert "Write `guid: guid-of-02-twee`" in refused(root, store)


@pytest.mark.parametrize(
    ("old", "new"), [("2020-10-02", "2031-10-02"), ("---\n\nNotities", "status: draft\n---\n\nNotities")]
)
def test_a_published_episode_does_not_hide_by_accident(root: Path, old: str, new: str) -> None:
    """A draft again, or a date in the future: asked for in so many words, or not at all."""
    store = MemoryStore()
    published(root, store)
    edit(root, "02-twee", old, new)
    assert "now a draft or dated in the future" in refused(root, store)


def test_withdrawing_is_deliberate_and_kind(root: Path) -> None:
    """The item goes, its page says so, and bringing it back brings the same guid and the same audio."""
    store = MemoryStore()
    published(root, store)
    feed = store.objects[Key("feed.xml")].body
    edit(root, "02-twee", "---\n\nNotities", "status: withdrawn\n---\n\nNotities")
    published(root, store)
    assert b"guid-of-02-twee" not in store.objects[Key("feed.xml")].body  # type: ignore[operator]
    assert b"<audio" not in store.objects[Key("episodes/twee.html")].body  # type: ignore[operator]
    assert seen(store) == []
    edit(root, "02-twee", "status: withdrawn\n", "")
    shutil.rmtree(root / ".omroep")
    published(root, store)
    assert store.objects[Key("feed.xml")].body == feed
    assert not (root / ".omroep").exists()


def test_a_feed_of_somebody_else_is_not_written_over(root: Path) -> None:
    """An HTML error page or another show's feed at that address is no reason to begin anew."""
    store = MemoryStore()
    store.put(
        Object(
            key=Key("feed.xml"),
            kind=Kind.FEED,
            type="text/html",
            cache=Cache.SHORT,
            sha256=digest.of_bytes(b"<html>503"),
            size=9,
            body=b"<html>503",
        )
    )
    assert "was not published by omroep" in refused(root, store)


def test_a_draft_and_a_scheduled_episode_leave_no_trace(root: Path) -> None:
    """Nothing of them is written anywhere before their time; at their time they appear."""
    store = MemoryStore()
    write_episode(root, "08-geheim", status="draft", title="Geheime aflevering", audio=b"not even audio")
    write_episode(root, "09-straks", date="2027-05-01", title="Latere aflevering", topics=["laatbloeier"])
    published(root, store)
    everything = b"".join(item.body for item in store.objects.values() if isinstance(item.body, bytes))
    for word in (b"Geheime", b"geheim", b"Latere", b"straks", b"laatbloeier"):
        assert word not in everything
    (root / "episodes/08-geheim/audio.wav").unlink()
    shutil.rmtree(root / "episodes/08-geheim")
    published(root, store, now=datetime(2027, 5, 1, tzinfo=UTC))
    assert b"Latere aflevering" in store.objects[Key("feed.xml")].body  # type: ignore[operator]
    assert seen(store) == []


# --- the command, on real stores --------------------------------------------------------------------------------------


def omroep(root: Path, *arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """The real command in a process of its own, as a producer runs it."""
    clean = {"PATH": "/nonexistent", "HOME": str(root), "LC_ALL": "C.UTF-8"}
    command = [OMROEP, "--show", root, *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, env=clean | environ, cwd=root)


def bucket(server: seaweed.Server, prefix: str) -> dict[str, tuple[str, datetime]]:
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
    )
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=server.bucket, Prefix=prefix)
    return {item["Key"]: (item["ETag"], item["LastModified"]) for page in pages for item in page.get("Contents", [])}


def test_a_fresh_clone_publishes_nothing_and_renders_nothing(
    root: Path, tmp_path: Path, s3_server: seaweed.Server
) -> None:
    """Another folder, cache, time zone, locale, hash seed and no ffmpeg at all: the bucket is not touched."""
    place = f"s3://{s3_server.bucket}/{tmp_path.name}"
    first = omroep(root, "publish", "--to", place, **s3_server.environment())
    assert (first.returncode, first.stderr) == (0, "")
    before = bucket(s3_server, f"{tmp_path.name}/")
    assert len(before) > 25
    clone = Path(shutil.copytree(root, tmp_path / "Kloon é", ignore=shutil.ignore_patterns(".omroep")))
    elsewhere = {"TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7", "OMROEP_FFMPEG": "/nonexistent"}
    again = omroep(clone, "publish", "--to", place, **s3_server.environment(), **elsewhere)
    assert (again.returncode, again.stderr) == (0, "")
    assert "Nothing to do" in again.stdout
    assert bucket(s3_server, f"{tmp_path.name}/") == before


def test_a_plan_equals_what_publish_then_writes(root: Path, tmp_path: Path) -> None:
    """`plan --json` names every file that `publish --json` reports, and writes nothing itself."""
    site = tmp_path / "site"
    planned = omroep(root, "plan", "--json", "--to", site)
    assert planned.returncode == 0, planned.stderr
    assert not site.exists() or not [path for path in site.rglob("*") if path.is_file()]
    done = json.loads(omroep(root, "publish", "--json", "--to", site).stdout)
    told = json.loads(planned.stdout)
    assert sorted(action["key"] for action in told["actions"]) == sorted(done["written"])
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert {name for name in files if not name.startswith(".")} == set(done["written"])
    assert told["release"] == done["release"]


def test_build_and_publish_are_one_path(root: Path, tmp_path: Path) -> None:
    """The same bytes, whether built or published."""
    assert omroep(root, "build", "--to", tmp_path / "a").returncode == 0
    assert omroep(root, "publish", "--to", tmp_path / "b").returncode == 0
    listed = [
        {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (tmp_path / "a", tmp_path / "b")
    ]
    assert listed[0] == listed[1]


def test_another_base_url_reaches_every_address(root: Path, tmp_path: Path) -> None:
    """No address of the show's own is left in the feed, and pages go on working anywhere."""
    there = "https://elders.example.net/show/"
    assert omroep(root, "build", "--to", tmp_path, "--base-url", there.rstrip("/")).returncode == 0
    feed = (tmp_path / "feed.xml").read_text("utf-8")
    assert "proef.example.org" not in feed
    read = lambda key: path.read_bytes() if (path := tmp_path / key).is_file() else None  # noqa: E731
    assert complaints(read, there) == []


BAD = {
    "broken-yaml": (3, "not valid YAML"),
    "empty-audio": (3, "is empty (0 bytes)"),
    "text-as-mp3": (3, "cannot be read"),
    "small-cover": (3, "is 100 × 100 pixels"),
    "twins": (3, "have the same guid"),
    "no-transcript": (3, "`transcript.vtt` is not there"),
}


def spoil(root: Path, how: str) -> None:
    folder = root / "episodes" / "02-twee"
    if how == "broken-yaml":
        edit(root, "02-twee", "title: ", "title: a: b: ")
    elif how == "empty-audio":
        (folder / "audio.wav").write_bytes(b"")
    elif how == "text-as-mp3":
        (folder / "audio.wav").unlink()
        (folder / "audio.mp3").write_text("Dit is geen geluid.\n" * 20)
        edit(root, "02-twee", "audio.wav", "audio.mp3")
    elif how == "small-cover":
        from PIL import Image

        Image.new("RGB", (100, 100)).save(root / "feed" / "cover.png")
    elif how == "twins":
        edit(root, "02-twee", "guid-of-02-twee", "guid-of-01-een")
    else:
        (folder / "transcript.vtt").unlink()


@pytest.mark.parametrize("how", BAD)
@pytest.mark.parametrize("verb", ["check", "publish"])
def test_bad_input_is_told_and_nothing_is_written(verb: str, how: str, root: Path, tmp_path: Path) -> None:
    """A sentence that says where and what to do, a documented status, no traceback, an untouched destination."""
    status, said = BAD[how]
    spoil(root, how)
    place: list[str | Path] = [] if verb == "check" else ["--to", tmp_path / "site"]
    done = omroep(root, verb, *place)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("site/**/*.*"))


def test_a_bug_shows_its_traceback_and_a_wrong_option_its_usage(root: Path) -> None:
    """Exit statuses are what the documentation says."""
    assert omroep(root, "publsh").returncode == 2
    assert omroep(root, "publish", "--to", "ftp://x").returncode == 2
    assert omroep(root / "episodes", "check").returncode == 3


def test_an_interrupt_ends_everything_at_once(root: Path, tmp_path: Path) -> None:
    """Ctrl-C while mastering: status 130, a sentence, no ffmpeg left, nothing written; the next run does it."""
    write_episode(root, "04-lang", audio=b"")
    write_tone(root / "episodes/04-lang/audio.wav", seconds=60, rate=48000)
    site = tmp_path / "site"
    command: list[str | Path] = [OMROEP, "--show", root, "publish", "--to", site]
    environ = {"PATH": "/nonexistent", "LC_ALL": "C.UTF-8", "OMROEP_CACHE": str(tmp_path / "cache")}
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ)
    assert running.stderr
    for line in running.stderr:
        if "encoding" in line:
            break
    running.send_signal(signal.SIGINT)
    told = running.stderr.read()
    assert running.wait(timeout=30) == 130
    assert "Stopped." in told
    assert "Traceback" not in told
    assert not list(site.rglob("*.*"))
    assert not list((tmp_path / "cache").rglob(".*"))
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    assert not [line for line in commands if str(tmp_path).encode() in line and b"ffmpeg" in line]
    assert omroep(root, "publish", "--to", site).returncode == 0
