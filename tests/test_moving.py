"""Moving out and in again: a real show published, kept as an archive, and imported over HTTP as another host would."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bagit  # type: ignore[import-untyped]
import mutagen
import pytest
from PIL import Image

from pipeline import archive, catalog, digest, guard, importer, publish
from pipeline.archive.reach import Held, Reach, Seen
from pipeline.audio import inspect
from pipeline.audio.deliver import Studio
from pipeline.download import Courier
from pipeline.errors import AudioError, OmroepError, Refused, ShowError, StoreError
from pipeline.guard import Asked
from pipeline.importer import Desk
from pipeline.model import Cache, Edition, Key, Kind, Object
from pipeline.rendering import Newsroom
from pipeline.store.folder import FolderStore
from tests.shows import write_episode, write_show, write_tone
from tests.test_import import told
from tests.web import Web, of, served

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PLACE = {"name": "Den Haag", "geo": "52.08,4.31", "osm": "R192736", "country": "nl"}
OTHER = {"guid": "29cdca4a-32d8-56ba-b48b-09a011c5daa9", "feed": "https://example.org/ander.xml"}
POST = {"protocol": "activitypub", "link": "https://mastodon.example/@show/1", "account": "@show"}
NOTES = """Eerste *alinea* met [een koppeling](https://example.org/a_(b)?c=1&d=2), 2 \\* 3 en `code`.

## Kop

- een
  1. genest
- twee

| a | b |
|---|---|
| 1 | 2 |

> Een citaat\\
> op twee regels
"""


@dataclass(frozen=True, kw_only=True)
class Live:
    """A show that is published and can be reached."""

    root: Path
    public: Path
    web: Web
    edition: Edition

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.public)


def room(root: Path, base_url: str) -> Newsroom:
    studio = Studio(root=root, cache=root / ".omroep", environ={})
    return Newsroom(root=root, studio=studio, now=NOW, base_url=base_url)


def published(root: Path, public: Path, base_url: str, asked: Asked = guard.NOTHING) -> Edition:
    store = FolderStore(public)
    prepared = publish.prepare(room(root, base_url), lambda own: store, lambda *step: None, asked)
    publish.publish(prepared, lambda action: None)
    return prepared.edition


def of_folder(public: Path, key: Key) -> Object | None:
    path = public / key
    if not path.is_file():
        return None
    body = path.read_bytes()
    types = {".jpg": "image/jpeg", ".mp3": "audio/mpeg"}
    return Object(
        key=key,
        kind=Kind.PAGE,
        type=types.get(path.suffix, "text/plain"),
        cache=Cache.SHORT,
        sha256=digest.of_bytes(body),
        size=len(body),
        body=body,
    )


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A trailer and an episode with every tag, published to a folder that is served at its own address."""
    top = tmp_path_factory.mktemp("moving")
    root, public = top / "show", top / "public"
    with served({}) as web:
        web.behind = lambda key: of_folder(public, key)
        write_show(
            root,
            base_url=web.address,
            hosts=["Ria"],
            locked="yes",
            block="yes",
            complete="yes",
            type="serial",
            subtitle="Een ondertitel",
            copyright="© 2020",
            new_feed_url=f"{web.address}feed.xml",
            funding=[{"link": "https://example.org/steun", "text": "Steun ons"}],
            license="CC-BY-4.0",
            locations=[PLACE],
            discussion=[POST],
            txt=[{"purpose": "verify", "text": "S6lpp-7ZCn8"}],
            podping="yes",
            chat={"server": "irc.example.org", "protocol": "irc", "account": "@show", "space": "#show"},
            hubs=["https://hub.example.org/"],
            publisher=OTHER,
            podroll=[OTHER],
            update_frequency={"text": "Elke week", "rrule": "FREQ=WEEKLY"},
            seasons=[{"number": 2, "name": "Werk"}],
            audio={"also": ["opus"], "bitrate_mono": "64"},
        )
        write_episode(root, "01-vooraf", type="trailer", season=2, number=None, title="Vooraf", notes="")
        folder = write_episode(
            root,
            "02-een",
            image="art.png",
            image_alt="Een deur.",
            season=2,
            guests=["Jan", {"name": "Zoë", "role": "editor", "group": "writing", "link": "https://example.org/zoe"}],
            chapters=["0:00 Begin", {"start": "0:10.250", "title": "Verder: & <zo>", "link": "https://example.org/"}],
            soundbites=[{"start": "0:01.5", "duration": "15", "title": "De kern"}],
            locations=["Delft"],
            license={"name": "Eigen", "link": "https://example.org/voorwaarden"},
            discussion=[POST],
            txt=[{"purpose": "ai-content", "text": "nee"}],
            block="yes",
            explicit="yes",
            guid=" met  spaties ",
            notes=NOTES,
        )
        write_tone(folder / "audio.wav", seconds=17, rate=44100)
        Image.new("RGB", (1400, 1400), "#2a1a5e").save(folder / "art.png")
        yield Live(root=root, public=public, web=web, edition=published(root, public, web.address))


def desk(root: Path, address: str, **changes: Any) -> Desk:
    studio = Studio(root=root, cache=root / ".omroep", environ={})

    def unfit(path: Path) -> str | None:
        try:
            inspect.probe(studio.ffmpeg, path, path.name)
        except AudioError as error:
            return error.problems[0].what
        return None

    settings = {"base_url": address, "mine": True, **changes}
    return Desk(root=root, courier=Courier(address), fit=unfit, **settings)


@pytest.fixture(scope="module")
def moved(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same show imported from its feed."""
    root = tmp_path_factory.mktemp("moved") / "show"
    outcome = importer.bring(desk(root, live.web.address), f"{live.web.address}feed.xml")
    assert (outcome.brought, outcome.absent, outcome.later, outcome.missing) == (2, [], [], [])
    assert outcome.left == []
    return root


def sound(path: Path) -> bytes:
    """The frames of an MP3 that hold sound: without its tag, and without the Info frame that tells about them."""
    body = path.read_bytes()
    return body[body.index(b"\xff\xfb", mutagen.File(path).tags.size + 4) :]


def test_a_show_that_moves_out_and_in_again_is_the_same(live: Live, moved: Path, tmp_path: Path) -> None:
    """Export, import, export: feeds are equal but for hashes of bytes that were made anew; audio is not encoded again.

    The pictures are made again from our own JPEGs, the tags of the audio hold one of them, Opus is made from the MP3.
    """
    shutil.copytree(moved, tmp_path / "show")
    again = published(tmp_path / "show", tmp_path / "public", live.web.address)
    first, second = (told((public / "feed.xml").read_bytes()) for public in (live.public, tmp_path / "public"))
    lengths = {"<enclosure", "<podcast:alternateEnclosure", "<podcast:trailer"}
    assert [[each for each in one if each.split()[0] not in lengths] for one in second] == [
        [each for each in one if each.split()[0] not in lengths] for one in first
    ]
    assert [len(one) for one in second] == [len(one) for one in first]
    for before, after in zip(live.edition.entries, again.entries, strict=True):
        assert after.episode.guid == before.episode.guid
        assert any("taken as it is" in done for done in after.media.done), after.media.done
        assert sound(tmp_path / "public" / after.media.key) == sound(live.public / before.media.key)
        assert [made.type for made in after.media.alternates] == [made.type for made in before.media.alternates]


def test_an_import_is_read_without_a_problem(live: Live, moved: Path) -> None:
    """What was written is in order, and says of each episode what the first show's files said."""
    first, second = (catalog.load(root).episodes for root in (live.root, moved))
    for before, after in zip(first, second, strict=True):
        assert replace(after, audio=before.audio, image=before.image, notes=before.notes) == replace(
            before, explicit=after.explicit
        )
    assert [episode.guid for episode in second] == ["guid-of-01-vooraf", " met  spaties "]


def test_an_import_that_is_run_again_changes_nothing(live: Live, moved: Path, tmp_path: Path) -> None:
    """Not a byte, and nothing is fetched but the feed; what a producer took away comes back, what is theirs stays."""
    root = tmp_path / "show"
    shutil.copytree(moved, root)
    mine = root / "episodes" / "02-een" / "episode.md"
    mine.write_text(mine.read_text("utf-8").replace("title:", "# van mij\ntitle:", 1), "utf-8")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    live.web.asked.clear()
    outcome = importer.bring(desk(root, live.web.address), f"{live.web.address}feed.xml")
    assert live.web.asked == [("GET", "feed.xml")]
    assert (outcome.there, outcome.written, outcome.brought) == (2, [], 0)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    audio = root / "episodes" / "01-vooraf" / "audio.mp3"
    audio.unlink()
    assert importer.bring(desk(root, live.web.address), f"{live.web.address}feed.xml").brought == 1
    assert audio.read_bytes() == before[audio]


def test_an_episode_that_cannot_be_read_is_not_imported_twice(live: Live, moved: Path, tmp_path: Path) -> None:
    """It may be the one that the feed has: its line is told, and nothing is written."""
    root = tmp_path / "show"
    shutil.copytree(moved, root)
    (root / "episodes" / "02-een" / "episode.md").write_text("---\ntitle: [\n---\n")
    with pytest.raises(ShowError, match=r"02-een/episode\.md:3: This is not valid YAML"):
        importer.bring(desk(root, live.web.address), f"{live.web.address}feed.xml")
    assert sorted(path.name for path in (root / "episodes").iterdir()) == ["01-vooraf", "02-een"]


def test_an_import_without_audio_is_completed_by_another(live: Live, moved: Path, tmp_path: Path) -> None:
    """The first says of each episode where its audio is and belongs; then check names each; the second brings it."""
    root = tmp_path / "show"
    outcome = importer.bring(desk(root, live.web.address, audio=False), f"{live.web.address}feed.xml")
    assert [each.file for each in outcome.absent] == ["episodes/01-vooraf/audio.mp3", "episodes/02-een/audio.mp3"]
    assert [each.address for each in outcome.absent] == [
        live.web.address + entry.media.key for entry in live.edition.entries
    ]
    told = [problem.what for problem in catalog.read(root).problems]
    assert told == ["`audio`: the file `audio.mp3` is not there."] * 2
    assert importer.bring(desk(root, live.web.address), f"{live.web.address}feed.xml").brought == 2
    assert catalog.load(root) == catalog.load(moved)


def test_audio_that_breaks_off_is_gone_on_with(live: Live, tmp_path: Path) -> None:
    """A run in which every answer breaks off keeps what came; the next asks for the rest and has the whole."""
    root, asked = tmp_path / "show", []

    def strong(answer: Any) -> None:
        answer.headers["ETag"] = f'"{hashlib.sha256(answer.body).hexdigest()}"'
        asked.append(answer.asked.get("Range"))

    def broken(answer: Any) -> None:
        answer.cut = 20_000

    live.web.faults[:] = [of("audio/een", strong), of("audio/een", broken)]
    try:
        outcome = importer.bring(desk(root, live.web.address), f"{live.web.address}feed.xml")
        (absent,) = outcome.absent
        assert (absent.file, absent.why) == ("episodes/02-een/audio.mp3", "the answer breaks off")
        part = root / "episodes" / "02-een" / "audio.mp3.part"
        assert part.stat().st_size > 0
        begun = part.stat().st_size
        asked.clear()
        live.web.faults[:] = [of("audio/een", strong)]
        assert importer.bring(desk(root, live.web.address), f"{live.web.address}feed.xml").brought == 1
    finally:
        live.web.faults.clear()
    assert asked == [f"bytes={begun}-"]
    media = live.edition.entries[1].media
    assert hashlib.sha256((root / absent.file).read_bytes()).hexdigest() == media.sha256
    assert sorted(path.name for path in part.parent.iterdir()) == [
        "audio.mp3",
        "episode.md",
        "image.jpg",
        "transcript.vtt",
    ]


def test_what_comes_in_place_of_audio_is_no_audio(live: Live, tmp_path: Path) -> None:
    """A page of the host that says sorry, with status 200, is not put in place of a recording."""

    def sorry(answer: Any) -> None:
        answer.body = b"<html>Sorry</html>"

    live.web.faults[:] = [of("audio/een", sorry)]
    try:
        outcome = importer.bring(desk(tmp_path / "show", live.web.address), f"{live.web.address}feed.xml")
    finally:
        live.web.faults.clear()
    (absent,) = outcome.absent
    assert absent.why.startswith("The recording cannot be read")
    assert not (tmp_path / "show" / absent.file).exists()


# --- an archive -------------------------------------------------------------------------------------------------------


def exported(live: Live, target: Path, reach: Reach | None = None) -> archive.Archive:
    return archive.export(live.root, reach or Held(live.store), target, lambda *step: None)


def holds(target: Path) -> set[str]:
    return {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}


def test_an_archive_is_a_bag(live: Live, tmp_path: Path) -> None:
    """The Library of Congress's own program and sha256sum find it whole, and it holds all that listeners get."""
    target = tmp_path / "archive"
    made = exported(live, target)
    bag = bagit.Bag(str(target))
    bag.validate()
    assert bag.info["External-Identifier"] == live.edition.show.guid
    told = subprocess.run(["sha256sum", "--quiet", "--check", "manifest-sha256.txt"], cwd=target, capture_output=True)
    assert (told.returncode, told.stdout) == (0, b"")
    names = {each.name for each in made.kept}
    public = {path for path in holds(live.public) if not path.startswith(".")}
    assert {name.removeprefix("published/") for name in names if name.startswith("published/")} == public
    for key in public:
        assert (target / "data" / "published" / key).read_bytes() == (live.public / key).read_bytes()
    own = {path for path in holds(live.root) if path.startswith(("episodes/", "feed/"))}
    assert {name.removeprefix("show/") for name in names if name.startswith("show/")} == own


def test_an_archive_is_the_same_each_time(live: Live, tmp_path: Path) -> None:
    """No clock and no machine is in it."""
    one, two = (exported(live, tmp_path / name).folder for name in ("one", "two"))
    assert {name: (one / name).read_bytes() for name in holds(one)} == {
        name: (two / name).read_bytes() for name in holds(two)
    }


def test_an_archive_from_outside(live: Live, tmp_path: Path) -> None:
    """A stranger gets the same at the show's address, less the log, which is not listed there."""
    inside, outside = exported(live, tmp_path / "inside"), exported(live, tmp_path / "outside", Seen(live.web.address))
    bagit.Bag(str(outside.folder)).validate()
    assert {each for each in inside.kept if "feed.log/" not in each.name} == set(outside.kept)


@pytest.mark.parametrize("harm", ["gone", "another"])
def test_no_archive_of_what_is_not_whole(harm: str, live: Live, tmp_path: Path) -> None:
    """A file that is missing or is another is named, there is no archive; a run after it was mended makes one."""
    public = tmp_path / "public"
    shutil.copytree(live.public, public)
    key = live.edition.entries[1].media.key
    whole = (public / key).read_bytes()
    (public / key).unlink() if harm == "gone" else (public / key).write_bytes(whole[:-1] + b"x")
    with pytest.raises(StoreError) as caught:
        exported(live, tmp_path / "archive", Held(FolderStore(public)))
    assert [problem.what for problem in caught.value.problems] == [
        f"{key} is missing." if harm == "gone" else f"{key} is not what its release says."
    ]
    assert not (tmp_path / "archive").exists()
    (public / key).write_bytes(whole)
    bagit.Bag(str(exported(live, tmp_path / "archive", Held(FolderStore(public))).folder)).validate()


def test_no_archive_of_a_feed_that_is_another(live: Live, tmp_path: Path) -> None:
    """It names its release, and says something else than that: which of them listeners had is not for us to say."""
    public = tmp_path / "public"
    shutil.copytree(live.public, public)
    feed = (public / "feed.xml").read_bytes()
    (public / "feed.xml").write_bytes(feed.replace(b"<title>Proefshow<", b"<title>Anders<"))
    with pytest.raises(StoreError, match="is not the one that its release holds"):
        exported(live, tmp_path / "archive", Held(FolderStore(public)))


def test_an_archive_is_gone_on_with(live: Live, tmp_path: Path) -> None:
    """A run that was stopped left what it had; the next asks for the rest alone, and drops what is no longer named."""

    class Stopping(Held):
        left = 5
        asked: list[Key]

        def bring(self, key: Key, target: Path, size: int) -> None:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            super().bring(key, target, size)

    target = tmp_path / "archive"
    with pytest.raises(KeyboardInterrupt):
        exported(live, target, Stopping(live.store))
    draft = tmp_path / "archive.part"
    assert not target.exists()
    assert not (draft / "bagit.txt").exists()
    (draft / "data" / "published" / "old.html").write_text("of an earlier release")
    counting = Stopping(live.store)
    counting.left = 10_000
    made = exported(live, target, counting)
    objects = len([each for each in made.kept if each.name.startswith("published/")]) - 3  # feed, record, log
    assert 10_000 - counting.left == objects - 5
    bagit.Bag(str(target)).validate()
    assert not draft.exists()


def test_an_archive_is_not_written_over_or_into_the_show(live: Live, tmp_path: Path) -> None:
    """What is there already stays."""
    (tmp_path / "archive").mkdir()
    for target in (tmp_path / "archive", live.root / "episodes" / "archive"):
        with pytest.raises(ShowError):
            exported(live, target)
    with pytest.raises(StoreError, match="Nothing that omroep published"):
        exported(live, tmp_path / "other", Held(FolderStore(tmp_path / "empty")))


def test_an_archive_is_not_laid_where_everybody_can_read_it(live: Live, tmp_path: Path) -> None:
    """It holds drafts and what guests said; however deep in what is published, and wherever it is fetched from."""
    for target in (live.public / "archive", live.public / "a" / "b" / "archive"):
        for reach in (None, Seen(live.web.address)):
            with pytest.raises(ShowError, match="lies in what is published"):
                exported(live, target, reach)
        assert not target.parent.exists() or target.parent == live.public
    assert not list(live.public.glob("archive*"))


def test_an_archive_comes_to_life_again(live: Live, tmp_path: Path) -> None:
    """Its show, published to a copy of what it holds as published, has nothing to do."""
    made = exported(live, tmp_path / "archive")
    shutil.copytree(made.folder / "data", tmp_path / "again")
    root, store = tmp_path / "again" / "show", FolderStore(tmp_path / "again" / "published")
    prepared = publish.prepare(room(root, live.web.address), lambda own: store, lambda *step: None)
    assert prepared.plan.actions == ()


def test_links_in_a_show_are_left_out_of_an_archive_and_told(live: Live, tmp_path: Path) -> None:
    """What they lead to may be anything; pointers of git-LFS are kept and told."""
    root = tmp_path / "show"
    shutil.copytree(live.root, root)
    (root / "episodes" / "geheim").symlink_to("/etc")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 3\n"
    (root / "episodes" / "01-vooraf" / "audio.wav").write_text(pointer)
    made = archive.export(root, Held(live.store), tmp_path / "archive", lambda *step: None)
    assert made.left == ("episodes/geheim",)
    assert made.pointers == ("show/episodes/01-vooraf/audio.wav",)


# --- the feed of a show that leaves -----------------------------------------------------------------------------------


def test_a_feed_that_says_where_it_went_says_all_else_as_before(live: Live, tmp_path: Path) -> None:
    """With `new_feed_url`, allowed in so many words, it names the new address; every other element stays."""
    root, public = tmp_path / "show", tmp_path / "public"
    shutil.copytree(live.root, root)
    shutil.copytree(live.public, public)
    settings = root / "feed" / "show.yaml"
    settings.write_text(settings.read_text("utf-8").replace(f"{live.web.address}feed.xml", "https://new.example/rss"))
    with pytest.raises(Refused, match="new-feed-url"):
        published(root, public, live.web.address)
    published(root, public, live.web.address, Asked(allow=frozenset({"new-feed-url"})))
    before, after = ((folder / "feed.xml").read_bytes() for folder in (live.public, public))
    assert told(after) == told(before)
    assert b"<itunes:new-feed-url>https://new.example/rss<" in after


def test_the_programs(live: Live, tmp_path: Path) -> None:
    """`omroep import` and `omroep export`, as a producer types them."""
    program, there = Path(sys.executable).with_name("omroep"), tmp_path / "show"
    words = ["import", f"{live.web.address}feed.xml", str(there), "--no-audio"]
    locked = subprocess.run([program, *words], capture_output=True, text=True)
    assert (locked.returncode, "is locked" in locked.stderr, there.exists()) == (6, True, False)
    done = subprocess.run([program, *words, "--mine"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"episodes/02-een/audio.mp3: {live.web.address}{live.edition.entries[1].media.key}" in done.stdout
    assert "Write `base_url` in feed/show.yaml." in done.stdout
    check = subprocess.run([program, "--show", there, "check"], capture_output=True, text=True)
    assert (check.returncode, "`base_url` is missing" in check.stderr) == (3, True)
    out = subprocess.run(
        [program, "--show", live.root, "export", tmp_path / "bag", "--to", live.public], capture_output=True, text=True
    )
    assert out.returncode == 0, out.stderr
    bagit.Bag(str(tmp_path / "bag")).validate()


def test_problems_are_for_producers(live: Live, tmp_path: Path) -> None:
    """A folder that holds another show is left alone."""
    write_show(tmp_path)
    with pytest.raises(OmroepError, match="holds another show, “Proefshow”"):
        importer.bring(desk(tmp_path, live.web.address), str(_other(tmp_path, "003af0a0-6a45-55cf-b765-68e3d349551a")))


def _other(folder: Path, guid: str) -> Path:
    source = folder / "other.xml"
    source.write_text(
        f'<rss xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel><title>A</title><podcast:guid>{guid}'
        "</podcast:guid></channel></rss>"
    )
    return source
