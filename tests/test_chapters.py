"""Chapters: every way in and every way out, read back by other readers and equal to the millisecond."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
import lxml.html
import mutagen
import mutagen.flac
import mutagen.id3
import podcastparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline import catalog, feed, publish, sidecars
from pipeline.audio import ffmpeg, marks
from pipeline.audio.deliver import Studio
from pipeline.catalog import chapter_formats
from pipeline.model import Chapter, Edition, Entry, Key
from pipeline.rendering import Newsroom
from pipeline.store.memory import MemoryStore
from pipeline.text import timestamp
from tests import records
from tests.shows import write_episode, write_show, write_tone

FFMPEG = ffmpeg.find({"PATH": ""})
CHAPTERS = (
    Chapter(start_s=0.0, title="Welkom in 's-Hertogenbosch"),
    Chapter(start_s=1.001, title="Beschikb@@r voor één vaste baan; \\ # = met reële <kansen> & zonder zorgen"),
    Chapter(start_s=2.999, title="Gedeeld werkgeverschap", link="https://example.org/bc?a=1&b=2"),
    Chapter(start_s=4.0005, title="De Ĳssel, “tot slot”"),
)
"""One with a fraction that has no milliseconds: it is 4.000 or 4.001 everywhere, and the same everywhere."""
MS = (0, 1001, 2999, round(round(4.0005, 3) * 1000))
TITLES = tuple(chapter.title for chapter in CHAPTERS)
LINKS = tuple(chapter.link for chapter in CHAPTERS)
UNLINKED = tuple(replace(chapter, start_s=ms / 1000, link=None) for chapter, ms in zip(CHAPTERS, MS, strict=True))


def milliseconds(chapters: tuple[Chapter, ...]) -> tuple[int, ...]:
    return tuple(round(chapter.start_s * 1000) for chapter in chapters)


# --- in: files of other programs --------------------------------------------------------------------------------------


def stamps(form: str) -> str:
    return "".join(
        form.format(
            n=place,
            t=timestamp(ms / 1000),
            s=ms / 1000,
            title=chapter.title,
            link=f" <{chapter.link}>" if chapter.link else "",
        )
        for place, (ms, chapter) in enumerate(zip(MS, CHAPTERS, strict=True), 1)
    )


def listed(start: Callable[[int], object], keys: tuple[str, str]) -> list[dict[str, object]]:
    return [
        {keys[0]: start(ms), "title": chapter.title} | ({keys[1]: chapter.link} if chapter.link else {})
        for ms, chapter in zip(MS, CHAPTERS, strict=True)
    ]


def simple_chapters() -> str:
    """As a library writes them."""
    space = "http://podlove.org/simple-chapters"
    root = etree.Element(f"{{{space}}}chapters", {"version": "1.2"}, nsmap={"psc": space})
    for row in listed(lambda ms: timestamp(ms / 1000), ("start", "href")):
        etree.SubElement(root, f"{{{space}}}chapter", {key: str(value) for key, value in row.items()})
    return etree.tostring(root, xml_declaration=True, encoding="utf-8").decode()


SILENT = {"startTime": 3.5, "toc": False, "img": "https://example.org/x.jpg"}
FILES: Mapping[str, tuple[str, bool]] = {
    "hoofdstukken.psc": (simple_chapters(), True),
    "chapters.json": (json.dumps(listed(lambda ms: timestamp(ms / 1000), ("start", "href")), indent=2), True),
    "opname.chapters.json": (
        json.dumps({"version": "1.2.0", "chapters": [SILENT, *listed(lambda ms: ms / 1000, ("startTime", "url"))]}),
        True,
    ),
    "Chapters.JSON": (
        json.dumps(
            {"status_code": 200, "data": {"chapters": listed(lambda ms: timestamp(ms / 1000), ("start", "url"))}}
        ),
        True,
    ),
    "opname.chapters.txt": ("## mp4chaps\n" + stamps("{t} {title}{link}\n"), True),
    "hoofdstukken.txt": ("\ufeff" + stamps("{t}\t{title}{link}\r\n"), True),
    "Hoofdstukken.txt": (stamps("CHAPTER{n:02}={t}\nCHAPTER{n:02}NAME={title}\n"), False),
    "labels.txt": (stamps("{s:.6f}\t{s:.6f}\t{title}\n\\\t200.000000\t300.000000\n"), False),
    "Labels.txt": (stamps("{s:.6f}\t{s:.6f}\t{title}\n").replace(".", ","), False),
}
"""By name: every format as others write it, and whether it can hold links."""


@pytest.mark.parametrize("named", [True, False], ids=["named", "found by its name"])
@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_chapters(name: str, named: bool, tmp_path: Path) -> None:
    """To the millisecond and the letter; commas, byte order marks, Windows' line ends and comments do no harm."""
    text, links = FILES[name]
    folder = write_episode(write_show(tmp_path), "01-een", chapters=name if named else None)
    (folder / name).write_bytes(text.encode())
    (episode,) = catalog.load(tmp_path).episodes
    assert milliseconds(episode.chapters) == MS
    assert [chapter.title for chapter in episode.chapters] == list(TITLES)
    assert [chapter.link for chapter in episode.chapters] == (list(LINKS) if links else [None] * 4)


def test_every_format_has_its_file() -> None:
    """No row of the table is untried, and each is told apart from those after it."""
    formats = [format.name for text, _ in FILES.values() if (format := chapter_formats.of(text.removeprefix("\ufeff")))]
    assert len(formats) == len(FILES)
    assert set(formats) == {format.name for format in chapter_formats.FORMATS}


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from('[]{}",:0159\t\n.=<>/\\ !aCHAPTERNM'), max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever a file begins with, it ends in chapters and faults, and in nothing else."""
    if format := chapter_formats.of(text):
        assert all(mark.line >= 1 for mark in format.marks(text))


def test_only_the_list_of_chapters_is_read() -> None:
    """Not a list deeper in a file of something else: that would be read over and over."""
    rows = '{"chapters": [{"start": "0:00", "title": "x"}]}'
    for text, count in ((rows, 1), (f'{{"data": {rows}}}', 1), (f'{{"data": {{"data": {rows}}}}}', 0)):
        format = chapter_formats.of(text)
        assert format
        assert len(list(format.marks(text))) == count


def test_a_file_is_no_megabyte(tmp_path: Path) -> None:
    """A recording that is called chapters.txt is not read whole."""
    folder = write_episode(write_show(tmp_path), "01-een")
    (folder / "chapters.txt").write_bytes(b"0:00 x\n" * 200_000)
    assert [problem.what for problem in catalog.read(tmp_path).problems] == [
        "The file is far too large to be chapters."
    ]


# --- in: found in the recording ---------------------------------------------------------------------------------------


def comments(chapters: tuple[Chapter, ...]) -> dict[str, str]:
    """VorbisComment's Chapter Extension."""
    numbered = [(f"CHAPTER{place:03}", chapter) for place, chapter in enumerate(chapters, 1)]
    times = {name: timestamp(chapter.start_s) for name, chapter in numbered}
    return times | {f"{name}NAME": chapter.title for name, chapter in numbered}


def frames(chapters: tuple[Chapter, ...]) -> list[Any]:
    made: list[Any] = [
        mutagen.id3.CHAP(
            element_id=f"c{place}",
            start_time=round(chapter.start_s * 1000),
            end_time=round(chapter.start_s * 1000) + 1,
            sub_frames=[mutagen.id3.TIT2(encoding=1, text=chapter.title)],
        )
        for place, chapter in enumerate(chapters)
    ]
    names = [frame.element_id for frame in made][:255]  # more it cannot list
    return [*made, mutagen.id3.CTOC(element_id="toc", flags=3, child_element_ids=names, sub_frames=[])]


def metadata(chapters: tuple[Chapter, ...]) -> str:
    """A metadata file for ffmpeg, to have MP4 chapters made."""
    rows = (
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={round(chapter.start_s * 1000)}\nEND={round(chapter.start_s * 1000) + 1}\n"
        + "title="
        + re.sub(r"([=;#\\])", r"\\\1", chapter.title)
        for chapter in chapters
    )
    return ";FFMETADATA1\n" + "\n".join(rows) + "\n"


def tag_chunk(path: Path, chapters: tuple[Chapter, ...]) -> None:
    """An ID3 tag in a chunk of a WAV or AIFF file."""
    file: Any = mutagen.File(path)
    file.add_tags()
    for frame in frames(chapters):
        file.tags.add(frame)
    file.save(v2_version=3)


def recorded(path: Path, chapters: tuple[Chapter, ...], tags: Mapping[str, str] | None = None) -> Path:
    """A recording of six seconds with `chapters` in it, in the way of its container."""
    tone = write_tone(path.with_name("toon.wav"), seconds=6)
    chapter_file = path.with_name("hoofdstukken.ffmeta")
    chapter_file.write_text(metadata(chapters), "utf-8")
    codec = ["-c:a", "libvorbis"] if path.suffix == ".ogg" else []
    with_tags = [word for name, value in (tags or {}).items() for word in ("-metadata", f"{name}={value}")]
    inputs = ["-i", str(tone), "-f", "ffmetadata", "-i", str(chapter_file), "-map", "0:a"]
    wanted = ["-map_chapters", "1" if path.suffix in (".m4a", ".mp4") else "-1"]
    subprocess.run([FFMPEG.path, "-v", "error", "-y", *inputs, *wanted, *codec, *with_tags, path], check=True)
    if path.suffix == ".mp3":
        tag = mutagen.id3.ID3(path)
        for frame in frames(chapters):
            tag.add(frame)
        tag.save(path, v2_version=3)
    if path.suffix in (".wav", ".aiff"):
        tag_chunk(path, chapters)
    if path.suffix in (".flac", ".ogg", ".opus"):
        file: Any = mutagen.File(path)
        file.update(comments(chapters))
        file.save()
    tone.unlink()
    chapter_file.unlink()
    return path


@pytest.mark.parametrize("suffix", ["mp3", "wav", "aiff", "m4a", "mp4", "flac", "ogg", "opus"])
def test_chapters_in_a_recording_are_found(suffix: str, tmp_path: Path) -> None:
    """As others wrote them, whatever the container: ID3 in MP3, WAV and AIFF, MP4's own, VorbisComment."""
    assert marks.found(FFMPEG, recorded(tmp_path / f"opname.{suffix}", UNLINKED)) == UNLINKED


def test_a_tag_that_imitates_a_chapter_is_none(tmp_path: Path) -> None:
    """Neither of the file nor of a chapter: no tag begins a line of its own, or gives a chapter another time."""
    lie = "x\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=5000\nEND=6000\ntitle=leugen\n"
    path = recorded(tmp_path / "opname.mp3", UNLINKED, {"title": lie, "[CHAPTER]": "x", "comment": lie})
    tag = mutagen.id3.ID3(path)
    tag["CHAP:c1"].sub_frames.add(mutagen.id3.TXXX(encoding=1, desc="START", text=["5000"]))
    tag["CHAP:c1"].sub_frames.add(mutagen.id3.TPE1(encoding=1, text=[lie]))
    tag.save(path, v2_version=3)
    assert marks.found(FFMPEG, path) == UNLINKED


def test_tags_in_a_row_that_imitate_a_chapter_are_none(tmp_path: Path) -> None:
    """One that ends as a chapter begins, with the lines of a chapter as tags behind it."""
    path = recorded(tmp_path / "opname.flac", UNLINKED)
    file: Any = mutagen.flac.FLAC(path)
    lie = [("ARTIST", "x\n[CHAPTER]"), ("TIMEBASE", "1/1000"), ("START", "5000"), ("title", "leugen")]
    file.tags[:0] = lie
    file.save()
    assert marks.found(FFMPEG, path) == UNLINKED


def test_odd_chapters_in_a_recording_are_cleaned_up(tmp_path: Path) -> None:
    """Control and bidirectional characters, titles of a page, none, twins, 10,000 of them: nothing stops a publish."""
    odd = (
        Chapter(start_s=2, title="met\n een \x07bel en ‮omgekeerd"),
        Chapter(start_s=2, title="dubbel"),
        Chapter(start_s=0, title="w" * 5000),
        Chapter(start_s=3, title=" \t "),
        Chapter(start_s=-1, title="te vroeg"),
        Chapter(start_s=1e9, title="te laat"),
    )
    assert marks.cleaned(odd) == (
        Chapter(start_s=0, title="w" * 255),
        Chapter(start_s=2, title="met een bel en omgekeerd"),
    )
    many = tuple(Chapter(start_s=place / 1000, title=f"deel {place}") for place in range(10_000))
    found = marks.found(FFMPEG, recorded(tmp_path / "opname.mp3", many))
    assert found == many[:255]


def test_a_book_of_tags_is_not_read(tmp_path: Path) -> None:
    """Millions of characters in tags are given up at once, without waiting for ffmpeg to say them all."""
    path = recorded(tmp_path / "opname.mp3", UNLINKED)
    tag = mutagen.id3.ID3(path)
    for place in range(9):
        tag.add(mutagen.id3.TXXX(encoding=3, desc=f"lied {place}", text=["la " * 300_000]))
    tag.save(path, v2_version=4)
    assert marks.found(FFMPEG, path) == ()
    assert marks.found(FFMPEG, write_tone(tmp_path / "kaal.wav", seconds=1)) == ()


# --- remembered where the recording is not ----------------------------------------------------------------------------


def prepared(root: Path, store: MemoryStore) -> publish.Prepared:
    room = Newsroom(
        root=root,
        studio=Studio(root=root, cache=root / ".omroep", environ={"PATH": ""}),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return publish.prepare(room, lambda show: store, lambda title, what, part: None)


def published(root: Path, store: MemoryStore) -> Edition:
    ready = prepared(root, store)
    publish.publish(ready, lambda action: None)
    return ready.edition


def told(store: MemoryStore) -> list[tuple[int, str]]:
    """The chapters that the store's JSON tells."""
    (body,) = (item.body for key, item in store.objects.items() if key.startswith("chapters/"))
    assert isinstance(body, bytes)
    return [(round(row["startTime"] * 1000), row["title"]) for row in json.loads(body)["chapters"]]


def test_found_chapters_are_published_and_remembered(tmp_path: Path) -> None:
    """From the recording into file, feed and pages; a clone without recording and cache publishes nothing new."""
    root, store = write_show(tmp_path / "show"), MemoryStore()
    folder = write_episode(root, "01-een", audio=None)
    recorded(folder / "opname.m4a", UNLINKED).rename(folder / "audio.wav")
    ready = prepared(root, store)
    (said,) = (change.told for change in ready.plan.changes if change.kind == "new")
    assert said.endswith(f", chapters of the recording: “{TITLES[0]}”, “{TITLES[1]}”, “{TITLES[2]}” and 1 more)")
    (entry,) = published(root, store).entries
    assert told(store) == list(zip(MS, TITLES, strict=True))
    assert "chapters taken from the recording: 4" in entry.media.done
    assert entry.media.file
    assert len(mutagen.id3.ID3(entry.media.file).getall("CHAP")) == 4
    clone = Path(shutil.copytree(root, tmp_path / "kloon", ignore=shutil.ignore_patterns(".omroep")))
    audio = entry.episode.audio
    (clone / "episodes/01-een/audio.wav").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{audio.sha256}\nsize {audio.size}\n", "utf-8"
    )
    ready = prepared(clone, store)
    assert (ready.plan.actions, ready.edition.entries[0].media.chapters) == ((), UNLINKED)


def test_found_chapters_are_taken_from_the_cache_too(tmp_path: Path) -> None:
    """A second destination gets the same bytes, though nothing is read of the recording again."""
    root = write_show(tmp_path)
    recorded(write_episode(root, "01-een") / "opname.flac", UNLINKED).rename(tmp_path / "episodes/01-een/audio.wav")
    first, second = MemoryStore(), MemoryStore()
    assert published(root, first) == published(root, second)
    assert {key: item.body for key, item in first.objects.items()} == {
        key: item.body for key, item in second.objects.items()
    }


@pytest.mark.parametrize(
    ("said", "expected"), [(["0:00 Eigen"], [(0, "Eigen")]), ("no", None)], ids=["their own", "none at all"]
)
def test_the_producer_has_the_last_word(said: object, expected: object, tmp_path: Path) -> None:
    """A list of their own counts, and `no` keeps an editor's marks out of feed, file and pages."""
    root, store = write_show(tmp_path), MemoryStore()
    recorded(write_episode(root, "01-een", chapters=said) / "x.flac", UNLINKED).rename(
        tmp_path / "episodes/01-een/audio.wav"
    )
    (entry,) = published(root, store).entries
    assert entry.media.chapters == UNLINKED
    assert (
        [key for key in store.objects if key.startswith("chapters/")] == []
        if expected is None
        else told(store) == expected
    )
    assert entry.media.file
    assert len(mutagen.id3.ID3(entry.media.file).getall("CHAP")) == len(said if isinstance(said, list) else ())
    for key, item in store.objects.items():
        if key.endswith((".html", ".xml", ".mp3")) and not key.startswith("releases/"):
            body = item.body if isinstance(item.body, bytes) else Path(str(item.body)).read_bytes()
            assert b"werkgeverschap" not in body
            assert "werkgeverschap".encode("utf-16-le") not in body


# --- out: everything agrees -------------------------------------------------------------------------------------------


def by_mutagen(file: Path) -> list[tuple[int, str, str | None]]:
    tag = mutagen.id3.ID3(file)
    found = {frame.element_id: frame for frame in tag.getall("CHAP")}
    rows = [found[name] for name in tag["CTOC:toc"].child_element_ids]
    links = ([part.url for part in row.sub_frames.getall("WXXX")] for row in rows)
    return [
        (row.start_time, str(row.sub_frames["TIT2"].text[0]), link[0] if link else None)
        for row, link in zip(rows, links, strict=True)
    ]


def by_ffmpeg(file: Path) -> list[tuple[int, str]]:
    log = subprocess.run([FFMPEG.path, "-hide_banner", "-i", file], capture_output=True, text=True).stderr
    read = re.findall(r"Chapter #0:\d+: start (\S+), end \S+\n +Metadata:\n +title +: (.*)", log)
    return [(round(float(start) * 1000), title) for start, title in read]


def by_feedparser(body: bytes) -> list[tuple[int, str, str | None]]:
    rows = feedparser.parse(body).entries[0].psc_chapters.chapters
    return [(round(row["start_parsed"].total_seconds() * 1000), row["title"], row.get("href")) for row in rows]


def by_podcastparser(body: bytes) -> list[tuple[int, str, str | None]]:
    (episode,) = podcastparser.parse("https://proef.example.org/feed.xml", BytesIO(body))["episodes"]
    return [(row["start"] * 1000, row["title"], row.get("href")) for row in episode["chapters"]]


def on_the_page(body: bytes) -> list[tuple[int, str, str | None]]:
    page: Any = lxml.html.fromstring(body.decode())
    found = []
    for row in page.xpath("//ol[@class='chapters']/li"):
        moment, title, link = (row.xpath(f"string({path})") for path in ("a[1]/@href", "a[1]/span[2]", "a[2]/@href"))
        found.append((round(float(moment.partition("#t=")[2]) * 1000), title, link or None))
    return found


def in_the_notes(markup: str) -> list[tuple[int, str, str | None]]:
    found = re.findall(r'<li>(\d\d):(\d\d) (?:<a href="([^"]*)">)?(.*?)(?:</a>)?</li>', markup)
    return [
        (int(minute) * 60 + int(second), unescape(title), unescape(link) or None)
        for minute, second, link, title in found
    ]


@pytest.mark.parametrize("way", [*FILES, "episode.md", "recording"])
def test_every_way_out_tells_what_came_in(way: str, tmp_path: Path) -> None:
    """Silence trimmed, an intro in front: ID3, JSON, psc, page and notes agree with each other and with the list.

    Podcastparser and the notes know whole seconds; all others know milliseconds.
    """
    root = write_show(tmp_path, audio={"trim_silence": "0.25", "intro": "intro.wav", "crossfade": "0.5"})
    write_tone(root / "feed" / "intro.wav", seconds=1.8, hz=880)
    rows = [
        {"start": f"0:{ms / 1000:06.3f}", "title": chapter.title, **({"link": chapter.link} if chapter.link else {})}
        for ms, chapter in zip(MS, CHAPTERS, strict=True)
    ]
    folder = write_episode(root, "01-een", notes="Notities.", chapters=rows if way == "episode.md" else None)
    write_tone(folder / "audio.wav", seconds=5, silent_head=0.777)
    if way in FILES:
        (folder / way).write_bytes(FILES[way][0].encode())
    if way == "recording":
        tag_chunk(folder / "audio.wav", UNLINKED)
    store = MemoryStore()
    (entry,) = published(root, store).entries
    links = LINKS if way == "episode.md" or FILES.get(way, ("", False))[1] else (None,) * 4

    shift = entry.media.shift_s
    assert 0.5 < shift < 1.0  # 1.8 of intro less 0.5 of cross-fade and about half a second of silence
    times = [round((ms / 1000 + shift) * 1000) for ms in MS]
    expected = list(zip(times, TITLES, links, strict=True))
    bodies = {key: item.body for key, item in store.objects.items() if isinstance(item.body, bytes)}
    feed_body = bodies[Key("feed.xml")]
    (json_body,) = (json.loads(body) for key, body in bodies.items() if key.startswith("chapters/"))
    assert entry.media.file
    assert by_mutagen(entry.media.file) == expected
    assert by_ffmpeg(entry.media.file) == [row[:2] for row in expected]
    assert [(round(row["startTime"] * 1000), row["title"], row.get("url")) for row in json_body["chapters"]] == expected
    assert by_feedparser(feed_body) == expected
    assert on_the_page(bodies[Key("episodes/een.html")]) == expected
    whole = [(ms // 1000, title, link) for ms, title, link in expected]
    assert [(ms // 1000, *rest) for ms, *rest in by_podcastparser(feed_body)] == whole
    item = etree.fromstring(feed_body)[0].find("item")
    assert item is not None
    for tag_name in ("description", "{http://purl.org/rss/1.0/modules/content/}encoded"):
        assert in_the_notes(item.findtext(tag_name) or "") == whole


# --- out: timestamps in the notes -------------------------------------------------------------------------------------


def texts(notes: str, chapters: tuple[Chapter, ...], tmp_path: Path, duration_s: float = 8000) -> tuple[str, str]:
    """The feed's description and content of an episode."""
    write_episode(write_show(tmp_path), "01-een", notes=notes)
    loaded = catalog.load(tmp_path)
    episode = replace(loaded.episodes[0], chapters=chapters)
    entry = Entry(episode=episode, media=records.media(episode, duration_s=duration_s))
    body = feed.compose(replace(records.edition(loaded), entries=(entry,))).body
    assert isinstance(body, bytes)
    item = etree.fromstring(body)[0].find("item")
    assert item is not None
    found = [item.findtext(tag) or "" for tag in ("description", "{http://purl.org/rss/1.0/modules/content/}encoded")]
    return found[0], found[1]


def test_moments_are_below_the_notes_within_the_limit(tmp_path: Path) -> None:
    """Long notes are cut to make room; hours are told where there are any."""
    chapters = (Chapter(start_s=0, title="Welkom"), Chapter(start_s=3725.9, title="Slot"))
    description, content = texts("Een zin met ë. " * 600, chapters, tmp_path)
    moments = "<ul><li>00:00:00 Welkom</li><li>01:02:05 Slot</li></ul>"
    assert description.endswith(f".</p>{moments}")
    assert 3900 < len(description.encode()) <= 4000
    assert content.endswith(moments)


def test_a_list_that_is_too_long_leaves_the_notes_alone(tmp_path: Path) -> None:
    """Two hundred chapters are no description; the content has them all."""
    chapters = tuple(Chapter(start_s=place * 10, title=f"Deel {place}") for place in range(200))
    description, content = texts("Een zin.", chapters, tmp_path)
    assert description == "<p>Een zin.</p>"
    assert content.count("<li>") == 200


@pytest.mark.parametrize(
    ("notes", "doubled"),
    [
        ("- 0:00 Welkom\n- 1:05 Verder", False),
        ("(00:00) Welkom, (00:01:05) Verder", False),
        ("Om 0:00 begint het.", True),
        ("De trein van 11:05 en 10:00:00", True),
    ],
)
def test_moments_that_the_notes_tell_are_not_told_twice(notes: str, doubled: bool, tmp_path: Path) -> None:
    """Only where each of them is there, however it is written."""
    chapters = (Chapter(start_s=0, title="Welkom"), Chapter(start_s=65.4, title="Verder"))
    assert ("<li>01:05 Verder</li>" in texts(notes, chapters, tmp_path)[0]) is doubled


@settings(max_examples=40, deadline=None)
@given(title=st.text(max_size=40), link=st.text(max_size=20).map(lambda text: f"https://example.org/{text}"))
def test_any_title_arrives_and_none_is_markup(title: str, link: str) -> None:
    """In psc and in the notes, as the sidecars have it, whatever is in it."""
    episode = replace(catalog.load(Path(__file__).parent.parent).episodes[0], notes="")
    entry = Entry(
        episode=replace(episode, chapters=(Chapter(start_s=0, title=title, link=link),)), media=records.media(episode)
    )
    edition = records.edition(catalog.load(Path(__file__).parent.parent))
    body = feed.compose(replace(edition, entries=(entry,))).body
    assert isinstance(body, bytes)
    (chapter,) = sidecars.moved_chapters(entry)
    item = etree.fromstring(body)[0].find("item")
    assert item is not None
    (row,) = item.iter("{http://podlove.org/simple-chapters}chapter")
    assert (row.get("title"), row.get("href")) == (chapter.title, chapter.link)
    shown: Any = lxml.html.fragment_fromstring(item.findtext("description") or "", create_parent=True)
    assert {str(node.tag) for node in shown.iter()} <= {"div", "p", "ul", "li", "a"}
    assert "".join(shown.xpath(".//li//text()")).split() == ["00:00", *chapter.title.split()]
