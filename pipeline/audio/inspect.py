"""What a recording is: facts read from its first decoded frame, and pieces of it as samples."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio import whole
from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, pcm, run, source
from pipeline.errors import AudioError, Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """How a recording is stored."""

    container: str
    codec: str
    channels: int
    rate_hz: int
    claimed_s: float | None
    """What its header says; only good for showing progress."""


def limit_s(claimed_s: float | None) -> float:
    """Seconds of work after which a decode or encode is given up: generous, but never for ever."""
    return 120 + 2 * min(claimed_s or 3600.0, 86400.0)


def probe(ffmpeg: Ffmpeg, path: Path, name: str) -> Format:
    """The format of a recording; AudioError when it holds no audio that can be decoded. `name` is for messages."""
    if path.stat().st_size == 0:
        raise AudioError(Problem(what="The recording is empty (0 bytes).", file=name, mend="Copy it there again."))
    try:
        log = run(
            ffmpeg,
            [*source(path), "-map", "0:a:0", "-af", "ashowinfo", "-frames:a", "1", "-f", "null", "-"],
            timeout_s=60,
        )
    except FfmpegError as error:
        raise unreadable(name, str(error)) from error
    container = re.search(r"^Input #0, ([\w,]+), from", log, re.MULTILINE)
    codec = re.search(r"^  Stream #0:\d+.*?: Audio: (\w+)", log, re.MULTILINE)
    frame = re.search(r"^\[Parsed_ashowinfo_0 @ \w+\] n:0 .* channels:(\d+) .*rate:(\d+)", log, re.MULTILINE)
    if not (container and codec and frame):
        raise unreadable(name, "no sound comes out of it")
    name_of_container = container[1].split(",")[0]
    if whole.cut_off(path, name_of_container):
        raise incomplete(name, "the file ends before its header says it does")
    claim = re.search(r"^  Duration: (\d+):(\d+):(\d+\.\d+)", log, re.MULTILINE)
    return Format(
        container=name_of_container,
        codec=codec[1],
        channels=int(frame[1]),
        rate_hz=int(frame[2]),
        claimed_s=int(claim[1]) * 3600 + int(claim[2]) * 60 + float(claim[3]) if claim else None,
    )


def incomplete(name: str, why: str) -> AudioError:
    """The error for a recording of which a part is missing."""
    mend = "Wait until it has been copied whole, or copy or export it again."
    return AudioError(Problem(what=f"The recording is not complete: {why}.", file=name, mend=mend))


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
