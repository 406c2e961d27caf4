"""From a dropped file to a draft: what becomes of names, companions and dates, whatever happens meanwhile."""

import os
import shutil
import signal
import subprocess
import threading
import time
import unicodedata
import wave
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml as plain_yaml
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.id3 import ID3, TDRC, TIT2, TRCK
from mutagen.wave import WAVE
from PIL import Image

from pipeline import catalog, cli, ingest, placing
from pipeline.audio.deliver import Studio
from pipeline.catalog import amended, located
from pipeline.ingest import Desk, Outcome
from pipeline.intake import front_matter, naming, parcels, rhythm, words
from pipeline.intake.naming import Said
from pipeline.intake.parcels import Kind, Lying, Why
from pipeline.model import Chapter, Episode, Status
from tests.shows import TRANSCRIPT, write_episode, write_show, write_tone
from tests.test_audio import FFMPEG

NOW = datetime(2020, 10, 15, 12, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture
def show(tmp_path: Path, tone: bytes) -> Path:
    """A show with two episodes, a week apart."""
    root = write_show(tmp_path / "show")
    write_episode(root, "01-welkom", date="2020-10-06 07:00", season=1, audio=tone[:-2] + b"\x21\x00")
    write_episode(root, "02-werving", date="2020-10-13 07:00", season=1, audio=tone[:-2] + b"\x22\x00")
    return root


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A recording of half a second."""
    return write_tone(tmp_path_factory.mktemp("tone") / "tone.wav", seconds=0.5, rate=8000).read_bytes()


def desk(root: Path, language: str | None = None) -> Desk:
    studio = Studio(root=root, cache=root / ".omroep", environ={"PATH": os.environ["PATH"]})
    return Desk(root=root, studio=studio, now=NOW, language=language)


def drop(root: Path, name: str, body: bytes) -> Path:
    path = root / "episodes" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    return path


def keys(root: Path, folder: str) -> dict[str, Any]:
    """Front matter as somebody else's YAML reader sees it."""
    text = (root / "episodes" / folder / "episode.md").read_text("utf-8")
    found: dict[str, Any] = plain_yaml.load(text.split("---")[1], Loader=plain_yaml.BaseLoader)
    return found


def files(root: Path) -> dict[str, bytes]:
    """Everything in `episodes/`, hidden files as well."""
    top = root / "episodes"
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def episode(root: Path, folder: str) -> Episode:
    return next(each for each in catalog.load(root).episodes if each.folder == folder)


def whys(outcome: Outcome) -> dict[str, Why]:
    return {each.path: each.why for each in outcome.left}


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("03 Detachering", Said(title="Detachering", number=3)),
        ("3 - detachering", Said(title="Detachering", number=3)),
        ("#12 Wat nu", Said(title="Wat nu", number=12)),
        ("Afl. 4 Gedeeld werkgeverschap", Said(title="Gedeeld werkgeverschap", number=4)),
        ("aflevering 5", Said(number=5)),
        ("S02E07 Terug", Said(title="Terug", number=7, season=2)),
        ("2020-10-20 03_online_werving", Said(title="Online werving", number=3, day=date(2020, 10, 20))),
        ("20201020-detachering", Said(title="Detachering", day=date(2020, 10, 20))),
        ("2020-02-30 detachering", Said(title="2020-02-30 detachering")),
        ("100.000 banen", Said(title="100.000 banen")),
        ("7 vinkjes", Said(title="7 vinkjes")),
        ("3 dingen", Said(title="Dingen", number=3)),
        ("03-gedeeld-werkgeverschap", Said(title="Gedeeld werkgeverschap", number=3)),
        ("Detachering (1)", Said(title="Detachering")),
        ("ZOOM0004", Said()),
        ("opname", Said()),
        ("nieuwe opname 2", Said()),
        ("epiloog", Said(title="Epiloog")),
        ("noot", Said(title="Noot")),
        ("-y", Said(title="Y")),
        ("%03d", Said(title="%03d")),
        ("café".encode().decode(), Said(title="Café")),
        (unicodedata.normalize("NFD", "café"), Said(title="Café")),
    ],
)
def test_a_name_tells_what_it_can(name: str, said: Said) -> None:
    """Number, season, date and title, and nothing that is only a counter of a recorder; 3 is expected next."""
    assert naming.read(name, expected=3) == said


@given(st.text(max_size=60))
def test_any_name_can_be_read(name: str) -> None:
    """Whatever a file is called, its title is on one line."""
    assert "\n" not in naming.read(name, expected=1).title


@pytest.mark.parametrize(
    ("published", "now", "following"),
    [
        ([], "2020-10-15", None),
        (["2020-10-06 07:00"], "2020-10-07", "2020-10-13 07:00"),
        (["2020-10-06 07:00"], "2020-11-01", "2020-11-03 07:00"),
        (["2020-09-08 07:00", "2020-09-22 07:00", "2020-10-06 07:00"], "2020-10-07", "2020-10-20 07:00"),
        (["2020-10-05", "2020-10-06", "2020-10-07", "2020-10-08"], "2020-10-08", "2020-10-09"),
        (["2020-10-20 07:00"], "2020-10-21", "2020-10-27 07:00"),  # the clock changes between them
        (["2021-03-21 02:30"], "2021-03-22", "2021-03-28 12:00"),  # that half hour does not exist
    ],
)
def test_the_next_date_follows_the_rhythm(published: list[str], now: str, following: str | None) -> None:
    """A week, or what the last episodes show; at the same hour of the show's clock; never in the past."""
    moments = [datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM) for text in published]
    found = rhythm.following(moments, datetime.fromisoformat(now).replace(tzinfo=UTC), AMSTERDAM)
    assert (rhythm.written(found, AMSTERDAM) if found else None) == following


# --- a file is dropped ------------------------------------------------------------------------------------------------


def test_a_bare_recording_becomes_a_draft(show: Path, tone: bytes) -> None:
    """Folder, number, title, season, date, guid, with transcript and chapters of the same name; bytes untouched."""
    drop(show, "03 Detachering.wav", tone)
    drop(show, "03 Detachering.nl.vtt", TRANSCRIPT.encode())
    drop(show, "03 Detachering.txt", b"0:00 Welkom\n0:00.250 Verder\n")
    outcome = ingest.take_in(desk(show))
    found = keys(show, "03-detachering")
    guid = found.pop("guid")
    assert len(guid) == 36
    assert found == {
        "title": "Detachering",
        "number": "3",
        "season": "1",
        "date": "2020-10-20 07:00",
        "status": "draft",
        "summary": "",
        "guests": "",
        "audio": "03 Detachering.wav",
        "transcript": "03 Detachering.nl.vtt",
        "chapters": "03 Detachering.txt",
    }
    made = episode(show, "03-detachering")
    assert (made.guid, made.status, made.slug) == (guid, Status.DRAFT, "detachering")
    assert [chapter.title for chapter in made.chapters] == ["Welkom", "Verder"]
    assert made.transcript[0].text == "Dit is een proef."
    assert files(show)["03-detachering/03 Detachering.wav"] == tone
    assert [path.name for path in (show / "episodes").iterdir() if path.is_file()] == []
    assert outcome.left == ()


def test_a_second_run_does_nothing(show: Path, tone: bytes) -> None:
    """The same files, the same bytes, and it says so."""
    drop(show, "03 Detachering.wav", tone)
    ingest.take_in(desk(show))
    before = files(show)
    outcome = ingest.take_in(desk(show))
    assert (outcome.taken, outcome.left, files(show)) == ((), (), before)


def test_a_recording_in_a_new_folder(show: Path, tone: bytes) -> None:
    """The folder keeps its name and says what the file does not; art of the right size is taken, other art named."""
    drop(show, "03 Detachering/ZOOM0001.WAV", tone)
    Image.new("RGB", (1400, 1400)).save(show / "episodes" / "03 Detachering" / "deur.png")
    drop(show, "04 Werk/ZOOM0002.WAV", tone[:-2] + b"\x01\x00")
    Image.new("RGB", (300, 200)).save(show / "episodes" / "04 Werk" / "klein.png")
    outcome = ingest.take_in(desk(show))
    found = keys(show, "03 Detachering")
    assert (found["title"], found["number"], found["image"]) == ("Detachering", "3", "deur.png")
    assert keys(show, "04 Werk")["date"] == "2020-10-27 07:00"
    assert "image" not in keys(show, "04 Werk")
    assert whys(outcome) == {"klein.png": Why.BESIDE}
    assert episode(show, "03 Detachering").image is not None


def test_tags_say_what_the_name_does_not(show: Path, tone: bytes) -> None:
    """Title and number of an ID3 tag, where the file is called as recorders call it; its date only in a new show."""
    path = drop(show, "ZOOM0009.wav", tone)
    tagged = WAVE(path)
    tagged.add_tags()
    for frame in (
        TIT2(encoding=3, text="Wat: 'werkt'"),
        TRCK(encoding=3, text="7/9"),
        TDRC(encoding=3, text="2020-01-02"),
    ):
        tagged.tags.add(frame)  # type: ignore[attr-defined]
    tagged.save()
    ingest.take_in(desk(show))
    found = keys(show, "07-wat-werkt")
    assert (found["title"], found["number"], found["date"]) == ("Wat: 'werkt'", "7", "2020-10-20 07:00")


def test_chapters_in_the_recording_are_written_down(show: Path, tmp_path: Path) -> None:
    """As lines that a producer can edit, read back by the catalogue."""
    wav, listed = write_tone(tmp_path / "tone.wav", seconds=3), tmp_path / "chapters.txt"
    listed.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1500\ntitle=Welkom: hallo\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1500\nEND=3000\ntitle=Werk\n"
    )
    path = show / "episodes" / "Hoofdstukken.mp3"
    command = [FFMPEG.path, "-loglevel", "error", "-i", f"{wav}", "-i", f"{listed}", "-map_chapters", "1", f"{path}"]
    subprocess.run(command, check=True)
    assert len(ID3(path).getall("CHAP")) == 2
    ingest.take_in(desk(show))
    assert keys(show, "03-hoofdstukken")["chapters"] == ["0:00 Welkom: hallo", "0:01.500 Werk"]
    assert [(each.start_s, each.title) for each in episode(show, "03-hoofdstukken").chapters] == [
        (0.0, "Welkom: hallo"),
        (1.5, "Werk"),
    ]


def test_the_first_episode_of_a_show(tmp_path: Path, tone: bytes) -> None:
    """Number 1, dated today; a name that says nothing gives a title that is asked about."""
    root = write_show(tmp_path)
    drop(root, "opname.wav", tone)
    (draft,) = ingest.take_in(desk(root)).taken
    assert (draft.folder, draft.title, draft.unsure) == ("01-aflevering-1", "Aflevering 1", ("title", "date"))
    assert keys(root, "01-aflevering-1")["date"] == "2020-10-15"


def test_a_show_without_numbers_gets_none(tmp_path: Path, tone: bytes) -> None:
    """A show that does not number its episodes goes on so; the season stays that of the last one."""
    root = write_show(tmp_path)
    write_episode(root, "welkom", number=None, season=2, audio=tone[:-2] + b"\x21\x00")
    drop(root, "Detachering.wav", tone)
    (draft,) = ingest.take_in(desk(root)).taken
    assert (draft.folder, keys(root, "detachering").get("number"), keys(root, "detachering")["season"]) == (
        "detachering",
        None,
        "2",
    )


def test_a_taken_name_gets_a_number(show: Path, tone: bytes) -> None:
    """Neither a folder nor a web address is used twice."""
    drop(show, "01 Welkom.wav", tone)
    (draft,) = ingest.take_in(desk(show)).taken
    assert draft.folder == "01-welkom-2"
    assert {each.slug for each in catalog.load(show).episodes} == {"welkom", "werving", "welkom-2"}


# --- a draft that waits -----------------------------------------------------------------------------------------------


def test_a_draft_that_was_begun_gets_its_recording(show: Path, tone: bytes) -> None:
    """By its title; what stands in its `episode.md`, comments and order included, stays byte for byte."""
    (draft,) = ingest.begin(desk(show), "Gedeeld: werk?").taken
    path = show / "episodes" / draft.folder / "episode.md"
    mine = path.read_text("utf-8").replace("summary:", "# van mij\nsummary: 'zo'  # mooi\nimage:") + "Notities.\r\n"
    path.write_text(mine, "utf-8", newline="")
    drop(show, "Gedeeld werk.wav", tone)
    Image.new("RGB", (1400, 1400)).save(show / "episodes" / "Gedeeld werk.png")
    (given,) = ingest.take_in(desk(show)).taken
    assert (given.folder, given.new) == ("03-gedeeld-werk", False)
    after = path.read_bytes().decode()
    said = [line for line in after.replace("\r\n", "\n").splitlines() if line not in mine.replace("\r\n", "\n")]
    assert [line.partition(" #")[0] for line in said] == ["image: Gedeeld werk.png", "audio: Gedeeld werk.wav"]
    assert (keys(show, draft.folder)["summary"], keys(show, draft.folder)["title"]) == ("zo", "Gedeeld: werk?")
    assert episode(show, draft.folder).audio.size == len(tone)


@pytest.mark.parametrize("name", ["Wat ik leerde.wav", "03-wat-ik-leerde.wav", "wat_ik_leerde.wav"])
def test_an_episode_that_is_live_already_gets_its_recording(show: Path, tone: bytes, name: str) -> None:
    """Who fills everything in before the recording is there has one episode, with the guid that it had."""
    (begun,) = ingest.begin(desk(show), "Wat ik leerde").taken
    path = show / "episodes" / begun.folder / "episode.md"
    path.write_text(path.read_text("utf-8").replace("status: draft", "status: live"), "utf-8")
    drop(show, name, tone)
    outcome = ingest.take_in(desk(show))
    assert [(each.folder, each.new) for each in outcome.taken] == [("03-wat-ik-leerde", False)]
    live = episode(show, begun.folder)
    assert (live.guid, live.status, live.audio.size) == (begun.keys["guid"], Status.LIVE, len(tone))
    assert len(catalog.load(show).episodes) == 3


def test_an_episode_is_known_by_its_folder_too(show: Path, tone: bytes) -> None:
    """Where its title has become another; one that was withdrawn takes nothing, nor one that has its recording."""
    (begun,) = ingest.begin(desk(show), "Werktitel").taken
    path = show / "episodes" / begun.folder / "episode.md"
    path.write_text(path.read_text("utf-8").replace("title: Werktitel", "title: Wat ik leerde"), "utf-8")
    drop(show, "Werktitel.wav", tone)
    gone = write_episode(show, "04-weg", status="withdrawn", audio=tone)
    (gone / "audio.wav").unlink()
    (gone / "episode.md").write_text((gone / "episode.md").read_text("utf-8").replace('audio: "audio.wav"\n', ""))
    drop(show, "Weg.wav", tone[:-2] + b"\x23\x00")
    drop(show, "Welkom.wav", tone[:-2] + b"\x24\x00")
    assert {each.folder: each.new for each in ingest.take_in(desk(show)).taken} == {
        begun.folder: False,
        "04-weg-2": True,
        "05-welkom-2": True,
    }


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=40)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
def test_any_text_survives_in_front_matter(text: str) -> None:
    """What is written is what is read, by our reader and by PyYAML's."""
    body = front_matter.composed({"title": text, "chapters": [text, "0:00 a"]}, {"title": "let op"})
    front = catalog.front_matter(body)
    assert front
    said, problems = located.read(front, file="episode.md")
    assert (said.value, problems) == ({"title": text, "chapters": [text, "0:00 a"]}, ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("---\ntitle: a\n---\nx", "---\ntitle: a\naudio: b.wav\n---\nx"),
        ("---\naudio:   # straks\ntitle: a\n---\n", "---\naudio: b.wav   # straks\ntitle: a\n---\n"),
        ("---\naudio: ~\n# wie?\ntitle: a\n---\n", "---\naudio: b.wav\n# wie?\ntitle: a\n---\n"),
        ("---\naudio:\n  # of c.wav\ntitle: a\n---\n", "---\naudio: b.wav\n  # of c.wav\ntitle: a\n---\n"),
        ("---\r\ntitle: a\r\n---\r\nx", "---\r\ntitle: a\r\naudio: b.wav\r\n---\r\nx"),
        ("---\ntitle: a\r\nb:\n---\nx\r\ny", "---\ntitle: a\r\nb:\naudio: b.wav\n---\nx\r\ny"),
        ("---\r\naudio: # c\r\n---\r\n", "---\r\naudio: b.wav # c\r\n---\r\n"),
        ("\ufeff---\naudio:\n---\n", "\ufeff---\naudio: b.wav\n---\n"),
    ],
)
def test_a_key_is_added_and_nothing_else_changes(before: str, after: str) -> None:
    """At the end of the settings, or where it stood empty; line endings, space and comments stay."""
    assert amended.front_matter(before, {"audio": "b.wav"}, file="episode.md") == after


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_is_added_below_its_key(end: str) -> None:
    """Several keys at once, one of them a list, in the line ends that are there."""
    chapters = front_matter.yaml(["0:00 Begin", "1:00 Eind: hier"])
    before, after = (
        "---|chapters: # hoe?|title: a|---|",
        ('---|chapters: # hoe?|  - "0:00 Begin"|  - "1:00 Eind: hier"|title: a|audio: b.wav|---|'),
    )
    values = {"chapters": chapters, "audio": "b.wav"}
    assert amended.front_matter(before.replace("|", end), values, file="x") == after.replace("|", end)


def test_front_matter_that_takes_no_lines_is_left_alone(show: Path, tone: bytes) -> None:
    """Settings in braces: the recording is moved, and what to add is said."""
    path = show / "episodes" / "03-werk" / "episode.md"
    path.parent.mkdir()
    path.write_text("---\n{title: Werk, date: 2020-11-01, status: draft}\n---\n")
    drop(show, "Werk.wav", tone)
    outcome = ingest.take_in(desk(show))
    assert path.read_text().startswith("---\n{title: Werk, date: 2020-11-01, status: draft}\n")
    assert whys(outcome) == {"03-werk/episode.md": Why.ODD}
    assert episode(show, "03-werk").audio.size == len(tone)


def test_chapters_are_written_as_producers_do() -> None:
    """To the millisecond, hours where there are any."""
    times = {0.0: "0:00 x", 31.5: "0:31.500 x", 3723.0004: "1:02:03 x", 59.9996: "1:00 x"}
    assert {start: front_matter.chapter(Chapter(start_s=start, title="x")) for start in times} == times


# --- what is left alone -----------------------------------------------------------------------------------------------


def test_half_copied_files_are_left_alone(show: Path, tone: bytes) -> None:
    """By their names, and by what is in them; each is told, and none is moved."""
    drop(show, "a.wav.part", tone)
    drop(show, "b.mp3.crdownload", b"x")
    drop(show, "c.wav", tone[: len(tone) // 2])
    drop(show, "d.wav", b"")
    drop(show, "e.m4a", b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A isom\x00\x00\x10\x00mdat")
    drop(show, "nieuw/f.flac.tmp", b"x")
    before = files(show)
    outcome = ingest.take_in(desk(show))
    assert whys(outcome) == {
        "a.wav.part": Why.COPYING,
        "b.mp3.crdownload": Why.COPYING,
        "nieuw/f.flac.tmp": Why.COPYING,
        "c.wav": Why.CUT_OFF,
        "d.wav": Why.CUT_OFF,
        "e.m4a": Why.CUT_OFF,
    }
    assert (outcome.taken, files(show)) == ((), before)


def test_a_file_that_grows_is_left_alone(show: Path, monkeypatch: pytest.MonkeyPatch, tone: bytes) -> None:
    """A recording that another program still writes to is told, and taken in later."""
    path = drop(show, "Groeit.wav", tone)
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    monkeypatch.setattr(time, "sleep", lambda _: path.open("ab").write(b"\0\0"))
    assert whys(ingest.take_in(desk(show))) == {"Groeit.wav": Why.CHANGING}
    assert path.exists()
    os.utime(path, (0, 0))
    monkeypatch.undo()
    assert [draft.title for draft in ingest.take_in(desk(show)).taken] == ["Groeit"]


def test_a_draft_gets_an_address_of_its_own(show: Path, tone: bytes) -> None:
    """However the folder of the episode that has it already is spelled."""
    write_episode(show, "03 Detachering", date="2020-10-20 07:00", season=1, audio=tone[:-2] + b"\x23\x00")
    drop(show, "04 Detachering.wav", tone)
    (draft,) = ingest.take_in(desk(show)).taken
    assert episode(show, "03 Detachering").slug == "detachering"
    assert episode(show, draft.folder).slug == "detachering-2"


@pytest.mark.parametrize(
    "name", ["-y.wav", "%03d.wav", "concat:a|b.wav", "a'; rm -rf $HOME;'.wav", "{x}.wav", "é🎙.wav"]
)
def test_odd_names_are_names(show: Path, tone: bytes, name: str) -> None:
    """No option, pattern, protocol, command or format: the file is moved as it is called."""
    drop(show, name, tone)
    (draft,) = ingest.take_in(desk(show)).taken
    assert files(show)[f"{draft.folder}/{name}"] == tone
    assert episode(show, draft.folder).audio.size == len(tone)


def test_a_name_of_255_bytes(show: Path, tone: bytes) -> None:
    """Is kept; the folder's is shorter."""
    name = "a" * 251 + ".wav"
    drop(show, name, tone)
    (draft,) = ingest.take_in(desk(show)).taken
    assert files(show)[f"{draft.folder}/{name}"] == tone


def test_what_cannot_be_an_episode_is_left_alone(show: Path, tmp_path: Path, tone: bytes) -> None:
    """Control characters, links, devices, playlists that pose as recordings, and twins by accent or case."""
    top = show / "episodes"
    drop(show, "a\x1b[31m.wav", tone)
    (tmp_path / "elders.wav").write_bytes(tone)
    (top / "link.wav").symlink_to(tmp_path / "elders.wav")
    os.mkfifo(top / "pijp.wav")
    drop(show, "lijst.mp3", b"#EXTM3U\n/etc/passwd\n")
    for name in ("café", "werk"):
        drop(show, f"{unicodedata.normalize('NFC', name)}.wav", tone)
    drop(show, f"{unicodedata.normalize('NFD', 'café')}.wav", tone)
    drop(show, "WERK.mp3", tone)
    drop(show, "map/een.wav", tone)
    drop(show, "map/twee.wav", tone)
    outcome = ingest.take_in(desk(show))
    assert whys(outcome) == {
        "a\x1b[31m.wav": Why.NAME,
        "link.wav": Why.LINK,
        "pijp.wav": Why.LINK,
        "lijst.mp3": Why.UNREADABLE,
        unicodedata.normalize("NFC", "café.wav"): Why.TWINS,
        unicodedata.normalize("NFD", "café.wav"): Why.TWINS,
        "werk.wav": Why.TWINS,
        "WERK.mp3": Why.TWINS,
        "map": Why.SEVERAL,
    }
    assert outcome.taken == ()


def test_no_second_draft_is_made_beside_a_misnamed_one(show: Path, tone: bytes) -> None:
    """Windows hides endings: what was saved as `episode.md.txt` is told, and nothing is written beside it."""
    drop(show, "03-werk/werk.wav", tone)
    drop(show, "03-werk/episode.md.txt", b"---\ntitle: Werk\ndate: 2020-10-20\n---\n")
    before = files(show)
    outcome = ingest.take_in(desk(show))
    assert (whys(outcome), outcome.taken, files(show)) == ({"03-werk/episode.md.txt": Why.MISNAMED}, (), before)


def test_a_recording_is_not_taken_in_twice(show: Path, tmp_path: Path) -> None:
    """The same bytes as an episode's are named with it, dropped or given from elsewhere."""
    known = (show / "episodes" / "01-welkom" / "audio.wav").read_bytes()
    drop(show, "kopie.wav", known)
    elsewhere = tmp_path / "kopie2.wav"
    elsewhere.write_bytes(known)
    assert whys(ingest.take_in(desk(show))) == {"kopie.wav": Why.KNOWN}
    assert whys(ingest.take_in(desk(show), [elsewhere])) == {"kopie2.wav": Why.KNOWN}
    assert not (show / "episodes" / "kopie2.wav").exists()


def test_a_recording_from_elsewhere_is_copied(show: Path, tmp_path: Path, tone: bytes) -> None:
    """With what lies beside it; the original stays, and what else lies in `episodes/` is not touched."""
    away = tmp_path / "elders"
    away.mkdir()
    (away / "Werk.wav").write_bytes(tone)
    (away / "Werk.vtt").write_text(TRANSCRIPT)
    (away / "Anders.vtt").write_text(TRANSCRIPT)
    drop(show, "Ander.wav", tone[:-2] + b"\x01\x00")
    outcome = ingest.take_in(desk(show), [away / "Werk.wav"])
    assert [draft.folder for draft in outcome.taken] == ["03-werk"]
    assert sorted(path.name for path in (show / "episodes" / "03-werk").iterdir()) == [
        "Werk.vtt",
        "Werk.wav",
        "episode.md",
    ]
    assert sorted(path.name for path in away.iterdir()) == ["Anders.vtt", "Werk.vtt", "Werk.wav"]
    assert (show / "episodes" / "Ander.wav").exists()
    assert whys(ingest.take_in(desk(show), [away / "Werk.wav"])) == {"Werk.wav": Why.KNOWN}


def test_nothing_is_written_over(show: Path, tone: bytes) -> None:
    """A file that is in the way stays, and so does the one that was to be moved."""
    (draft,) = ingest.begin(desk(show), "Werk").taken
    mine = show / "episodes" / draft.folder / "Werk.vtt"
    mine.write_text("van mij")
    drop(show, "Werk.wav", tone)
    drop(show, "Werk.vtt", TRANSCRIPT.encode())
    outcome = ingest.take_in(desk(show))
    assert whys(outcome) == {"Werk.vtt": Why.TAKEN}
    assert (mine.read_text(), (show / "episodes" / "Werk.vtt").read_text()) == ("van mij", TRANSCRIPT)


# --- at any moment ----------------------------------------------------------------------------------------------------

_STEPS = ("link", "unlink", "mkdir", "replace", "rename")


def killed(work: Callable[[], object], at: int) -> bool:
    """Whether a real process that does `work` was killed after its `at`-th change of the disk."""
    child = os.fork()
    if child == 0:
        count = 0

        def counting(step: Callable[..., Any]) -> Callable[..., Any]:
            def counted(*arguments: Any, **options: Any) -> Any:
                nonlocal count
                count += 1
                done = step(*arguments, **options)
                if count == at:
                    os.kill(os.getpid(), signal.SIGKILL)
                return done

            return counted

        for name in _STEPS:
            setattr(os, name, counting(getattr(os, name)))
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def stripped(root: Path) -> dict[str, bytes]:
    """The files, without guids and what a killed run left hidden."""
    return {
        name: b"\n".join(line for line in body.splitlines() if not line.startswith(b"guid:"))
        for name, body in files(root).items()
        if "/." not in f"/{name}"
    }


def test_it_can_be_killed_at_any_moment(tmp_path: Path, tone: bytes) -> None:
    """kill -9 after every change of the disk: nothing is lost, and one more run ends as an undisturbed one does."""
    start = write_show(tmp_path / "start")
    ingest.begin(desk(start), "Begonnen")
    drop(start, "Begonnen.wav", tone[:-2] + b"\x01\x00")
    drop(start, "03 Werk.wav", tone)
    drop(start, "03 Werk.vtt", TRANSCRIPT.encode())
    for path in (start / "episodes").iterdir():
        os.utime(path, (0, 0))
    theirs = {body for name, body in files(start).items() if not name.endswith("episode.md")}
    calm = Path(shutil.copytree(start, tmp_path / "calm"))
    assert not killed(lambda: ingest.take_in(desk(calm)), 99)
    wanted = stripped(calm)
    assert {"01-begonnen/Begonnen.wav", "03-werk/03 Werk.wav", "03-werk/03 Werk.vtt"} < wanted.keys()
    stops = 0
    for at in range(1, 99):
        root = Path(shutil.copytree(start, tmp_path / f"run{at}"))
        if not killed(lambda root=root: ingest.take_in(desk(root)), at):  # type: ignore[misc]
            break
        stops = at
        assert theirs <= {*files(root).values()}, f"lost at step {stops}"
        ingest.take_in(desk(root))
        assert stripped(root) == wanted, f"step {stops}"
    assert stops > 6


def test_two_at_once_are_harmless(show: Path, tone: bytes) -> None:
    """Each recording becomes one episode, with a number of its own."""
    for number in range(6):
        path = drop(show, f"Deel {'abcdef'[number]}.wav", tone[:-2] + bytes([number, 0]))
        os.utime(path, (0, 0))
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(ingest.take_in(desk(show)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(outcome.taken) for outcome in outcomes) == [0, 0, 6]
    assert [each.number for each in catalog.load(show).episodes] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_without_links_a_name_is_claimed_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that knows no hard links (FAT), files are moved and copied, and nothing is written over."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    source = tmp_path / "a"
    source.write_bytes(b"een")
    assert placing.move(source, tmp_path / "b")
    assert placing.copy(tmp_path / "b", tmp_path / "a")
    assert not placing.move(tmp_path / "a", tmp_path / "b")
    assert not placing.write(tmp_path / "b", b"twee")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"een", "b": b"een"}


def test_a_link_to_the_file_is_not_the_file(tmp_path: Path) -> None:
    """A link that is in the way does not cost the producer the only name of a recording."""
    source = tmp_path / "a"
    source.write_bytes(b"een")
    (tmp_path / "b").symlink_to(source)
    assert not placing.move(source, tmp_path / "b")
    assert source.read_bytes() == b"een"


# --- what is said -----------------------------------------------------------------------------------------------------


def sentences() -> Iterator[str]:
    """Everything that is said to producers in their language."""
    yield from (getattr(words, name) for name in dir(words) if name.isupper() and isinstance(getattr(words, name), str))
    yield from (*words.LEFT.values(), *words.SURE_OF.values(), *(told for told, _ in words.LACKS))


def test_everything_is_said_in_dutch_too() -> None:
    """Every sentence has its translation, with the same blanks."""
    path = Path(ingest.__file__).parent / "locale" / "nl.po"
    said = {str(message.id): str(message.string) for message in read_po(path.open("rb")) if message.id}
    assert {*sentences()} <= said.keys()
    for english, dutch in said.items():
        assert dutch
        assert sorted(part.split("}")[0] for part in english.split("{")[1:]) == sorted(
            part.split("}")[0] for part in dutch.split("{")[1:]
        ), english


def test_every_reason_has_its_sentence() -> None:
    """Whatever is left alone is told why."""
    assert words.LEFT.keys() == {*Why}


def test_companions_go_with_the_longest_name() -> None:
    """`03.intro.vtt` belongs to `03.intro.wav` where that is there."""
    lying = [
        Lying(name=name, kind=kind)
        for name, kind in (
            ("03.wav", Kind.RECORDING),
            ("03.intro.wav", Kind.RECORDING),
            ("03.intro.vtt", Kind.TRANSCRIPT),
            ("03.vtt", Kind.TRANSCRIPT),
            ("04.vtt", Kind.TRANSCRIPT),
        )
    ]
    found, left = parcels.bare(lying)
    assert {each.recording: each.only(Kind.TRANSCRIPT) for each in found} == {
        "03.wav": "03.vtt",
        "03.intro.wav": "03.intro.vtt",
    }
    assert left == ()


def test_the_program_says_it_in_the_shows_language_or_another(
    show: Path, tone: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Dutch for a Dutch show, English when asked; control characters of a name never reach the terminal."""
    drop(show, "03 Detachering.wav", tone)
    drop(show, "a\x1b[31m.wav", tone)
    assert cli.run(["--show", f"{show}", "ingest"]) == 0
    first = capsys.readouterr()
    assert cli.run(["--show", f"{show}", "ingest", "--lang", "en"]) == 0
    second = capsys.readouterr()
    assert "“Detachering” is nu een concept: episodes/03-detachering/episode.md" in first.out
    assert "een transcript" in first.out
    assert "Nothing else to take in" in second.out
    (show / "episodes" / "a\x1b[31m.wav").unlink()
    assert cli.run(["--show", f"{show}", "ingest"]) == 0
    assert "elke opname in episodes/ heeft haar aflevering" in capsys.readouterr().out
    assert "a transcript: a .vtt or .srt file" in second.out
    assert "\x1b" not in first.out + first.err
    assert "\\u001b[31m.wav heeft tekens in de naam" in first.err


def test_a_wav_without_samples_is_whole(show: Path) -> None:
    """Nothing hangs or breaks on a recording that holds no sound: it is told."""
    with wave.open(str(show / "episodes" / "leeg.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44100)
    assert whys(ingest.take_in(desk(show))) == {"leeg.wav": Why.UNREADABLE}
