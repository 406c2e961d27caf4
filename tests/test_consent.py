"""Guests say what may be published of them, until when; and files keep nothing of the machines that made them."""

import io
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import mutagen
import pytest
from mutagen.id3 import GEOB, ID3, TENC, TIT2, TXXX
from PIL import ExifTags, Image

from pipeline import catalog, consent, publish, release
from pipeline.audio.deliver import Studio
from pipeline.errors import Problem, ShowError
from pipeline.guard import Asked
from pipeline.publish import Prepared
from pipeline.rendering import Newsroom
from pipeline.sparing import Held
from pipeline.store.memory import MemoryStore
from tests.shows import write_episode, write_show, write_tone
from tests.test_audio import FFMPEG
from tests.test_publish import copied

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
WORDS = "WEBVTT\n\n00:00:00.100 --> 00:00:00.200\n<v Marco de Weeger>Goed zo.\n"
CANARY = b"CANARY-7731"


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A recording of half a second."""
    return write_tone(tmp_path_factory.mktemp("tone") / "tone.wav", seconds=0.5).read_bytes()


def photo(path: Path, size: tuple[int, int] = (800, 600)) -> Path:
    """A photo as a phone makes it: lying on its side, with the place where it was taken."""
    picture = Image.new("RGB", size, "#303030")
    picture.paste("#d0d0d0", (0, 0, size[0] // 2, size[1]))
    exif = picture.getexif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = CANARY.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 4.0, 48.0)
    picture.save(path, exif=exif, comment=CANARY)
    return path


def show(root: Path, tone: bytes, **guest: object) -> Path:
    """A show with one episode and its guest."""
    write_show(root)
    person = {"name": "Marco de Weeger", "organisation": "KplusV", "image": "marco.jpg", **guest}
    folder = write_episode(root, "01-werk", audio=tone, guests=[{**person}, {"name": "Ria"}])
    (folder / "transcript.vtt").write_text(WORDS)
    photo(folder / "marco.jpg")
    return root


def prepared(root: Path, store: MemoryStore, now: datetime = NOW, spare: Held | None = None) -> Prepared:
    studio = Studio(root=root, cache=root / ".omroep", environ={"OMROEP_FFMPEG": FFMPEG.path})
    room = Newsroom(root=root, studio=studio, now=now)
    return publish.prepare(room, lambda own: store, lambda title, what, part: None, Asked(), spare=spare)


def published(root: Path, store: MemoryStore, now: datetime = NOW, spare: Held | None = None) -> dict[str, bytes]:
    """What listeners can reach now, by key: what the live release names."""
    made = prepared(root, store, now, spare)
    publish.publish(made, lambda action: None)
    bodies = {item.key: store.read(item.key) for item in made.plan.release.objects}
    return {key: found.body for key, found in bodies.items() if found}


def problems(root: Path, now: datetime = NOW) -> tuple[Problem, ...]:
    studio = Studio(root=root, cache=root / ".omroep", environ={"OMROEP_FFMPEG": FFMPEG.path})
    return publish.look(Newsroom(root=root, studio=studio, now=now)).problems


def rules(found: tuple[Problem, ...]) -> list[tuple[str, bool, str]]:
    named = [each for each in found if each.rule.startswith("guest-")]
    return [(each.rule.partition(" ")[0], each.fatal, f"{Path(each.file).name}:{each.line}") for each in named]


def holding(files: dict[str, bytes], *words: bytes) -> list[str]:
    """Which files hold one of these words, in whatever case."""
    return sorted(key for key, body in files.items() if any(word.lower() in body.lower() for word in words))


def test_a_guest_who_agrees_is_shown(tmp_path: Path, tone: bytes) -> None:
    """Name, photo and words: in the feed, on the pages, in the transcript."""
    files = published(show(tmp_path, tone, consent="yes"), MemoryStore())
    (face,) = (key for key in files if key.startswith("images/guest."))
    assert f'img="https://proef.example.org/{face}"'.encode() in files["feed.xml"]
    assert face.encode() in files["guests/marco-de-weeger.html"]
    assert {"episodes/werk.html", "feed.xml", "index.html"} <= {*holding(files, b"Marco de Weeger")}
    assert holding(files, b"Goed zo.")


def test_a_photo_keeps_nothing_of_its_camera(tmp_path: Path, tone: bytes) -> None:
    """No place, no device, no comment; upright and square; the name of the guest is not in its address."""
    files = published(show(tmp_path, tone), MemoryStore())
    (face,) = (key for key in files if key.startswith("images/guest."))
    assert "marco" not in face
    with Image.open(io.BytesIO(files[face])) as picture:
        assert (picture.size, picture.format, dict(picture.getexif())) == ((600, 600), "JPEG", {})
        assert not picture.info.keys() & {"exif", "comment", "icc_profile", "xmp", "photoshop"}
        top, bottom = (picture.convert("L").getpixel((300, at)) for at in (40, 560))
        assert isinstance(top, int)
        assert isinstance(bottom, int)
        assert top > bottom  # what was left before it was turned upright
    with Image.open(tmp_path / "episodes" / "01-werk" / "marco.jpg") as original:
        assert original.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert holding(files, CANARY) == []


def test_art_and_audio_keep_nothing_of_their_makers(tmp_path: Path, tone: bytes) -> None:
    """A cover's place and camera, a recorder's name, its user and its project: in no published file."""
    root = write_show(tmp_path, cover="cover.jpg")
    photo(root / "feed" / "cover.jpg", (1400, 1400))
    wav, mp3 = tmp_path / "tone.wav", tmp_path / "tone.mp3"
    wav.write_bytes(tone)
    subprocess.run([FFMPEG.path, "-loglevel", "error", "-i", f"{wav}", "-b:a", "128k", f"{mp3}"], check=True)
    tags = ID3()
    for frame in (
        TIT2(encoding=3, text="CANARY-7731 title"),
        TENC(encoding=3, text="CANARY-7731 Zoom H4n"),
        TXXX(encoding=3, desc="path", text="C:\\Users\\CANARY-7731"),
        GEOB(encoding=3, mime="x", filename="CANARY-7731", data=CANARY),
    ):
        tags.add(frame)
    tags.save(mp3)
    for name, body in {"01-een": mp3.read_bytes(), "02-twee": tone + _bext()}.items():
        write_episode(root, name, audio=body)
    files = published(root, MemoryStore())
    audio = {key: body for key, body in files.items() if key.startswith("audio/")}
    assert len(audio) == 2
    assert holding(files, CANARY, "CANARY-7731".encode("utf-16-le")) == []
    for key, body in audio.items():
        read = mutagen.File(io.BytesIO(body))
        assert str(read.tags["TIT2"]).startswith("Aflevering"), key


def _bext() -> bytes:
    """A chunk as field recorders add it to a WAV (EBU Tech 3285): who recorded it, with what."""
    body = CANARY.ljust(602, b"\0")
    return b"bext" + len(body).to_bytes(4, "little") + body


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("no", {"name", "photo", "transcript"}),
        (["name"], {"photo", "transcript"}),
        ({"name": "yes", "photo": "yes"}, {"transcript"}),
        ({"photo": "yes", "transcript": "yes"}, {"name", "photo"}),
        ("name, transcript", {"photo"}),
    ],
)
def test_what_is_not_agreed_to_is_published_nowhere(tmp_path: Path, tone: bytes, said: object, gone: set[str]) -> None:
    """Of every file that listeners can reach, none holds it; the other guest is untouched."""
    root = show(tmp_path, tone, consent=said)
    files = published(root, MemoryStore())
    assert bool(holding(files, b"Marco", b"KplusV")) == ("name" not in gone)
    assert ("guests/marco-de-weeger.html" in files) == ("name" not in gone)
    assert any(key.startswith("images/guest.") for key in files) == ("photo" not in gone)
    assert bool(holding(files, b"Goed zo.")) == ("transcript" not in gone)
    assert "guests/ria.html" in files
    if gone == {"name", "photo"}:
        assert holding(files, b"Een gast")


VTT = "WEBVTT\n\n00:00:00.100 --> 00:00:00.200\n<v {label}>Goed zo.\n"
SRT = "1\n00:00:00,100 --> 00:00:00,200\n{label}: Goed zo.\n\n2\n00:00:00,300 --> 00:00:00,400\n{label}: Ja.\n"


@pytest.mark.parametrize(
    ("other", "label", "shown", "spoken"),
    [
        ("Ria", "Marco", "Een gast", SRT),
        ("Ria", "Marco", "Een gast", VTT),
        ("Ria", "márco", "Een gast", VTT),
        ("Ria", "Mark", "Mark", SRT),
        ("Marco", "Marco", "Marco", SRT),
        ("Marco Polo", "Marco", "Een gast", SRT),
        ("Marco Polo", "Marco Polo", "Marco Polo", SRT),
    ],
)
def test_a_first_name_is_a_name_too(
    tmp_path: Path, tone: bytes, other: str, label: str, shown: str, spoken: str
) -> None:
    """Before a line and in a tag: of who is not named; another whose whole name it is keeps it."""
    root = show(tmp_path, tone, consent=["transcript"])
    folder = root / "episodes" / "01-werk"
    said(folder, '"name": "Ria"', f'"name": "{other}"')
    name = "transcript.srt" if spoken is SRT else "transcript.vtt"
    said(folder, "transcript.vtt", name)
    (folder / "transcript.vtt").unlink()
    (folder / name).write_text(spoken.format(label=label))
    files = published(root, MemoryStore())
    (key,) = (key for key in files if key.startswith("transcripts/") and key.endswith(".vtt"))
    assert f"<v {shown}>Goed zo." in files[key].decode()


def test_a_first_name_goes_where_something_else_is_wrong(spared: Path) -> None:
    """Once the consent has ended, from a transcript that is left as it was published otherwise."""
    store, folder = MemoryStore(), spared / "episodes" / "01-werk"
    (folder / "transcript.vtt").write_text(WORDS.replace("Marco de Weeger", "Marco"))
    assert any("transcripts/" in key for key in holding(published(spared, store), b"<v Marco>Goed zo."))
    WRONG["art that is none"](folder)
    said(folder, '"name": "yes"', '"name": "no"')
    files = published(spared, store, NOW, {})
    assert any("transcripts/" in key for key in holding(files, b"<v Een gast>Goed zo."))
    assert holding(files, b"Marco>") == []


def test_what_ends_is_named_and_removed_by_the_next_publish(tmp_path: Path, tone: bytes) -> None:
    """At that moment and not before, though no file changed; the guest's page says nothing any more."""
    until = datetime(2024, 6, 1, tzinfo=UTC)
    root, store = (
        show(tmp_path, tone, consent={"name": "yes", "photo": "yes", "until": "2024-06-01 00:00Z"}),
        MemoryStore(),
    )
    first = prepared(root, store)
    assert first.next_due == until
    files = published(root, store, until - timedelta(seconds=1))
    assert holding(files, b"Marco")
    assert prepared(root, store, until - timedelta(seconds=1)).plan.actions == ()
    after = prepared(root, store, until)
    assert [each.rule.partition(" ")[0] for each in after.warnings if "guest" in each.rule] == ["guest-consent"]
    files = published(root, store, until)
    assert holding(files, b"Marco", b"KplusV") == []
    assert not any(key.startswith("images/guest.") for key in files)
    assert b"Proefshow" in files["guests/marco-de-weeger.html"]
    assert prepared(root, store, until + timedelta(days=1)).plan.actions == ()
    record = store.read(release.key(after.plan.release.id))
    assert record
    assert b"Marco" not in record.body


UNTIL = datetime(2024, 6, 1, tzinfo=UTC)
WRONG: dict[str, Callable[[Path], object]] = {
    "art that is none": lambda folder: (folder / "art.png").write_bytes(b"geen plaatje"),
    "other art": lambda folder: Image.new("RGB", (1400, 1300), "#00ff00").save(folder / "art.png"),
    "no recording": lambda folder: (folder / "audio.wav").unlink(),
    "a transcript that cannot be read": lambda folder: (folder / "transcript.vtt").write_text("niets"),
    "a copy of its folder": lambda folder: shutil.copytree(folder, folder.with_name("09-kopie")),
}


Live = tuple[Path, MemoryStore, dict[str, bytes]]
"""A show, a store that it was published to, and what listeners could reach then."""


@pytest.fixture
def spared(tmp_path: Path, tone: bytes) -> Path:
    """See `ending`."""
    return ending(tmp_path, tone)


@pytest.fixture(scope="module")
def once_live(tmp_path_factory: pytest.TempPathFactory, tone: bytes) -> Live:
    """The same, published once; only for copying."""
    root, store = ending(tmp_path_factory.mktemp("live"), tone), MemoryStore()
    return root, store, published(root, store)


@pytest.fixture
def live(once_live: Live, tmp_path: Path) -> Live:
    """A copy of it that a test may change."""
    root, store, files = once_live
    return Path(shutil.copytree(root, tmp_path / "show")), copied(store), files


def ending(folder: Path, tone: bytes) -> Path:
    """A show whose episode has art of its own, and a guest who agrees to all until then."""
    agreed = {"name": "yes", "photo": "yes", "transcript": "yes", "until": "2024-06-01 00:00Z"}
    root = show(folder, tone, consent=agreed)
    folder = root / "episodes" / "01-werk"
    Image.new("RGB", (1400, 1400), "#ff0000").save(folder / "art.png")
    said(folder, "number:", "image: art.png\nnumber:")
    return root


def said(folder: Path, old: str, new: str) -> None:
    text = (folder / "episode.md").read_text()
    assert old in text
    (folder / "episode.md").write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("wrong", WRONG)
def test_consent_ends_where_something_else_is_wrong(live: Live, wrong: str) -> None:
    """With the rest published, a broken episode stays as it was, but for the guest: once the time has come."""
    spared, store, before = live
    WRONG[wrong](spared / "episodes" / "01-werk")
    held = prepared(spared, store, UNTIL - timedelta(seconds=1), {})
    assert (len(held.found.held) > 0, held.plan.actions, held.next_due) == (True, (), UNTIL)
    after = prepared(spared, store, UNTIL, {})
    files = published(spared, store, UNTIL, {})
    assert holding(before, b"Marco de Weeger", b"Goed zo.")
    assert holding(files, b"Marco de Weeger", b"KplusV", b"Goed zo.") == []
    assert [key for key in files if key.startswith("images/guest.") or key.endswith(".vtt")] == []
    assert {"episodes/werk.html", "guests/ria.html"} <= files.keys()
    assert {key for key in before if key.startswith(("audio/", "images/werk"))} - files.keys() == {
        after.before.release.edition.entries[0].share.key  # type: ignore[union-attr]
    }
    record = store.read(release.key(after.plan.release.id))
    assert record
    assert b"Marco" not in record.body
    assert prepared(spared, store, UNTIL, {}).plan.actions == ()


def test_less_consent_counts_where_something_else_is_wrong(live: Live) -> None:
    """A photo, a name in the transcript: what its file does not agree to any more goes, and nothing else."""
    spared, store, _ = live
    folder = spared / "episodes" / "01-werk"
    WRONG["art that is none"](folder)
    said(folder, '"photo": "yes"', '"photo": "no"')
    files = published(spared, store, NOW, {})
    assert not any(key.startswith("images/guest.") for key in files)
    assert {"feed.xml", "guests/marco-de-weeger.html"} <= {*holding(files, b"Marco de Weeger")}
    said(folder, '"name": "yes"', '"name": "no"')
    files = published(spared, store, NOW, {})
    assert holding(files, b"Marco de Weeger") == []
    assert any("transcripts/" in key for key in holding(files, b"Een gast>Goed zo."))


def test_who_is_taken_out_goes_where_something_else_is_wrong(live: Live) -> None:
    """A guest whom the file names no more is in no list; the other one stays."""
    spared, store, _ = live
    folder = spared / "episodes" / "01-werk"
    WRONG["art that is none"](folder)
    text = (folder / "episode.md").read_text()
    (folder / "episode.md").write_text(re.sub(r"guests: .*", 'guests: [{"name": "Ria"}]', text))
    files = published(spared, store, NOW, {})
    assert b"Marco" not in files["feed.xml"]
    assert b"Ria" in files["feed.xml"]
    assert not any(key.startswith("images/guest.") for key in files)


@pytest.mark.parametrize("wrong", [each for each in WRONG if each not in ("no recording", "a copy of its folder")])
def test_what_is_withdrawn_goes_where_something_else_is_wrong(live: Live, wrong: str) -> None:
    """`status: withdrawn` beside what else has to be mended: out of the feed, and its page says so."""
    spared, store, _ = live
    folder = spared / "episodes" / "01-werk"
    WRONG[wrong](folder)
    said(folder, "number:", "status: withdrawn\nnumber:")
    files = published(spared, store, NOW, {})
    assert holding(files, b"guid-of-01-werk", b"Marco de Weeger", b"Goed zo.") == []
    assert "episodes/werk.html" in files
    assert b"<item>" not in files["feed.xml"]


def test_check_says_what_ends_and_who_is_named_still(tmp_path: Path, tone: bytes) -> None:
    """With file and line; a name in your own words stops a publish, unless the consent has only ended since."""
    root = show(tmp_path, tone, consent={"name": "yes", "transcript": "yes", "until": "2024-05-20"})
    episode = root / "episodes" / "01-werk" / "episode.md"
    text = episode.read_text().replace("Notities.", "Met MARCO DE  WEEGER.")
    episode.write_text(text)
    notes = text[: text.index("Met MARCO")].count("\n") + 1
    guests = text[: text.index("guests:")].count("\n") + 1
    ending = ("guest-consent", False, f"episode.md:{guests}")
    assert rules(problems(root)) == [ending]
    assert rules(problems(root, datetime(2024, 4, 1, tzinfo=UTC))) == []
    named = ("guest-still-named", False, f"episode.md:{notes}")
    assert rules(problems(root, datetime(2024, 5, 20, tzinfo=UTC))) == [ending, named]
    episode.write_text(text.replace('"until"', '"photo": "no", "until"').replace('"name": "yes"', '"name": "no"'))
    assert ("guest-unnamed", True, f"episode.md:{notes}") in rules(problems(root))
    with pytest.raises(ShowError, match="does not want to be named"):
        prepared(root, MemoryStore())


def test_who_is_unnamed_in_one_episode_and_named_in_another_is_told(tmp_path: Path, tone: bytes) -> None:
    """Who and where, until it is said that this is meant."""
    root = show(tmp_path, tone, consent=["transcript"])
    folder = write_episode(root, "02-later", audio=tone, guests=["Ria", "marco de  weeger"])
    (told,) = (problem for problem in problems(root) if problem.rule.startswith("guest-named-elsewhere"))
    text = (folder / "episode.md").read_text()
    assert (told.file, told.line, told.fatal) == (
        "episodes/02-later/episode.md",
        text[: text.index("guests:")].count("\n") + 1,
        False,
    )
    assert told.what == "marco de weeger is named here, and does not want to be named in `01-werk`."
    assert "Is that meant?" in told.mend
    write_episode(root, "02-later", audio=tone, guests=["Ria", {"name": "Marco de Weeger", "consent": "yes"}])
    assert "guest-named-elsewhere" not in {rule for rule, *_ in rules(problems(root))}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"until": "2024-05-20"}, "says until when, but not to what"),
        (
            ["naam"],
            "`naam` is not something to agree to; write yes, no, or some of name, photo, transcript; to say until",
        ),
        ("ja", "`ja` is not something to agree to; write yes, no, or some of"),
        ("until 2027-01-01", "write on lines of its own `name: yes` and `until: 2027-01-01`"),
        ({"name": "misschien"}, "should be yes or no"),
        ({"foto": "yes"}, "not a key that omroep knows"),
    ],
)
def test_a_consent_that_is_unclear_is_refused(tmp_path: Path, tone: bytes, said: object, told: str) -> None:
    """Rather than guessed at."""
    with pytest.raises(ShowError, match=told):
        catalog.load(show(tmp_path, tone, consent=said))


def test_a_photo_that_is_none_is_named(tmp_path: Path, tone: bytes) -> None:
    """What cannot be opened, is too small, or is not there: with the line of the guest."""
    root = show(tmp_path, tone)
    path = root / "episodes" / "01-werk" / "marco.jpg"
    told = []
    for write in (lambda: path.write_bytes(b"<svg/>"), lambda: photo(path, (100, 400)), path.unlink):
        write()
        told += [each.what for each in problems(root) if "marco" in each.what]
    assert told == [
        "`episodes/01-werk/marco.jpg` is not a JPEG or PNG picture that can be opened.",
        "`episodes/01-werk/marco.jpg` is 100 × 400 pixels; it should be at least 200 on each side.",
        "`guests.image`: the file `marco.jpg` is not there.",
    ]


def test_who_was_not_asked_is_published_as_ever(tmp_path: Path, tone: bytes) -> None:
    """No `consent`, no change: the same record as before there was one."""
    root = show(tmp_path, tone)
    loaded = catalog.load(root)
    assert consent.honoured(loaded, NOW, "Een gast") == loaded
    assert [*consent.withheld(loaded, NOW)] == []
