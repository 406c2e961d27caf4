"""How a delivered file looks: the peaks of what decodes from it, as numbers for programs and as a drawing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, pieces, source
from pipeline.audio.inspect import limit_s, unreadable
from pipeline.audio.truepeak import Samples

BUCKETS = 1600
"""About so many, whatever the length: more than a screen has points across, and 14 kB."""
BARS = 240
"""In the drawing."""
BITS = 8
_HALF = 64
"""Height of the drawing above and below its middle, in its own units."""
_WIDE, _APART = 3, 4
"""Width of a bar, and from one to the next."""
_PIECE = 1 << 18
"""Samples read at once: memory does not grow with the length."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Peaks:
    """The lowest and highest sample of each bucket of a file in one channel (the mean of two), -128 to 127."""

    rate_hz: int
    samples_per_bucket: int
    lowest: Sequence[int]
    highest: Sequence[int]


class Outline:
    """Follows the samples of a file, or of a stretch of it, in pieces of any length."""

    def __init__(self, *, rate_hz: int, length_s: float, first: int = 0) -> None:
        """Of a file that lasts about `length_s`; the first sample heard is its `first`."""
        self._rate_hz = rate_hz
        self._per_bucket = max(1, round(length_s * rate_hz / BUCKETS))
        self._at = first
        self._buckets: dict[int, tuple[float, float]] = {}

    def hear(self, samples: Samples) -> None:
        """The next samples, in one channel."""
        place, into = divmod(self._at, self._per_bucket)
        starts = numpy.maximum(numpy.arange(-into, len(samples), self._per_bucket), 0)
        if len(samples):
            lowest, highest = (of.reduceat(samples, starts).tolist() for of in (numpy.minimum, numpy.maximum))
            self._widen(dict(enumerate(zip(lowest, highest, strict=True), place)))
        self._at += len(samples)

    def join(self, other: "Outline") -> None:
        """Another stretch of the same file."""
        self._widen(other._buckets)

    def peaks(self) -> Peaks:
        """Of all that was heard. Eight bits: each is true to 1/128 of full scale, towards zero."""
        lowest, highest = (
            [_eight_bits(self._buckets[place][side]) for place in sorted(self._buckets)] for side in (0, 1)
        )
        return Peaks(rate_hz=self._rate_hz, samples_per_bucket=self._per_bucket, lowest=lowest, highest=highest)

    def _widen(self, buckets: dict[int, tuple[float, float]]) -> None:
        for place, (low, high) in buckets.items():
            lowest, highest = self._buckets.get(place, (low, high))
            self._buckets[place] = min(lowest, low), max(highest, high)


def _eight_bits(sample: float) -> int:
    return int(max(-32768, min(32767, round(sample * 32768))) / 256)


def peaks(ffmpeg: Ffmpeg, path: Path, *, duration_s: float, rate_hz: int) -> Peaks:
    """Peaks of every sample that decodes from `path`, which lasts about `duration_s`; AudioError when nothing does."""
    outline = Outline(rate_hz=rate_hz, length_s=duration_s)
    shape = ["-map", "0:a:0", "-ac", "1", "-ar", str(rate_hz), "-f", "s16le", "-c:a", "pcm_s16le", "pipe:1"]
    try:
        for piece in pieces(ffmpeg, [*source(path), *shape], size=2 * _PIECE, timeout_s=limit_s(duration_s)):
            samples = numpy.frombuffer(piece, "<i2", count=len(piece) // 2)
            outline.hear(samples.astype(numpy.float32) / numpy.float32(32768))
    except FfmpegError as error:
        raise unreadable(path.name, str(error)) from error
    return outline.peaks()


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
