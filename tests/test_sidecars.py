"""Chapters and transcripts, read back by others' readers."""

import json
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from io import StringIO

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from pipeline import digest, sidecars
from pipeline.model import (
    Cache,
    Chapter,
    Cue,
    Digest,
    Edition,
    Entry,
    Episode,
    Guid,
    Key,
    Kind,
    Media,
    Object,
    Show,
    Slug,
    Source,
)
from pipeline.text import web_link

SOURCE = Source(sha256=Digest("0" * 64), size=1)
MEDIA = Media(
    key=Key("audio/proef.mp3"),
    sha256=SOURCE.sha256,
    size=1,
    type="audio/mpeg",
    duration_s=4000.0,
    loudness_lufs=-16.0,
    range_lu=3.0,
    peak_dbtp=-1.5,
    bitrate_kbps=96,
    channels=1,
    rate_hz=44100,
    shift_s=0.0,
    source_sha256=SOURCE.sha256,
    recipe=SOURCE.sha256,
    revision=1,
    done=(),
)
EPISODE = Episode(
    guid=Guid("g"), slug=Slug("proef"), title="Proef", published=datetime(2026, 3, 3, tzinfo=UTC), audio=SOURCE
)


def entry(*, chapters: tuple[Chapter, ...] = (), cues: tuple[Cue, ...] = (), shift_s: float = 0.0) -> Entry:
    """An entry with these beside its audio."""
    return Entry(episode=replace(EPISODE, chapters=chapters, transcript=cues), media=replace(MEDIA, shift_s=shift_s))


def marks(*starts: float) -> tuple[Chapter, ...]:
    """Chapters that start at these seconds."""
    return tuple(Chapter(start_s=start, title=f"na {start}") for start in starts)


def body(sidecar: Object | None) -> bytes:
    """The bytes of a sidecar that is there."""
    assert sidecar is not None
    assert isinstance(sidecar.body, bytes)
    return sidecar.body


@pytest.mark.parametrize(
    ("starts", "shift_s", "expected"),
    [
        ((0, 10, 20.5), 0.0, [(0.0, "na 0"), (10.0, "na 10"), (20.5, "na 20.5")]),
        ((20, 0, 10), 0.0, [(0.0, "na 0"), (10.0, "na 10"), (20.0, "na 20")]),
        ((0, 10), 7.25, [(7.25, "na 0"), (17.25, "na 10")]),
        ((0, 10), -0.35, [(0.0, "na 0"), (9.65, "na 10")]),
        ((0, 1, 2, 10), -2.0, [(0.0, "na 2"), (8.0, "na 10")]),
        ((0, 1, 2, 10), -3.0, [(0.0, "na 2"), (7.0, "na 10")]),
        ((0, 1), -30.0, [(0.0, "na 1")]),
        ((), 3.0, []),
    ],
)
def test_chapters_move_with_the_sound(
    starts: tuple[float, ...], shift_s: float, expected: list[tuple[float, str]]
) -> None:
    """Source time and shift; of what begins before the file only the last is left, at 0."""
    moved = sidecars.moved_chapters(entry(chapters=marks(*starts), shift_s=shift_s))
    assert expected == [(chapter.start_s, chapter.title) for chapter in moved]


def test_chapters_as_json() -> None:
    """The namespace's jsonChapters 1.2.0, with a link only where it leads to the web."""
    chapters = (
        Chapter(start_s=0, title="Wel\nkom & <b>", link="https://x.nl/?a=1"),
        Chapter(start_s=12.3456, title="Kwaad", link="javascript:alert(1)"),
    )
    sidecar = sidecars.chapters(entry(chapters=chapters))
    assert json.loads(body(sidecar)) == {
        "version": "1.2.0",
        "chapters": [
            {"startTime": 0.0, "title": "Wel kom & <b>", "url": "https://x.nl/?a=1"},
            {"startTime": 12.346, "title": "Kwaad"},
        ],
    }
    sha256 = digest.of_bytes(body(sidecar))
    assert sidecar == Object(
        key=Key(f"chapters/proef.{sha256[:16]}.json"),
        kind=Kind.SIDECAR,
        type="application/json+chapters",
        cache=Cache.IMMUTABLE,
        sha256=sha256,
        size=len(body(sidecar)),
    )


CUES = (
    Cue(start_s=0.5, end_s=2.0, text="Welkom bij Open Deuren.", speaker="Presentatie"),
    Cue(
        start_s=2.0, end_s=4.5, text="1 < 2 --> \"waar\" & {{7*7}} <script>alert('x')</script>", speaker='A & <B> "C">'
    ),
    Cue(start_s=4.5, end_s=9.0, text="Een lange zin die zeker niet op één regel past, want " * 3 + "dat is te lang."),
    Cue(start_s=3600.0, end_s=3601.234, text="NOTE dit is tekst\n\nna een witregel\x00\u2028en meer", speaker="中文"),
    Cue(start_s=3700.0, end_s=3701.0, text="Arbeidsongeschiktheidsverzekeringsmaatschappijmedewerkersvereniging-dag"),
)


def said(entry_: Entry) -> list[tuple[float, float, str, str | None]]:
    """What an entry's cues say, as tuples."""
    return [(cue.start_s, cue.end_s, cue.text, cue.speaker) for cue in sidecars.moved_cues(entry_)]


def read_back(sidecar: Object | None) -> list[tuple[float, float, str, str | None]]:
    """The same, as webvtt-py finds it."""
    captions = webvtt.from_buffer(StringIO(body(sidecar).decode()))
    return [
        (
            seconds(caption.start),
            seconds(caption.end),
            unescape(" ".join(caption.text.split())),
            unescape(caption.voice) if caption.voice else None,
        )
        for caption in captions.captions
    ]


def seconds(timestamp: str) -> float:
    """A timestamp as seconds."""
    hour, minute, second = timestamp.split(":")
    return round(int(hour) * 3600 + int(minute) * 60 + float(second), 3)


@pytest.mark.parametrize("shift_s", [0.0, 4.25, -1.0])
def test_a_transcript_is_read_back_equal(shift_s: float) -> None:
    """webvtt-py finds every cue, speaker and word, in the delivered file's time."""
    spoken = entry(cues=CUES, shift_s=shift_s)
    assert said(spoken) == read_back(sidecars.transcript(spoken))
    assert len(said(spoken)) == len(CUES)


def test_a_transcript_is_plain_webvtt() -> None:
    """Bytes as a player gets them: header, times, voice, references, lines of 65."""
    text = body(sidecars.transcript(entry(cues=CUES))).decode()
    assert text.startswith(
        "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\n<v Presentatie>Welkom bij Open Deuren.\n\n"
        '00:00:02.000 --> 00:00:04.500\n<v A &amp; &lt;B&gt; "C"&gt;>1 &lt; 2 --&gt; '
    )
    assert not [line for line in text.splitlines() if len(line) > 65 and " " in line and "<v" not in line]
    assert "\nNOTE" not in text
    assert text.count("-->") == len(CUES)


@given(st.text(st.sampled_from("a-é门  "), max_size=400))
def test_lines_are_broken_as_the_standard_library_breaks_them(text: str) -> None:
    """Between words, as late as they fit; a longer word stands alone."""
    text = " ".join(text.split())
    made = sidecars.transcript(entry(cues=(Cue(start_s=0.0, end_s=1.0, text=text),))) if text else None
    lines = body(made).decode().splitlines()[3:] if made else []
    assert lines == textwrap.wrap(text, sidecars.LINE, break_long_words=False, break_on_hyphens=False)


@pytest.mark.parametrize(
    ("cue", "shift_s", "expected"),
    [
        (Cue(start_s=1, end_s=3, text="half"), -2.0, [(0.0, 1.0, "half", None)]),
        (Cue(start_s=1, end_s=2, text="voorbij"), -2.0, []),
        (Cue(start_s=3, end_s=3, text="tijdloos"), 0.0, []),
        (Cue(start_s=1, end_s=2, text=" \n "), 0.0, []),
    ],
)
def test_cues_at_the_edge(cue: Cue, shift_s: float, expected: list[tuple[float, float, str, str | None]]) -> None:
    """What is over before the file begins, lasts no time or says nothing is left out."""
    assert expected == said(entry(cues=(cue,), shift_s=shift_s))


def test_nothing_to_say() -> None:
    """No sidecar where there is nothing in it."""
    assert (sidecars.chapters(entry()), sidecars.transcript(entry())) == (None, None)


def test_every_entry_has_its_own_and_twice_is_the_same() -> None:
    """In order of the entries, with the same bytes each time."""
    entries = (entry(chapters=marks(0), cues=CUES), entry(), entry(chapters=marks(1)))
    show = Show(
        title="", description="", language="nl", author="", base_url="https://x/", guid="", cover=SOURCE, categories=()
    )
    edition = Edition(show=show, entries=entries, pictures=())
    made = sidecars.compose(edition)
    assert [sidecar.key.partition("/")[0] for sidecar in made] == ["chapters", "transcripts", "chapters"]
    assert [body(sidecar) for sidecar in made] == [body(sidecar) for sidecar in sidecars.compose(edition)]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://x.nl/a?b#c", True),
        ("HTTP://x.nl", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("https://x.nl/ onclick=", False),
        ("https://x.nl/\u202e", False),
        ("//x.nl", False),
        ("/a", False),
        ("https:", False),
        ("http://[", False),
        ("", False),
        (None, False),
    ],
)
def test_web_links(url: str | None, kept: bool) -> None:
    """Only absolute addresses of the web."""
    assert (url if kept else None) == web_link(url)
