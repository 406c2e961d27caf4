"""AAC and Opus beside MP3: measured by another meter, read by other readers, the same bytes every time."""

import io
import re
import shutil
import subprocess
import wave
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy
import pytest
from lxml import etree
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from PIL import Image

from pipeline import catalog, digest, publish, release, rendering
from pipeline.audio import containers, deliver, ffmpeg, recipe
from pipeline.audio.deliver import Sleeve, Studio
from pipeline.audio.master import Master, Order, masters
from pipeline.errors import AudioError, Exit
from pipeline.model import Alternate, Chapter, Key, Mastering, Media, Rendition
from pipeline.store.memory import MemoryStore
from tests.listeners import PODCAST
from tests.records import edition
from tests.shell import Run
from tests.shows import write_episode, write_show, write_tone
from tests.test_audio import FFMPEG, decoded, loudness, recording, script
from tests.test_publish import BASE, edit, prepared, published, puts, seen

BOTH = (Alternate(format="aac"), Alternate(format="opus"))
CHAPTERS = (
    Chapter(start_s=0.25, title="Welkom"),
    Chapter(start_s=1.251, title="Eén = [twee]; # \\ 'drie' \"vier\""),
    Chapter(start_s=2.001, title="Een titel van meer dan eenenvijftig tekens, met ë en Beschikb@@r erin"),
    Chapter(start_s=2.5, title="CHAPTER000=0:00", link="https://example.org/z"),
)


def jpeg() -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (64, 64), "#2a1a5e").save(body, "JPEG")
    return body.getvalue()


COVER = jpeg()


def knocks(path: Path, *, channels: int) -> Path:
    """Noise as soft as speech with knocks far above it; two channels that differ."""
    rng = numpy.random.default_rng(1)
    speech = rng.normal(0, 0.03, (44100 * 8, channels))
    speech[::11025] = 0.99
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, 44100, 0, "NONE", ""))
        file.writeframes((speech.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return path


def peak_dbtp(path: Path) -> float:
    """True peak of the decoded file, at four times its rate, by numpy."""
    samples, _ = decoded(path)
    spectra = numpy.fft.rfft(samples, axis=0)
    spectra = numpy.pad(spectra, ((0, 3 * (len(spectra) - 1)), (0, 0)))
    oversampled = 4 * numpy.fft.irfft(spectra, 2 * (len(spectra) - 1), axis=0)
    return float(20 * numpy.log10(numpy.abs(oversampled).max()))


def made_of(source: Path, folder: Path, mastering: Mastering) -> dict[str, tuple[Master, Path]]:
    """Each format of `mastering`, by its word."""
    folder.mkdir(exist_ok=True)
    wanted = recipe.renditions(mastering)
    orders = [Order(mastering=each, target=folder / f"out.{each.codec}") for each in wanted]
    made = masters(FFMPEG, recording(source), orders=orders, on_step=lambda what, part: None)
    return {order.mastering.codec: (master, order.target) for order, master in zip(orders, made, strict=True)}


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("aac", "opus"), [(None, None), (48, 16), (128, 96)])
def test_every_format_is_as_loud_as_asked(aac: int | None, opus: int | None, channels: int, tmp_path: Path) -> None:
    """By pyloudnorm and numpy on what decodes: -16 LUFS, under -1 dBTP, the same length, at any bitrate."""
    also = (Alternate(format="aac", bitrate_kbps=aac), Alternate(format="opus", bitrate_kbps=opus))
    source = knocks(tmp_path / "in.wav", channels=channels)
    made = made_of(source, tmp_path / "out", Mastering(also=also))
    assert set(made) == {"mp3", "aac", "opus"}
    for word, (master, path) in made.items():
        samples, rate = decoded(path)
        assert rate == (48000 if word == "opus" else 44100)
        assert samples.shape == (pytest.approx(8 * rate, abs=0.12 * rate), channels)
        assert loudness(path) == pytest.approx(-16, abs=0.5)
        assert master.loudness_lufs == pytest.approx(loudness(path), abs=0.15)
        assert peak_dbtp(path) <= -0.95
        assert (master.rate_hz, master.channels) == (rate, channels)
        assert master.duration_s == pytest.approx(len(samples) / rate, abs=0.001)


def test_bitrates_are_as_asked(tmp_path: Path) -> None:
    """A word alone has the format's own for one or two channels; a number is kept to."""
    one, two = (write_tone(tmp_path / f"{channels}.wav", seconds=20, channels=channels) for channels in (1, 2))
    spoken = knocks(tmp_path / "stereo.wav", channels=2)
    assert {word: made.bitrate_kbps for word, (made, _) in made_of(one, tmp_path, Mastering(also=BOTH)).items()} == {
        "mp3": 96,
        "aac": 64,
        "opus": 32,
    }
    assert made_of(two, tmp_path, Mastering(also=BOTH))["aac"][0].channels == 1  # both channels are the same
    stereo = made_of(spoken, tmp_path, Mastering(codec="aac", bitrate_stereo_kbps=96, also=(Alternate(format="opus"),)))
    assert {word: made.bitrate_kbps for word, (made, _) in stereo.items()} == {"aac": 96, "opus": 48}
    for word, kbps in (("aac", 96), ("opus", 48)):
        assert stereo[word][1].stat().st_size * 8 / 8.0 / 1000 == pytest.approx(kbps, rel=0.15)


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    """Alone or with others beside it, now or later: each file is what it would be on any other day."""
    source = knocks(tmp_path / "in.wav", channels=2)
    together = made_of(source, tmp_path / "together", Mastering(also=BOTH))
    for each in recipe.renditions(Mastering(also=BOTH)):
        (alone,) = made_of(source, tmp_path / "alone", each).values()
        assert alone[1].read_bytes() == together[each.codec][1].read_bytes()
        assert alone[0] == together[each.codec][0]


def test_what_cannot_be_reached_in_one_format_is_refused_with_its_name(tmp_path: Path) -> None:
    """Nothing is published that is not as asked, in whatever format."""
    clicks = numpy.zeros(44100 * 5)
    clicks[::44100] = 0.9
    with wave.open(str(tmp_path / "in.wav"), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes((clicks * 32767).astype("<i2").tobytes())
    with pytest.raises(AudioError, match="cannot be brought to -16 LUFS with peaks under -1 dBTP as Opus"):
        made_of(tmp_path / "in.wav", tmp_path, replace(Mastering(), codec="opus"))


# --- delivered files --------------------------------------------------------------------------------------------------


def delivered(root: Path, *, cache: str = ".omroep", also: object = ("aac", "opus"), **keys: object) -> Media:
    """An episode with chapters, delivered in every format."""
    if not (root / "feed").exists():
        chapters = [{"start": f"{chapter.start_s:.3f}", "title": chapter.title} for chapter in CHAPTERS]
        chapters[-1]["link"] = str(CHAPTERS[-1].link)
        write_episode(write_show(root, audio={"also": also}), "01-een", chapters=chapters)
    loaded = catalog.load(root)
    return deliver.media(
        Studio(root=root, cache=root / cache, environ={"PATH": ""}),
        replace(loaded.episodes[0], **keys) if keys else loaded.episodes[0],  # type: ignore[arg-type]
        loaded.show,
        Sleeve(page="https://proef.example.org/episodes/een.html", cover=COVER),
        on_step=lambda what, part: None,
    )


def every(made: Media) -> tuple[Media | Rendition, ...]:
    return (made, *made.alternates)


def file_of(made: Media | Rendition) -> Path:
    assert made.file
    return made.file


def told(path: Path) -> str:
    return subprocess.run([FFMPEG.path, "-hide_banner", "-i", path], capture_output=True, text=True).stderr


def chapters_told(path: Path) -> list[tuple[float, str]]:
    """Moment and title of each chapter, as ffmpeg reads it, to the millisecond."""
    found = re.findall(r"Chapter #0:\d+: start (\S+), end \S+\n +Metadata:\n +title +: (.*)", told(path))
    return [(round(float(start), 3), title) for start, title in found]


WRITTEN = [(chapter.start_s, chapter.title) for chapter in CHAPTERS]
FROM_THE_START = [(0.0, CHAPTERS[0].title), *WRITTEN[1:]]
"""As QuickTime's text track has it, in which there is always a chapter."""


def test_an_m4a_is_tagged(tmp_path: Path) -> None:
    """Words, cover, number and kind by ffmpeg; chapters by mutagen (Nero's) and in the text track (QuickTime's)."""
    aac = delivered(tmp_path).alternates[0]
    path = file_of(aac)
    assert (aac.type, aac.key) == ("audio/x-m4a", f"audio/een.{aac.sha256[:16]}.m4a")
    read = dict(re.findall(r"^    (\w+) +: (.*)$", told(path), re.MULTILINE))
    assert (read["title"], read["artist"], read["album"], read["date"], read["track"]) == (
        "Aflevering over 01-een",
        "De Proevers",
        "Proefshow",
        "2020",
        "1",
    )
    assert (read["media_type"], read["podcast"], read["description"]) == ("21", "1", "Een korte samenvatting.")
    assert read["URL"] == "https://proef.example.org/episodes/een.html"
    nero: Any = MP4(path).chapters
    assert [(round(chapter.start, 3), chapter.title) for chapter in nero] == WRITTEN
    assert list(text_track(path.read_bytes())) == FROM_THE_START
    assert chapters_told(path) == FROM_THE_START
    assert cover(path) == COVER
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")


def test_an_opus_file_is_tagged(tmp_path: Path) -> None:
    """Words, cover and chapters as ffmpeg reads them; nothing of the encoder's."""
    opus = delivered(tmp_path).alternates[1]
    path = file_of(opus)
    assert (opus.type, opus.key, opus.rate_hz) == ("audio/ogg", f"audio/een.{opus.sha256[:16]}.opus", 48000)
    read = dict(re.findall(r"^ +(\w+) +: (.*)$", told(path), re.MULTILINE))
    assert (read["TITLE"], read["ARTIST"], read["ALBUM"], read["track"]) == (
        "Aflevering over 01-een",
        "De Proevers",
        "Proefshow",
        "1",
    )
    assert read["CONTACT"] == "https://proef.example.org/episodes/een.html"
    assert chapters_told(path) == WRITTEN
    assert cover(path) == COVER
    comment: Any = OggOpus(path)
    assert comment["CHAPTER003URL"] == ["https://example.org/z"]
    assert "encoder" not in comment


def test_chapters_of_all_formats_move_alike(tmp_path: Path) -> None:
    """Behind an intro, each container has the same moments as the page and the feed."""
    audio = {"also": ["aac", "opus"], "intro": "intro.wav", "crossfade": "0.5"}
    root = write_show(tmp_path, audio=audio)
    write_tone(root / "feed" / "intro.wav", seconds=2.0, hz=880)
    write_episode(root, "01-een", chapters=["0:00 Begin", "0:01.234 Verder"])
    made = delivered(root)
    expected = [(1.5, "Begin"), (2.734, "Verder")]
    aac, opus = made.alternates
    nero: Any = MP4(file_of(aac)).chapters
    assert [(round(chapter.start, 3), chapter.title) for chapter in nero] == expected
    assert [chapters_told(file_of(each)) for each in (made, opus)] == [expected] * 2
    assert list(text_track(file_of(aac).read_bytes()))[1:] == expected[1:]
    assert [each.duration_s for each in made.alternates] == pytest.approx([made.duration_s] * 2, abs=0.03)


def test_a_long_title_is_cut_between_characters(tmp_path: Path) -> None:
    """A list of chapters in an M4A holds 255 bytes a title; half a character would be nobody's."""
    text = containers.chapter_list((Chapter(start_s=0, title="ë" * 200),), 3.0)
    (title,) = re.findall(r"^title=(.*)$", text, re.MULTILINE)
    assert title == "ë" * 127


def text_track(body: bytes) -> Iterator[tuple[float, str]]:
    """Moments and titles of an M4A's text track (QuickTime File Format, "Chapter Lists"), read atom by atom."""
    moov = dict(atoms(body))[b"moov"]
    for name, track in atoms(moov):
        media = dict(atoms(dict(atoms(track))[b"mdia"])) if name == b"trak" else {}
        if media and media[b"hdlr"][8:12] == b"text":
            scale = int.from_bytes(media[b"mdhd"][12:16], "big")
            table = dict(atoms(dict(atoms(media[b"minf"]))[b"stbl"]))
            words = numbers(table[b"stts"][8:])
            lasting = [length for count, length in zip(words[::2], words[1::2], strict=True) for _ in range(count)]
            sizes, offset = numbers(table[b"stsz"][12:]), numbers(table[b"stco"][8:])[0]
            starts = accumulate(lasting[:-1], initial=0)
            for start, size, at in zip(starts, sizes, accumulate(sizes[:-1], initial=offset), strict=True):
                sample = body[at : at + size]
                yield round(start / scale, 3), sample[2 : 2 + int.from_bytes(sample[:2], "big")].decode()


def numbers(body: bytes) -> list[int]:
    return [int.from_bytes(body[at : at + 4], "big") for at in range(0, len(body), 4)]


def atoms(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(body):
        size = int.from_bytes(body[at : at + 4], "big")
        yield body[at + 4 : at + 8], body[at + 8 : at + size]
        at += size


def cover(path: Path) -> bytes:
    """The attached picture, as ffmpeg takes it out."""
    command: list[str | Path] = [
        FFMPEG.path,
        "-v",
        "error",
        "-i",
        path,
        "-map",
        "0:v:0",
        "-c",
        "copy",
        "-f",
        "image2pipe",
    ]
    return subprocess.run([*command, "-"], capture_output=True, check=True).stdout


def test_tags_of_the_source_do_not_survive_in_any_format(tmp_path: Path) -> None:
    """Recorders leave names and places in files, and marks of their own; listeners don't get what is not wanted."""
    folder = write_episode(write_show(tmp_path, audio={"also": ["aac", "opus"]}), "01-een", chapters="no")
    notes = tmp_path / "marks.txt"
    notes.write_text(
        ";FFMETADATA1\nartist=ZOOM H5\ncomment=/home/ria\n[CHAPTER]\nSTART=0\nEND=9\ntitle=ZOOM1\n", "utf-8"
    )
    command: list[str | Path] = [FFMPEG.path, "-v", "error", "-i", folder / "audio.wav", "-i", notes]
    source = folder / "marked.m4a"
    subprocess.run([*command, "-map_metadata", "1", "-map_chapters", "1", "-c:a", "aac", source], check=True)
    assert b"ZOOM" in source.read_bytes()
    source.replace(folder / "audio.wav")
    made = delivered(tmp_path)
    for each in every(made):
        body = file_of(each).read_bytes()
        for mark in ("ZOOM", "/home/ria", "Lavf", "Lavc"):
            assert mark.encode() not in body or (each is made and mark in ("Lavf", "Lavc"))


def test_every_format_is_mastered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another title writes other tags and encodes nothing; a format that is asked for later leaves the others alone."""
    first = delivered(tmp_path, also=["aac"])
    encoded: list[object] = []

    def counted(*arguments: Any, **options: Any) -> str:
        encoded.append(arguments)
        return ffmpeg.run(*arguments, **options)

    monkeypatch.setattr("pipeline.audio.encode.run", counted)
    retitled = delivered(tmp_path, title="Anders")
    assert encoded == []
    assert retitled.alternates[0].sha256 != first.alternates[0].sha256
    assert retitled.waveform == first.waveform
    write_show(tmp_path, audio={"also": ["aac", "opus"]})
    more = delivered(tmp_path)
    assert encoded
    assert all("libopus" in arguments[1] for arguments in encoded)  # type: ignore[index]
    assert (more.sha256, more.alternates[:1]) == (first.sha256, first.alternates)


def test_delivered_files_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    """With an empty cache, one with half of it, and later: no clock, no version and no chance is in a file."""
    first = delivered(tmp_path)
    assert delivered(tmp_path, cache="elders") == first
    for path in [*(tmp_path / ".omroep").rglob("*.mp3"), *(tmp_path / ".omroep").rglob("*.opus")]:
        path.unlink()
    again = delivered(tmp_path)
    assert again == first
    for made in every(again):
        assert sha256(file_of(made).read_bytes()).hexdigest() == made.sha256


def test_an_ffmpeg_without_opus_will_not_do(tmp_path: Path) -> None:
    """Where Opus is asked for, a system's ffmpeg that cannot make it is passed over; one that was named is refused."""
    without = "configuration: --enable-gpl --enable-libmp3lame --enable-libopusenc"
    lines = [f'echo "ffmpeg version 9.0 Copyright"; echo "{without}"']
    poor = script(tmp_path / "ffmpeg", *lines)
    write_episode(write_show(tmp_path), "01-een")
    studio = Studio(root=tmp_path, cache=tmp_path / ".omroep", environ={"PATH": str(tmp_path)})
    named = Studio(root=tmp_path, cache=tmp_path / ".omroep", environ={"OMROEP_FFMPEG": poor.path})
    assert studio.fit(Mastering(also=BOTH[:1])).path == named.fit(Mastering()).path == poor.path
    assert studio.fit(Mastering(also=BOTH)).path == FFMPEG.path
    with pytest.raises(AudioError, match="not an ffmpeg of version 6 or newer with LAME and Opus"):
        named.fit(Mastering(also=BOTH))


# --- published --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of two episodes in three formats, mastered once."""
    root = write_show(tmp_path_factory.mktemp("show"), audio={"also": ["aac", "opus"]})
    for folder in ("01-een", "02-twee"):
        write_episode(root, folder, chapters=["0:00 Begin", "0:01 Verder"])
    prepared(root, MemoryStore())
    return root


@pytest.fixture
def show(once: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(once, tmp_path / "show"))


def body_of(store: MemoryStore, key: str) -> bytes:
    body = store.objects[Key(key)].body
    return body if isinstance(body, bytes) else Path(str(body)).read_bytes()


def pointers(root: Path) -> None:
    """In place of every recording, what git has of it without LFS."""
    for episode in catalog.load(root).episodes:
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{episode.audio.sha256}\n"
        (root / episode.audio.path).write_text(f"{pointer}size {episode.audio.size}\n", "utf-8")
    shutil.rmtree(root / ".omroep")


def test_the_feed_offers_every_format_with_its_hash(show: Path) -> None:
    """Length, hash and type are those of the stored file; every one is there before the feed is."""
    store = MemoryStore()
    made = published(show, store)
    assert seen(store) == []
    order = [action.object.key.rpartition(".")[2] for action in made.actions]
    assert max(order.index(ending) for ending in ("m4a", "opus", "svg", "json")) < order.index("xml")
    for item in etree.fromstring(body_of(store, "feed.xml")).iter("item"):
        offered = list(item.iter(f"{PODCAST}alternateEnclosure"))
        assert [each.get("type") for each in offered] == ["audio/mpeg", "audio/x-m4a", "audio/ogg"]
        assert [each.get("default") for each in offered] == ["true", None, None]
        for each in offered:
            key = str(each.findall(f"{PODCAST}source")[0].get("uri")).removeprefix(BASE)
            body, integrity = body_of(store, key), each.findall(f"{PODCAST}integrity")[0]
            assert (store.objects[Key(key)].type, len(body)) == (each.get("type"), int(str(each.get("length"))))
            assert integrity.get("value") == f"sha256-{b64encode(sha256(body).digest()).decode()}"


def test_nothing_is_written_twice_and_a_fresh_clone_needs_no_sound(show: Path) -> None:
    """A second publish writes nothing; without recordings and cache it is the same, also when an episode goes."""
    store = MemoryStore()
    published(show, store)
    pointers(show)
    store.log.clear()
    assert published(show, store).actions == ()
    assert puts(store) == []
    heard = {key for key in store.objects if key.startswith(("audio/", "waveforms/"))}
    assert len(heard) == 2 * (3 + 1)
    edit(show, "01-een", "title:", "status: withdrawn\ntitle:")
    made = published(show, store)
    assert heard == {item.key for item in made.release.objects if item.key.startswith(("audio/", "waveforms/"))}
    assert not [action for action in made.actions if action.object.type.startswith("audio")]
    assert not list((show / ".omroep").rglob("*.mp3"))


def test_a_format_asked_for_later_is_told_and_not_made_by_itself(show: Path) -> None:
    """Published episodes stay as they are until their revision is raised; then only what is new is written."""
    settings = show / "feed" / "show.yaml"
    asked = settings.read_text("utf-8")
    settings.write_text(re.sub(r"audio: .*\n", "", asked), "utf-8")
    store = MemoryStore()
    published(show, store)
    settings.write_text(asked, "utf-8")
    later = prepared(show, store)
    assert not [action for action in later.plan.actions if action.object.type.startswith("audio")]
    assert rendering.outdated(later.edition) == ("Aflevering over 01-een", "Aflevering over 02-twee")
    publish.publish(later, lambda action: None)
    edit(show, "01-een", "title:", "revision: 2\ntitle:")
    made = published(show, store)
    new = [action.object.type for action in made.actions if action.object.type.startswith("audio")]
    assert sorted(new) == ["audio/ogg", "audio/x-m4a"]
    assert "“Aflevering over 01-een” gets other alternate audio" in [change.told for change in made.changes]
    assert seen(store) == []
    assert published(show, store).actions == ()


def test_an_m4a_can_be_the_enclosure(tmp_path: Path) -> None:
    """With `codec: aac` the feed's enclosure is an M4A, and MP3 can be had beside it."""
    root = write_show(tmp_path, audio={"codec": "aac", "also": ["mp3"]})
    write_episode(root, "01-een", chapters=["0:00 Begin", "0:01 Verder"])
    store = MemoryStore()
    (entry,) = published(root, store).release.edition.entries
    (enclosure,) = etree.fromstring(body_of(store, "feed.xml")).iter("enclosure")
    assert (enclosure.get("type"), enclosure.get("url")) == ("audio/x-m4a", BASE + entry.media.key)
    assert entry.media.key.endswith(".m4a")
    assert (entry.media.bitrate_kbps, entry.media.alternates[0].type) == (64, "audio/mpeg")
    (tmp_path / "out.m4a").write_bytes(body_of(store, entry.media.key))
    assert loudness(tmp_path / "out.m4a") == pytest.approx(-16, abs=0.5)
    assert chapters_told(tmp_path / "out.m4a") == [(0.0, "Begin"), (1.0, "Verder")]
    assert seen(store) == []


def test_a_word_that_is_no_format_is_refused(tmp_path: Path, run: Run) -> None:
    """By the command, with the nearest right word."""
    write_episode(write_show(tmp_path, audio={"also": ["opsu"]}), "01-een")
    done = run(tmp_path, "check", status=Exit.SHOW)
    assert "`format` cannot be `opsu`. Did you mean `opus`?" in done.stderr


# --- what is remembered -----------------------------------------------------------------------------------------------


def test_records_of_before_there_were_formats_are_as_they_were(tmp_path: Path) -> None:
    """A show without other formats has the record and the recipe it always had; one with them is read back whole."""
    write_episode(write_show(tmp_path), "01-een")
    plain = release.make(edition(catalog.load(tmp_path)), ())
    written = digest.canonical(plain).decode()
    assert not re.search("alternates|waveform|codec|also", written)
    assert (
        recipe.identity(Mastering(highpass_hz=None))
        == "8cb43d96c93e27f1f7bbca7ca005f926a765931c67d4353fbf7c3333c0aa0829"
    )
    write_show(tmp_path, audio={"codec": "aac", "also": [{"format": "opus", "bitrate": 24}]})
    loaded = catalog.load(tmp_path)
    more = release.make(edition(loaded), ())
    assert release.parse(digest.canonical(more), named=more.id) == more
    assert more.edition.entries[0].media.alternates[0].bitrate_kbps == 24
    assert recipe.identity(loaded.show.mastering) != recipe.identity(Mastering())
