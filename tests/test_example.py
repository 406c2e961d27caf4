"""The show this repository ships with: published whole, and each of its five files listened to by another meter."""

import re
import subprocess
from pathlib import Path
from typing import Any, cast

import feedparser
import mutagen.id3
import pytest
from mutagen.mp3 import MP3, BitrateMode
from PIL import Image

from tests.listeners import complaints
from tests.test_audio import FFMPEG, decoded, loudness

ROOT = Path(__file__).parent.parent
TITLES = [
    "Draagvlak en jobcoaching",
    "Online werving",
    "Detachering",
    "Gedeeld werkgeverschap",
    "Inclusieve Knokkers",
]


@pytest.fixture
def site(example_site: Path) -> Path:
    """The example, built by the real program."""
    return example_site


@pytest.fixture
def audio(site: Path) -> list[Path]:
    """The five delivered files, first episode first, as the feed names them."""
    entries = feedparser.parse((site / "feed.xml").read_bytes()).entries
    assert [entry.title for entry in entries] == TITLES[::-1]
    return [site / entry.enclosures[0].href.removeprefix("https://opendeuren.example.org/") for entry in entries[::-1]]


def test_every_link_leads_somewhere(site: Path) -> None:
    """From the feed and from every page."""

    def read(key: str) -> bytes | None:
        return (site / key).read_bytes() if (site / key).is_file() else None

    assert complaints(read, "https://opendeuren.example.org/") == []


def test_all_five_sound_alike(audio: list[Path]) -> None:
    """Recorded at -27 to -12 LUFS, delivered at -16 within half a unit, by another meter on the decoded file."""
    assert [loudness(path) for path in audio] == pytest.approx([-16] * 5, abs=0.5)


def test_all_five_peak_below_the_ceiling(audio: list[Path]) -> None:
    """True peak after decoding, by ffmpeg's meter at four times the rate."""
    for path in audio:
        command: list[str | Path] = [
            FFMPEG.path,
            "-hide_banner",
            "-i",
            path,
            "-af",
            "ebur128=peak=true",
            "-f",
            "null",
            "-",
        ]
        told = subprocess.run(command, capture_output=True, text=True).stderr
        peak = re.findall(r"True peak:\s+Peak:\s+(\S+) dBFS", told)
        assert float(peak[-1]) <= -1.0


def test_what_the_feed_says_of_the_files_is_so(site: Path, audio: list[Path]) -> None:
    """Length in bytes, and duration of what decodes."""
    entries = feedparser.parse((site / "feed.xml").read_bytes()).entries[::-1]
    for path, entry in zip(audio, entries, strict=True):
        samples, rate = decoded(path)
        assert int(entry.enclosures[0].length) == path.stat().st_size
        assert int(entry.itunes_duration) == pytest.approx(len(samples) / rate, abs=0.6)


def test_the_files_are_tagged_and_nothing_of_the_recorder_is_left(audio: list[Path]) -> None:
    """ID3v2.3 with cover and chapters; constant bitrate; the junk that the third source carries is gone."""
    chapters = []
    for path, title, channels in zip(audio, TITLES, (1, 1, 2, 2, 1), strict=True):
        tag, stream = mutagen.id3.ID3(path), cast(Any, MP3(path).info)
        assert (tag.version, str(tag["TIT2"]), tag["APIC:"].type) == ((2, 3, 0), title, 3)
        assert len(tag["APIC:"].data) < 300_000
        assert (stream.bitrate_mode, stream.channels, stream.sample_rate) == (BitrateMode.CBR, channels, 44100)
        assert b"ZOOM" not in path.read_bytes()
        assert b"Z\0O\0O\0M\0" not in path.read_bytes()
        chapters.append(len(tag.getall("CHAP")))
    assert chapters == [4, 0, 4, 4, 0]


def test_the_example_is_what_it_is_said_to_be() -> None:
    """Five episodes in five formats, each with a transcript, under 15 MB together; a cover of 3000 pixels."""
    folders = sorted((ROOT / "episodes").iterdir())
    assert len(folders) == 5
    assert all((folder / "transcript.vtt").is_file() for folder in folders)
    formats = {path.suffix for path in (ROOT / "episodes").rglob("*.*") if path.suffix not in (".md", ".vtt")}
    assert formats == {".flac", ".wav", ".mp3", ".m4a", ".opus"}
    assert sum(path.stat().st_size for path in (ROOT / "episodes").rglob("*") if path.is_file()) < 15_000_000
    assert Image.open(ROOT / "feed" / "cover.jpg").size == (3000, 3000)
