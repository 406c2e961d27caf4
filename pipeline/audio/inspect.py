"""What a recording is, and how loud: facts read from a decode, never from a header's claim."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, OnTime, pcm, run, source
from pipeline.errors import AudioError, Problem

SAME_BELOW_DBFS = -60.0
"""Two channels whose difference never peaks above this are the same to a listener."""
SILENT_LUFS = -69.0
"""EBU R128's absolute gate is at -70: what reads lower holds no sound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """How a recording is stored."""

    container: str
    codec: str
    channels: int
    rate_hz: int
    claimed_s: float | None
    """What its header says; only good for showing progress."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Levels:
    """A measurement after EBU R128; mono counts as dual mono, so that -16 means the same to every listener."""

    loudness_lufs: float
    range_lu: float
    peak_dbtp: float | None
    """True peak; None where it was not asked for."""
    duration_s: float
    """Of what decoded."""
    samples: int
    """In each channel, of what decoded."""
    same_channels: bool = False


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
    claim = re.search(r"^  Duration: (\d+):(\d+):(\d+\.\d+)", log, re.MULTILINE)
    return Format(
        container=container[1].split(",")[0],
        codec=codec[1],
        channels=int(frame[1]),
        rate_hz=int(frame[2]),
        claimed_s=int(claim[1]) * 3600 + int(claim[2]) * 60 + float(claim[3]) if claim else None,
    )


def unreadable(name: str, why: str) -> AudioError:
    """The error for a file that is not a recording."""
    mend = "Export it again as WAV, FLAC, MP3, M4A, Ogg or AIFF and put that in its place."
    return AudioError(Problem(what=f"The recording cannot be read: {why}.", file=name, mend=mend))


def levels(
    ffmpeg: Ffmpeg,
    inputs: list[str],
    *,
    name: str,
    filters: str = "",
    channels: int,
    claimed_s: float | None = None,
    peak: bool = False,
    on_time: OnTime | None = None,
) -> Levels:
    """Decode `inputs` (arguments that open files), send them through `filters` ending in one stream, and measure it.

    `channels` is the number that arrives at the meter. AudioError when nothing decodes.
    """
    meter = f"ebur128=dualmono=true:framelog=quiet:peak={'true' if peak else 'none'}"
    count = "astats=measure_perchannel=none:measure_overall=Number_of_samples+Peak_level"
    start = f"{filters}," if filters else "[0:a:0]"
    if channels == 2:
        graph = f"{start}asplit=2[whole][both];[both]pan=mono|c0=0.5*c0-0.5*c1,{count}[side];[whole]{meter}[out]"
    else:
        graph = f"{start}{count},{meter}[out]"
    sinks = ["-map", "[out]", "-f", "null", "-"] + (["-map", "[side]", "-f", "null", "-"] if channels == 2 else [])
    try:
        log = run(ffmpeg, [*inputs, "-filter_complex", graph, *sinks], timeout_s=limit_s(claimed_s), on_time=on_time)
    except FfmpegError as error:
        raise unreadable(name, str(error)) from error
    return _levels(log, name, stereo=channels == 2, peak=peak)


def _levels(log: str, name: str, *, stereo: bool, peak: bool) -> Levels:
    # The meter speaks when the graph is torn down, after every tag of the source was printed: the last one counts.
    summary = log.rpartition("] Summary:\n")[2]
    samples = re.findall(r"^\[Parsed_astats_\d+ @ \w+\] Number of samples: (\d+)", log, re.MULTILINE)
    rate = re.findall(r"^  Stream #\d+:0.*?: Audio: pcm_\w+, (\d+) Hz", log, re.MULTILINE)
    if not samples or not rate or int(samples[-1]) == 0:
        raise unreadable(name, "no sound comes out of it")
    difference = re.findall(r"^\[Parsed_astats_\d+ @ \w+\] Peak level dB: (\S+)", log, re.MULTILINE)
    return Levels(
        loudness_lufs=_number(summary, r"I:\s+(\S+) LUFS"),
        range_lu=_number(summary, r"LRA:\s+(\S+) LU\b"),
        peak_dbtp=_number(summary, r"True peak:\s+Peak:\s+(\S+) dBFS") if peak else None,
        duration_s=round(int(samples[-1]) / int(rate[-1]), 3),
        samples=int(samples[-1]),
        same_channels=stereo and (difference[-1] == "-inf" or float(difference[-1]) < SAME_BELOW_DBFS),
    )


def _number(summary: str, pattern: str) -> float:
    found = re.search(pattern, summary)
    return float(found[1]) if found else float("-inf")


def window(ffmpeg: Ffmpeg, path: Path, *, start_s: float, length_s: float, rate_hz: int, channels: int) -> bytes:
    """At most `length_s` of a recording as raw signed 16-bit little-endian PCM."""
    arguments = [*source(path, "-ss", f"{start_s:.3f}"), "-t", f"{length_s:.3f}", "-map", "0:a:0"]
    shape = ["-ac", str(channels), "-ar", str(rate_hz), "-f", "s16le", "-c:a", "pcm_s16le", "pipe:1"]
    most = int((length_s + 1) * rate_hz) * channels * 2
    try:
        return pcm(ffmpeg, [*arguments, *shape], most=most, timeout_s=limit_s(length_s))
    except FfmpegError as error:
        raise unreadable(path.name, str(error)) from error
