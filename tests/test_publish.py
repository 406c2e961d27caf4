"""The whole river, from files to what listeners get, on real stores and with real sound."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import boto3
import feedparser
import pytest

from pipeline import apply, catalog, cli, digest, publish, rendering
from pipeline.audio.deliver import Studio
from pipeline.errors import Conflict, OmroepError
from pipeline.guard import NOTHING, Asked
from pipeline.model import Cache, Key, Kind, Object, Plan, Slug, Stage, Version
from pipeline.publish import Prepared
from pipeline.rendering import Newsroom
from pipeline.store import ANYTHING, Anything
from pipeline.store.memory import MemoryStore
from tests import example, seaweed
from tests.listeners import complaints
from tests.shell import Run
from tests.shows import write_episode, write_show, write_tone

BASE = "https://proef.example.org/"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OMROEP = Path(sys.executable).with_name("omroep")
Kept = TypeVar("Kept", bound=MemoryStore)


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of three episodes, its audio and that of two more mastered once for all workers; only for copying."""
    return example.once(example.shared(tmp_path_factory) / "three", _three)


def _three(root: Path) -> None:
    write_show(root)
    for folder in ("01-een", "02-twee", "03-drie"):
        guests = ["Zoë", {"name": f"Gast van {folder}", "organisation": "Beschikb@@r"}]
        write_episode(
            root, folder, guests=guests, topics=["detachering"], chapters=["0:00 Begin", "0:01 Verder", "0:02 Slot"]
        )
    later = [write_episode(root, folder) for folder in ("04-vier", "05-vijf")]
    prepared(root, MemoryStore())
    for written in later:
        shutil.rmtree(written)


@pytest.fixture
def root(three: Path, tmp_path: Path) -> Path:
    """A copy of `three` that a test may change."""
    return Path(shutil.copytree(three, tmp_path / "show"))


Live = tuple[Path, MemoryStore]
"""A show, and a store that it was published to."""


@pytest.fixture(scope="session")
def once_live(three: Path, tmp_path_factory: pytest.TempPathFactory) -> Live:
    """`three`, published once; only for copying."""
    root = Path(shutil.copytree(three, tmp_path_factory.mktemp("live") / "show"))
    published(root, store := MemoryStore())
    return root, store


@pytest.fixture
def live(once_live: Live, tmp_path: Path) -> Live:
    """A copy of both that a test may change; of what was asked of the store it knows nothing."""
    root, store = once_live
    return Path(shutil.copytree(root, tmp_path / "show")), copied(store)


def copied(store: MemoryStore) -> MemoryStore:
    """Another that holds the same."""
    return filled(MemoryStore(), store)


def filled(other: Kept, store: MemoryStore) -> Kept:
    """`other`, with what `store` holds and the time that it tells."""
    other.objects, other.modified, other.now = dict(store.objects), dict(store.modified), store.now
    return other


def room(root: Path, *, now: datetime = NOW) -> Newsroom:
    return Newsroom(root=root, studio=Studio(root=root, cache=root / ".omroep", environ={"PATH": ""}), now=now)


def prepared(root: Path, store: MemoryStore, *, now: datetime = NOW, asked: Asked = NOTHING) -> Prepared:
    return publish.prepare(room(root, now=now), lambda own: store, lambda title, what, part: None, asked)


def published(root: Path, store: MemoryStore, *, now: datetime = NOW, asked: Asked = NOTHING) -> Plan:
    ready = prepared(root, store, now=now, asked=asked)
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
    return list(dict.fromkeys(key for verb, key in store.log if verb in ("put", "delete")))


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
    """No put, no delete, and one small read: the record that the log names is remembered, and has the feed in it."""
    store = MemoryStore()
    published(root, store)
    store.log.clear()
    assert published(root, store).actions == ()
    assert puts(store) == []
    assert store.log == [("list", "feed.")]


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


def test_what_killed_runs_were_making_goes_when_audio_is_made(root: Path) -> None:
    """The disk does not fill with halves of recordings; nothing that is remembered goes with them."""
    masters = root / ".omroep" / "masters"
    before = {*masters.iterdir()}
    half = masters / ".making-0123456789abcdef.mp3"
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    prepared(root, MemoryStore())
    assert {*masters.iterdir()} == before


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


def test_another_order_would_be_noticed(live: Live) -> None:
    """The same plan carried out backwards does break links: the watch above can fail."""
    root, first = live
    store = filled(Watched(), first)
    change_everything(root)
    for action in reversed(prepared(root, store).plan.actions):
        store.put(action.object)
    assert store.stumbled != []


def test_a_publish_that_stops_half_way_is_finished_by_the_next(live: Live) -> None:
    """Stopped after every possible number of writes, one more publish ends in the same bytes as an undisturbed one."""
    root, base = live
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


# --- what is remembered -----------------------------------------------------------------------------------------------


def test_published_audio_is_not_made_again(live: Live) -> None:
    """Another title, other notes, other settings, a pointer in place of the recording: the audio stays as it is."""
    root, store = live
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
    assert not list((root / ".omroep").rglob("*.mp3"))
    assert len(rendering.outdated(made.edition)) == 3


def test_replaced_audio_is_a_new_object_under_the_same_guid(live: Live) -> None:
    """The old file stays for those who are listening to it."""
    root, store = live
    before = {key for key in store.objects if key.endswith(".mp3")}
    write_episode(root, "01-een", audio=(root / "episodes" / "02-twee" / "audio.wav").read_bytes(), topics=["x"])
    made = published(root, store)
    after = {key for key in store.objects if key.endswith(".mp3")}
    assert before < after
    assert len(after) == 4
    assert [change.kind for change in made.changes if change.guid == "guid-of-01-een"].count("audio") == 1
    assert seen(store) == []


def test_bumpers_of_the_show_move_chapters_and_words_along(tmp_path: Path, run: Run) -> None:
    """Named in show.yaml, joined to every episode: audio, chapters, transcript and feed agree on the new times."""
    root = write_show(tmp_path, audio={"intro": "intro.wav", "outro": "outro.wav", "crossfade": "0.5"})
    write_tone(root / "feed" / "intro.wav", seconds=2.0, hz=880)
    write_tone(root / "feed" / "outro.wav", seconds=3.0, hz=990)
    write_episode(root, "01-een", chapters=["0:00 Begin", "0:01 Verder"])
    store = MemoryStore()
    (entry,) = published(root, store).release.edition.entries
    assert entry.media.shift_s == 1.5
    assert entry.media.duration_s == pytest.approx(7.0, abs=0.1)
    files = {key: item.body for key, item in store.objects.items() if not key.endswith(".html")}
    read = {key.partition("/")[0]: body for key, body in files.items() if isinstance(body, bytes)}
    assert [chapter["startTime"] for chapter in json.loads(read["chapters"])["chapters"]] == [1.5, 2.5]
    assert b"00:00:02.000 --> 00:00:03.500" in read["transcripts"]
    assert b"<itunes:duration>7</itunes:duration>" in read["feed.xml"]
    (root / "feed" / "intro.wav").write_bytes(b"RIFF")
    assert run(root, "check", status=3).stderr.count("feed/intro.wav: The recording") == 1


def test_a_raised_revision_masters_again(live: Live) -> None:
    """The way to have chapters and titles put into a published file."""
    root, store = live
    text = (root / "episodes/01-een/episode.md").read_text("utf-8").replace("---\n", "---\nrevision: 2\n", 1)
    (root / "episodes/01-een/episode.md").write_text(text.replace("Begin", "Heel ander begin"), "utf-8")
    made = published(root, store)
    assert len([action for action in made.actions if action.object.type == "audio/mpeg"]) == 1


# --- what is refused --------------------------------------------------------------------------------------------------


def refused(root: Path, store: MemoryStore) -> str:
    feed = store.objects.get(Key("feed.xml"))
    with pytest.raises(OmroepError) as caught:
        published(root, store)
    assert store.objects.get(Key("feed.xml")) == feed
    return str(caught.value)


def test_an_episode_that_is_missing_stops_the_publish(live: Live) -> None:
    """A wrong branch or a sparse checkout does not shrink the feed; the missing episodes are named."""
    root, store = live
    shutil.rmtree(root / "episodes" / "02-twee")
    assert "“Aflevering over 02-twee” is published, but is missing" in refused(root, store)
    shutil.rmtree(root / "episodes" / "01-een")
    shutil.rmtree(root / "episodes" / "03-drie")
    assert refused(root, store).count("is missing from episodes/") == 3


def test_a_changed_guid_stops_the_publish(live: Live) -> None:
    """Every app would download the episode again."""
    root, store = live
    edit(root, "02-twee", "guid-of-02-twee", "iets-anders")
    assert "Write `guid: guid-of-02-twee`" in refused(root, store)


@pytest.mark.parametrize(
    ("old", "new"), [("2020-10-02", "2031-10-02"), ("---\n\nNotities", "status: draft\n---\n\nNotities")]
)
def test_a_published_episode_does_not_hide_by_accident(live: Live, old: str, new: str) -> None:
    """A draft again, or a date in the future: asked for in so many words, or not at all."""
    root, store = live
    edit(root, "02-twee", old, new)
    assert "now a draft or dated in the future" in refused(root, store)


def test_withdrawing_is_deliberate_and_kind(live: Live) -> None:
    """The item goes, its page says so, and bringing it back brings the same guid and the same audio."""
    root, store = live
    feed = store.objects[Key("feed.xml")].body
    edit(root, "02-twee", "---\n\nNotities", "status: withdrawn\n---\n\nNotities")
    published(root, store)
    assert b"guid-of-02-twee" not in store.objects[Key("feed.xml")].body  # type: ignore[operator]
    assert b"<audio" not in store.objects[Key("episodes/twee.html")].body  # type: ignore[operator]
    assert seen(store) == []
    edit(root, "02-twee", "status: withdrawn\n", "")
    shutil.rmtree(root / ".omroep")
    told = refused(root, store)
    assert "To bring it back: omroep publish --restore twee" in told
    assert "git pull" not in told
    published(root, store, asked=Asked(restore=frozenset([Slug("twee")])))
    assert store.objects[Key("feed.xml")].body == feed
    assert not list((root / ".omroep").rglob("*.mp3"))


def test_an_old_checkout_of_before_a_withdrawal_is_told_as_one(live: Live) -> None:
    """Where more than the withdrawn episode would be as it was, bringing that back is not what is meant."""
    root, store = live
    edit(root, "02-twee", "---\n\nNotities", "status: withdrawn\n---\n\nNotities")
    edit(root, "01-een", "Notities.", "Betere notities.")
    published(root, store)
    edit(root, "02-twee", "status: withdrawn\n", "")
    edit(root, "01-een", "Betere notities.", "Notities.")
    told = refused(root, store)
    assert "git pull" in told
    assert "--restore" not in told


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


def test_a_lost_feed_does_not_shrink_the_show(live: Live) -> None:
    """When feed.xml is gone, the mark still knows what listeners should have; the next publish brings it back."""
    root, store = live
    feed = store.objects.pop(Key("feed.xml"))
    shutil.move(root / "episodes" / "02-twee", root / "weg")
    assert "“Aflevering over 02-twee” is published, but is missing" in refused(root, store)
    shutil.move(root / "weg", root / "episodes" / "02-twee")
    published(root, store)
    assert store.objects[Key("feed.xml")] == feed


def test_the_place_of_another_show_is_not_taken(live: Live) -> None:
    """Its listeners would suddenly hear us."""
    root, store = live
    show = root / "feed/show.yaml"
    show.write_text(show.read_text("utf-8").replace("d24cc7e1", "d24cc7e2"), "utf-8")
    assert "The destination holds another show, “Proefshow”" in refused(root, store)


def test_audio_under_a_hashed_key_is_what_the_hash_says(root: Path) -> None:
    """Bytes that somebody put there before, of the same length, are not taken for ours."""
    store = MemoryStore()
    (first, *_) = [action.object for action in prepared(root, store).plan.actions if action.object.type == "audio/mpeg"]
    foreign = bytes(first.size)
    store.put(replace(first, body=foreign, sha256=digest.of_bytes(foreign)))
    assert "already, but with other contents" in refused(root, store)


def test_two_publishers_end_with_both(live: Live, tmp_path: Path) -> None:
    """Planned from the same state: the later one is told, and after its next publish everything of both is there."""
    root, store = live
    other = Path(shutil.copytree(root, tmp_path / "other"))
    write_episode(root, "04-vier", topics=["nieuw"])
    write_episode(other, "04-vier", topics=["nieuw"], title="Een ander verhaal over vier")
    write_episode(other, "05-vijf", topics=["nieuw"])
    ours, theirs = prepared(root, store), prepared(other, store)
    publish.publish(ours, lambda action: None)
    with pytest.raises(Conflict):
        publish.publish(theirs, lambda action: None)
    assert b"ander verhaal" not in store.objects[Key("feed.xml")].body  # type: ignore[operator]
    published(root, store)
    assert b"ander verhaal" not in store.objects[Key("episodes/vier.html")].body  # type: ignore[operator]
    shutil.rmtree(other / "episodes/04-vier")
    shutil.copytree(root / "episodes/04-vier", other / "episodes/04-vier")
    published(other, store)
    assert seen(store) == []
    for word in (b"Aflevering over 04-vier", b"Aflevering over 05-vijf"):
        assert word in store.objects[Key("feed.xml")].body  # type: ignore[operator]
    assert prepared(other, store).plan.actions == ()


def test_what_the_feed_names_counts_while_the_log_lags(live: Live, tmp_path: Path) -> None:
    """Between the switch and the log somebody else plans: by the episode that listeners have, not by the log."""
    root, store = live
    other = Path(shutil.copytree(root, tmp_path / "other"))
    write_episode(root, "04-vier", topics=["nieuw"])
    plan = prepared(root, store).plan
    apply.run(replace(plan, actions=tuple(each for each in plan.actions if each.stage is not Stage.LOG)), store)
    write_episode(other, "05-vijf", topics=["nieuw"])
    assert "is published, but is missing" in refused(other, store)


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


def test_a_folder_that_is_renamed_moves_its_page(root: Path, run: Run) -> None:
    """A check reads no store and cannot know; status shows its address, plan says that it moves, `slug` keeps it."""
    run(root, "publish")
    before = {each.id: each for each in fed(root)}
    (root / "episodes/02-twee").rename(root / "episodes/02-tweede")
    assert run(root, "check").stderr == ""
    row = next(
        each for each in json.loads(run(root, "status", "--json").stdout)["episodes"] if each["slug"] == "tweede"
    )
    assert (row["state"], row["page"]) == ("changed", "https://proef.example.org/episodes/tweede.html")
    told = "the page of “Aflevering over 02-twee” moves to another address; the old one leads there"
    assert f"  {told}\n" in run(root, "plan").stdout
    edit(root, "02-tweede", "title:", "slug: twee\ntitle:")
    assert run(root, "plan").stdout.startswith("Nothing to do")
    edit(root, "02-tweede", "slug: twee\n", "")
    assert f"  {told}\n" in run(root, "publish").stdout
    after = {each.id: each for each in fed(root)}
    assert {guid for guid in after if after[guid].link != before[guid].link} == {"guid-of-02-twee"}
    assert [each.enclosures for each in after.values()] == [before[guid].enclosures for guid in after]
    assert b'content="0; url=tweede.html"' in (root / "public/episodes/twee.html").read_bytes()


def fed(root: Path) -> list[Any]:
    return list(feedparser.parse((root / "public/feed.xml").read_bytes()).entries)


def omroep(
    root: Path, *arguments: str | Path, wrapped: Sequence[str] = (), **environ: str
) -> subprocess.CompletedProcess[str]:
    """The real command in a process of its own, as a producer runs it; `wrapped` in another program where named."""
    clean = {"PATH": "/nonexistent", "HOME": str(root), "LC_ALL": "C.UTF-8"}
    command = [*wrapped, OMROEP, "--show", root, *arguments]
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


def test_a_plan_equals_what_publish_then_writes(root: Path, tmp_path: Path, run: Run) -> None:
    """`plan --json` names every file that `publish --json` reports, and writes nothing itself."""
    site = tmp_path / "site"
    planned = run(root, "plan", "--json", "--to", site)
    assert not site.exists() or not [path for path in site.rglob("*") if path.is_file()]
    done = json.loads(run(root, "publish", "--json", "--to", site).stdout)
    told = json.loads(planned.stdout)
    assert sorted(action["key"] for action in told["actions"]) == sorted(done["written"])
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert {name for name in files if not name.startswith(".")} == set(done["written"])
    assert told["release"] == done["release"]


def test_build_and_publish_are_one_path(root: Path, tmp_path: Path, run: Run) -> None:
    """The same bytes, whether built or published."""
    run(root, "build", "--to", tmp_path / "a")
    run(root, "publish", "--to", tmp_path / "b")
    listed = [
        {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (tmp_path / "a", tmp_path / "b")
    ]
    assert listed[0] == listed[1]


def test_another_base_url_reaches_every_address(root: Path, tmp_path: Path, run: Run) -> None:
    """No address of the show's own is left in the feed, and pages go on working anywhere."""
    there = "https://elders.example.net/show/"
    run(root, "build", "--to", tmp_path / "site", "--base-url", there.rstrip("/"))
    feed = (tmp_path / "site" / "feed.xml").read_text("utf-8")
    assert "proef.example.org" not in feed
    read = lambda key: path.read_bytes() if (path := tmp_path / "site" / key).is_file() else None  # noqa: E731
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
def test_bad_input_is_told_and_nothing_is_written(verb: str, how: str, root: Path, tmp_path: Path, run: Run) -> None:
    """A sentence that says where and what to do, a documented status, no traceback, an untouched destination."""
    status, said = BAD[how]
    spoil(root, how)
    place: list[str | Path] = [] if verb == "check" else ["--to", tmp_path / "site"]
    done = run(root, verb, *place, status=status)
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("site/**/*.*"))


def test_a_wrong_command_line_says_so(root: Path, run: Run) -> None:
    """With status 2 and no traceback; a folder without a show is the show's problem."""
    for words in (["publsh"], ["publish", "--base-url", "ftp://x"], ["serve", "--port", "70000"]):
        done = run(root, *words, status=2)
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
    run(root / "episodes", "check", status=3)


def test_a_bug_is_not_hidden(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not raised on purpose keeps its traceback, and no sentence pretends to know better."""

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("pipeline.catalog.read", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        cli.run(["--show", str(root), "check"])


def test_problems_are_told_as_json_when_asked(root: Path, run: Run) -> None:
    """On standard output, for every command that needs a whole show, in ASCII."""
    edit(root, "02-twee", "summary", "sum\u202emary")
    for verb in ("check", "plan", "publish"):
        done = run(root, verb, "--json", status=3)
        told = json.loads(done.stdout)
        assert (told["ok"], told["problems"][0]["file"]) == (False, "episodes/02-twee/episode.md")
        assert done.stdout.isascii()


def test_all_problems_are_told_at_once(root: Path, run: Run) -> None:
    """Of text, pictures, rules and recordings together, in the order of files and lines."""
    for how in ("broken-yaml", "small-cover"):
        spoil(root, how)
    (root / "episodes/03-drie/audio.wav").write_bytes(b"")
    show = root / "feed/show.yaml"
    show.write_text(show.read_text("utf-8").replace("Careers", "Carreers"), "utf-8")
    told = run(root, "check", status=3).stderr.splitlines()
    assert [line.split(": ")[1].rsplit(":", 1)[0] for line in told] == [
        "episodes/02-twee/episode.md",
        "episodes/03-drie/audio.wav",
        "feed/show.yaml",
        "feed/show.yaml",
    ]


def test_names_cannot_write_to_the_terminal(root: Path, run: Run) -> None:
    """Escapes, bidi marks and newlines in names and values reach the terminal as text."""
    folder = root / "episodes" / "04\x1b]0;pwn\x07\nproblem: forged"
    folder.mkdir()
    (folder / "episode.md").write_text("---\ntitle: \u202ekwaad\n---\n", "utf-8")
    show = root / "feed/show.yaml"
    show.write_text(show.read_text("utf-8") + 'destination: "x\\e]0;pwn\\a://y"\n', "utf-8")
    for words in (["check"], ["plan"]):
        told = run(root, *words, status=3)
        assert not [char for char in told.stderr if ord(char) < 32 and char != "\n"]
        assert all(line.startswith(("problem: ", "advice: ")) for line in told.stderr.splitlines())
        assert not [line for line in told.stderr.splitlines() if line.startswith("problem: forged")]


@pytest.mark.parametrize("place", [".", "episodes", "feed/site", "templates", ".."])
def test_nothing_is_published_into_the_show_itself(
    place: str, root: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is published would become what the show is made from."""
    monkeypatch.chdir(root)
    before = sorted(path for path in root.rglob("*"))
    done = run(root, "publish", "--to", place, status=3)
    assert "holds what the show is made from" in done.stderr
    assert sorted(path for path in root.rglob("*")) == before


def test_places_are_seen_from_where_they_are_named(root: Path, tmp_path: Path) -> None:
    """On the command line from here, in show.yaml from the show."""
    done = subprocess.run(
        [OMROEP, "--show", root, "build", "--to", "site"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, (tmp_path / "site" / "feed.xml").is_file()) == (0, True)
    show = root / "feed/show.yaml"
    show.write_text(show.read_text("utf-8") + "destination: elders\n", "utf-8")
    assert subprocess.run([OMROEP, "--show", root, "publish"], cwd=tmp_path, capture_output=True).returncode == 0
    assert (root / "elders" / "feed.xml").is_file()


def test_status_tells_how_each_episode_stands(root: Path, tmp_path: Path, run: Run) -> None:
    """Live, changed, draft, scheduled, not yet published, withdrawn, missing; for people and for programs."""
    for folder in ("04-vier", "05-vijf", "06-zes"):
        write_episode(root, folder)
    site = tmp_path / "site"
    run(root, "publish", "--to", site)
    edit(root, "02-twee", "Notities.", "Andere notities.")
    (root / "episodes/03-drie/transcript.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nAnders\n", "utf-8")
    edit(root, "04-vier", "---\n\nNotities", "status: withdrawn\n---\n\nNotities")
    shutil.rmtree(root / "episodes" / "05-vijf")
    write_episode(root, "07-zeven", status="draft")
    (root / "episodes/07-zeven/audio.wav").unlink()
    write_episode(root, "08-acht", date="2099-01-01")
    write_episode(root, "09-negen")
    told = json.loads(run(root, "status", "--json", "--to", site).stdout)
    assert {episode["slug"]: episode["state"] for episode in told["episodes"]} == {
        "een": "live",
        "twee": "changed",
        "drie": "changed",
        "vier": "leaving",
        "vijf": "missing",
        "zes": "live",
        "zeven": "draft",
        "acht": "scheduled",
        "negen": "waiting",
    }
    shown = run(root, "status", "--to", site).stdout
    assert "LUFS" in shown
    assert "live, but missing here" in shown


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
