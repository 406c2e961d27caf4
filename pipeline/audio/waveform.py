"""How a delivered file looks: the peaks of what decodes from it, as numbers for programs and as a drawing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, pieces, source
from pipeline.audio.inspect import limit_s, unreadable

if TYPE_CHECKING:
    from numpy import int16
    from numpy.typing import NDArray

BUCKETS = 1600
"""About so many, whatever the length: more than a screen has points across, and 14 kB."""
BARS = 240
"""In the drawing."""
BITS = 8
_HALF = 64
"""Height of the drawing above and below its middle, in its own units."""
_WIDE, _APART = 3, 4
"""Width of a bar, and from one to the next."""
_PIECE = 1 << 20
"""Bytes read at once, at least one bucket: memory does not grow with the length, but for the size of a bucket."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Peaks:
    """The lowest and highest sample of each bucket of a file in one channel (the mean of two), -128 to 127."""

    rate_hz: int
    samples_per_bucket: int
    lowest: Sequence[int]
    highest: Sequence[int]


def peaks(ffmpeg: Ffmpeg, path: Path, *, duration_s: float, rate_hz: int) -> Peaks:
    """Peaks of every sample that decodes from `path`, which lasts about `duration_s`; AudioError when nothing does.

    Eight bits: each is true to 1/128 of full scale, towards zero.
    """
    per_bucket = max(1, round(duration_s * rate_hz / BUCKETS))
    at_once = max(1, _PIECE // (2 * per_bucket)) * 2 * per_bucket
    shape = ["-map", "0:a:0", "-ac", "1", "-ar", str(rate_hz), "-f", "s16le", "-c:a", "pcm_s16le", "pipe:1"]
    lowest: list[int] = []
    highest: list[int] = []
    try:
        for piece in pieces(ffmpeg, [*source(path), *shape], size=at_once, timeout_s=limit_s(duration_s)):
            for bucket in _buckets(piece, per_bucket):
                lowest += _eight_bits(bucket.min(axis=1))
                highest += _eight_bits(bucket.max(axis=1))
    except FfmpegError as error:
        raise unreadable(path.name, str(error)) from error
    return Peaks(rate_hz=rate_hz, samples_per_bucket=per_bucket, lowest=lowest, highest=highest)


def _buckets(piece: bytes, per_bucket: int) -> "Iterator[NDArray[int16]]":
    """Samples in rows of one bucket; what is left at the end of a file is a bucket, too."""
    import numpy  # costs 100 ms, and only rendering needs it

    samples = numpy.frombuffer(piece[: len(piece) // 2 * 2], "<i2")
    whole = len(samples) // per_bucket * per_bucket
    rows = (samples[:whole].reshape(-1, per_bucket), samples[whole:].reshape(1, -1))
    return (row for row in rows if row.size)


def _eight_bits(samples: "NDArray[int16]") -> list[int]:
    return [int(sample / 256) for sample in samples.tolist()]


def document(peaks: Peaks) -> bytes:
    """Peaks in BBC's audiowaveform format (doc/DataFormat.md, JSON, version 2): pairs of lowest and highest."""
    pairs = zip(peaks.lowest, peaks.highest, strict=True)
    told = {
        "version": 2,
        "channels": 1,
        "sample_rate": peaks.rate_hz,
        "samples_per_pixel": peaks.samples_per_bucket,
        "bits": BITS,
        "length": len(peaks.lowest),
        "data": [value for pair in pairs for value in pair],
    }
    return json.dumps(told, separators=(",", ":")).encode("ascii")


def read(document: bytes) -> Peaks:
    """The peaks in what `document` wrote."""
    told = json.loads(document)
    rate, per_bucket, pairs = told["sample_rate"], told["samples_per_pixel"], told["data"]
    return Peaks(rate_hz=rate, samples_per_bucket=per_bucket, lowest=pairs[::2], highest=pairs[1::2])


def drawing(peaks: Peaks) -> bytes:
    """Peaks as an SVG: one path of bars, in the colour of the text around it, that can be stretched to any shape.

    The loudest of them is as high as the drawing; those of silence are one unit, a line.
    """
    width, height = BARS * _APART - (_APART - _WIDE), 2 * _HALF
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none"'
    bars = list(_bars(peaks))
    loudest = max((abs(peak) for bar in bars for peak in bar), default=0) or 1
    path = "".join(_bar(place, low / loudest, high / loudest) for place, (low, high) in enumerate(bars))
    return f'{head} fill="currentColor" aria-hidden="true"><path d="{path}"/></svg>\n'.encode("ascii")


def _bars(peaks: Peaks) -> Iterator[tuple[int, int]]:
    """The lowest and highest of each bar; fewer bars where there are not so many buckets."""
    count = len(peaks.lowest)
    for bar in range(min(BARS, count)):
        part = slice(bar * count // min(BARS, count), (bar + 1) * count // min(BARS, count))
        yield min(peaks.lowest[part]), max(peaks.highest[part])


def _bar(place: int, low: float, high: float) -> str:
    top, bottom = round(_HALF * (1 - high)), round(_HALF * (1 - low))
    return f"M{place * _APART} {top}h{_WIDE}v{max(1, bottom - top)}h-{_WIDE}z"
