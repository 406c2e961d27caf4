"""What a recording is: facts read from its first decoded frame, and pieces of it as samples."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio import whole
from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, container, pcm, run, source
from pipeline.errors import AudioError, Problem
from pipeline.text import clock

LONGEST_S = 12 * 3600.0
"""Half a day: what claims or decodes to more is a mistake or a trap, and is given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """How a recording is stored."""

    container: str
    codec: str
    channels: int
    rate_hz: int
    claimed_s: float | None
    """What its header says, or a guess from its size; only good for showing progress."""
    tracks: int = 1
    """Of sound; the first is taken."""


BY_COUNT = "asetpts=N/SR/TB"
"""The filter by which a moment is a number of samples: timestamps of a file may begin late, leap, or go back."""
_GUESSED = "Estimating duration from bitrate"


def limit_s(claimed_s: float | None) -> float:
    """Seconds of work after which a decode or encode is given up: generous, but never for ever."""
    return 120 + 2 * min(claimed_s or 3600.0, LONGEST_S)


def probe(ffmpeg: Ffmpeg, path: Path, name: str) -> Format:
    """The format of a recording, called `name` in messages.

    AudioError when a part of it is missing, it claims to be too long, or holds no audio that can be decoded.
    """
    if path.stat().st_size == 0:
        raise AudioError(Problem(what="The recording is empty (0 bytes).", file=name, mend="Copy it there again."))
    if whole.cut_off(path, container(path)):
        raise incomplete(name, "the file ends before its header says it does")
    try:
        log = run(
            ffmpeg,
            [*source(path), "-map", "0:a:0", "-af", "ashowinfo", "-frames:a", "1", "-f", "null", "-"],
            timeout_s=60,
        )
    except FfmpegError as error:
        raise unreadable(name, str(error)) from error
    format = _format(log)
    if format is None:
        raise unreadable(name, "no sound comes out of it")
    if format.claimed_s and format.claimed_s > LONGEST_S and _GUESSED not in log:
        raise too_long(name, f"says that it lasts {clock(format.claimed_s)}")
    return format


def _format(log: str) -> Format | None:
    """What ffmpeg's log says of its input, above what it says of its output."""
    told = log.partition("\nOutput #0, ")[0]
    demuxer = re.search(r"^Input #0, ([\w,]+), from", told, re.MULTILINE)
    codecs = re.findall(r"^  Stream #0:\d+.*?: Audio: (\w+)", told, re.MULTILINE)
    frame = re.search(r"^\[Parsed_ashowinfo_0 @ \w+\] n:0 .* channels:(\d+) .*rate:(\d+)", log, re.MULTILINE)
    if not (demuxer and codecs and frame):
        return None
    claim = re.search(r"^  Duration: (\d+):(\d+):(\d+\.\d+)", told, re.MULTILINE)
    return Format(
        container=demuxer[1].split(",")[0],
        codec=codecs[0],
        channels=int(frame[1]),
        rate_hz=int(frame[2]),
        claimed_s=int(claim[1]) * 3600 + int(claim[2]) * 60 + float(claim[3]) if claim else None,
        tracks=len(codecs),
    )


def incomplete(name: str, why: str) -> AudioError:
    """The error for a recording of which a part is missing."""
    mend = "Wait until it has been copied whole, or copy or export it again."
    return AudioError(Problem(what=f"The recording is not complete: {why}.", file=name, mend=mend))


def too_long(name: str, how: str) -> AudioError:
    """The error for a recording of more than `LONGEST_S`."""
    mend = "Split it into several episodes; if it is not that long, export it again."
    what = f"The recording {how}; the longest that is taken is {clock(LONGEST_S)}."
    return AudioError(Problem(what=what, file=name, mend=mend))


def unreadable(name: str, why: str) -> AudioError:
    """The error for a file that is not a recording."""
    mend = "Export it again as WAV, FLAC, MP3, M4A, Ogg or AIFF and put that in its place."
    return AudioError(Problem(what=f"The recording cannot be read: {why}.", file=name, mend=mend))


def window(ffmpeg: Ffmpeg, path: Path, *, start_s: float, length_s: float, rate_hz: int, channels: int) -> bytes:
    """At most `length_s` of a recording as raw signed 16-bit little-endian PCM."""
    arguments = [*source(path, "-ss", f"{start_s:.3f}"), "-t", f"{length_s:.3f}", "-map", "0:a:0"]
    shape = ["-ac", str(channels), "-ar", str(rate_hz), "-f", "s16le", "-c:a", "pcm_s16le", "pipe:1"]
    most = int((length_s + 1) * rate_hz) * channels * 2
    try:
        return pcm(ffmpeg, [*arguments, *shape], most=most, timeout_s=limit_s(length_s))
    except FfmpegError as error:
        raise unreadable(path.name, str(error)) from error
