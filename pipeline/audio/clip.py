"""A few seconds of a file around one moment, small enough to lie in a page."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from pipeline import digest
from pipeline.audio import memory
from pipeline.audio.account import Subject
from pipeline.audio.deliver import Studio
from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, pcm, source
from pipeline.audio.inspect import unreadable

LENGTH_S = 8.0
BEFORE_S = 2.0
"""What is heard before the moment itself, so that the ear knows what was there."""
EDITION = 1
"""Raised when clips come to be cut otherwise."""
_KBPS = {1: 64, 2: 112}
"""By channels. Two stay two: what is wrong between them is not heard in one."""
_MOST_BYTES = 1 << 18


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """What can be heard of a moment."""

    start_s: float
    """Where it begins in its file."""
    mp3: str
    """In base64, as a `data:` address has it (RFC 2397)."""


def of(studio: Studio, subject: Subject, at_s: float, *, channels: int) -> Clip | None:
    """What is heard around `at_s` of a file, remembered or cut; None where it is neither remembered nor here.

    AudioError when it cannot be read.
    """
    start = round(max(0.0, at_s - BEFORE_S), 1)
    identity = digest.of_record(["clip", EDITION, subject.sha256, start, channels])
    kept = studio.cache / "clips" / f"{identity}.json"
    known = memory.recalled(kept, Clip)
    path = None if known else subject.find()
    if path is None:
        return known
    body = cut(studio.ffmpeg, path, start, name=subject.name, channels=channels)
    made = Clip(start_s=start, mp3=b64encode(body).decode("ascii"))
    memory.keep(kept, made)
    return made


def cut(ffmpeg: Ffmpeg, path: Path, start_s: float, *, name: str, channels: int) -> bytes:
    """`LENGTH_S` from `start_s` as an MP3 without tags, in one or two channels, as loud as it is there.

    It is shorter where the file ends. AudioError when it cannot be read.
    """
    kept = min(channels, 2)
    arguments = [
        *source(path, "-ss", f"{start_s:.1f}"),
        *("-t", f"{LENGTH_S:.1f}", "-map", "0:a:0", "-ac", str(kept), "-ar", "44100"),
        *("-c:a", "libmp3lame", "-b:a", f"{_KBPS[kept]}k", "-map_metadata", "-1", "-id3v2_version", "0"),
        *("-write_xing", "0", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp3", "pipe:1"),
    ]
    try:
        return pcm(ffmpeg, arguments, most=_MOST_BYTES, timeout_s=120)
    except FfmpegError as error:
        raise unreadable(name, str(error)) from error
