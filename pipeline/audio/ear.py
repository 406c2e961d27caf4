"""What samples tell as they pass by: levels by the tenth of a second, flat tops, mains hum, true peak."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy
from numpy.typing import NDArray

from pipeline.audio.truepeak import Samples, TruePeak

Row: TypeAlias = NDArray[numpy.float64]

WINDOWS_A_SECOND = 10
MAINS_HZ = (50, 60)
HARMONICS = 3
ASIDE_HZ = 5
"""How far beside a line of the mains its surroundings are heard: outside of what a second's window smears (2 Hz)."""
LINES_HZ = tuple(
    line + aside
    for mains in MAINS_HZ
    for line in range(mains, mains * HARMONICS + 1, mains)
    for aside in (-ASIDE_HZ, 0, ASIDE_HZ)
)
"""Frequencies of which the power is followed: each line of the mains between its surroundings."""
BASS_HZ = (15, 25, 35, 45, 55, 70, 90, 120, 160, 220, 300)
"""Edges of the bands in which what is low is followed."""
_HALVINGS = 3
_COARSE = 2**_HALVINGS
"""Samples that are averaged before lines are looked for: eight times less work, and what folds over is 40 dB down."""
_THIN_TO = 2 * max(*LINES_HZ, *BASS_HZ) + 100
_FLAT_FROM = 0.25
"""Below this (-12 dBFS) no recorder clips, and low tones are flat on top by themselves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """Tenths of a second and seconds of a recording in order; powers are mean squares, 1.0 is full scale."""

    samples: int
    """In each channel."""
    peak: Row
    """Highest sample of a tenth, of either channel."""
    apart: Row
    """Highest sample of half the difference between the channels; 0 where there is one channel."""
    left: Row
    right: Row
    """Power of a tenth; one channel stands for both."""
    cross: Row
    """Mean product of left and right."""
    mean_left: Row
    mean_right: Row
    flat: Row
    """Samples of a tenth that lie at its peak and between two of the same value."""
    lines: NDArray[numpy.float64]
    """Power of `LINES_HZ` in each whole second: rows of seconds."""
    bass: NDArray[numpy.float64]
    """Power of both channels in each of the bands of `BASS_HZ`, in each whole second: rows of seconds."""
    true_peak: float
    finite: bool
    """Every sample was a number; floating-point recordings can hold others, and one of them would spoil a filter."""


def together(heard: "list[Heard]") -> Heard:
    """Stretches that follow each other as one."""

    def rows(name: str) -> Row:
        return numpy.concatenate([getattr(each, name) for each in heard])

    return Heard(
        samples=sum(each.samples for each in heard),
        true_peak=max(each.true_peak for each in heard),
        finite=all(each.finite for each in heard),
        **{name: rows(name) for name in _ROWS},
        lines=rows("lines"),
        bass=rows("bass"),
    )


_ROWS = ("peak", "apart", "left", "right", "cross", "mean_left", "mean_right", "flat")


@dataclass(frozen=True, kw_only=True, slots=True)
class Height:
    """How long and how high a stretch is."""

    samples: int
    """In each channel."""
    true_peak: float
    finite: bool
    """As in `Heard`."""


class Ruler:
    """Hears no more of a stretch than its `Height`, a second at a time."""

    def __init__(self, *, rate_hz: int, channels: int, skip_s: int = 0, to_the_end: bool = True) -> None:
        """`skip_s` seconds at the start are its run-in; without `to_the_end` something follows the stretch."""
        self.rate_hz, self.channels = rate_hz, channels
        self._skip_blocks = skip_s
        self._to_the_end = to_the_end
        self._samples = 0
        self._finite = True
        self._peaks = [TruePeak() for _ in range(channels)]

    def hear(self, body: bytes) -> Samples | None:
        """The next second, as interleaved 32-bit floats; only the last may be shorter.

        What counts of it is returned, a row for each channel: numbers only, and nothing of the run-in.
        """
        whole = len(body) // (4 * self.channels) * self.channels
        block = numpy.frombuffer(body, "<f4", count=whole).reshape(-1, self.channels).T.copy()
        if not numpy.isfinite(block).all():
            self._finite = False
            numpy.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        if self._skip_blocks:
            self._skip_blocks -= 1
            for peak, channel in zip(self._peaks, block, strict=True):
                peak.warm(channel)
            return None
        self._samples += block.shape[1]
        for peak, channel in zip(self._peaks, block, strict=True):
            peak.hear(channel)
        return block

    def height(self) -> Height:
        """Of all of it."""
        highest = max(peak.highest(to_the_end=self._to_the_end) for peak in self._peaks)
        return Height(samples=self._samples, true_peak=highest, finite=self._finite)


class Ear(Ruler):
    """Hears one stretch of a recording, a second at a time; what it keeps grows by some 800 bytes a second."""

    def __init__(self, *, rate_hz: int, channels: int, skip_s: int = 0, to_the_end: bool = True) -> None:
        """As a `Ruler`."""
        super().__init__(rate_hz=rate_hz, channels=channels, skip_s=skip_s, to_the_end=to_the_end)
        # Rounded up: ten to a second at every rate, the last one shorter.
        self._window = -(-rate_hz // WINDOWS_A_SECOND)
        self._rows: list[Row] = []
        self._low: list[Row] = []

    def hear(self, body: bytes) -> Samples | None:
        """As a `Ruler`."""
        block = super().hear(body)
        if block is not None:
            self._rows.append(_tenths(block, self._window))
            if block.shape[1] == self.rate_hz and self.rate_hz >= _COARSE * _THIN_TO:
                self._low.append(_low(block))
        return block

    def heard(self) -> Heard:
        """All of it."""
        rows = numpy.concatenate([numpy.zeros((len(_ROWS), 0)), *self._rows], axis=1)
        height = self.height()
        low = numpy.array(self._low).reshape(-1, len(LINES_HZ) + len(BASS_HZ) - 1)
        return Heard(
            samples=height.samples,
            true_peak=height.true_peak,
            finite=height.finite,
            **dict(zip(_ROWS, rows, strict=True)),
            lines=low[:, : len(LINES_HZ)],
            bass=low[:, len(LINES_HZ) :],
        )


def _tenths(block: Samples, window: int) -> Row:
    """`_ROWS` of one second, a column for each tenth."""
    count = -(-block.shape[1] // window)
    short = count * window - block.shape[1]
    lengths = numpy.full(count, float(window))
    lengths[-1:] -= short
    padded = numpy.pad(block, ((0, 0), (0, short))) if short else block
    tenths = padded.reshape(len(block), count, window)
    left, right = tenths[0], tenths[-1]
    high = numpy.maximum(tenths.max(axis=2), -tenths.min(axis=2))
    stereo = len(block) == 2
    difference = left - right if stereo else None
    return numpy.stack(
        [
            high.max(axis=0),
            numpy.maximum(difference.max(axis=1), -difference.min(axis=1)) / 2
            if difference is not None
            else numpy.zeros(count),
            _product(left, left) / lengths,
            _product(right, right) / lengths,
            _product(left, right) / lengths,
            left.sum(axis=1) / lengths,
            right.sum(axis=1) / lengths,
            sum(_flat(channel, peaks) for channel, peaks in zip(tenths, high, strict=True)),
        ]
    ).astype(numpy.float64)


def _product(one: Samples, other: Samples) -> Row:
    product: Row = numpy.einsum("ij,ij->i", one, other)
    return product


def _flat(tenths: Samples, peaks: Row) -> Row:
    """How many samples of each tenth are at its peak with an equal neighbour on both sides."""
    samples, window = tenths.reshape(-1), tenths.shape[1]
    top = numpy.where(peaks >= _FLAT_FROM, peaks, numpy.inf)
    at = numpy.flatnonzero(numpy.abs(tenths) >= top[:, None])
    first, third = at[:-2], at[2:]  # neighbours of each other, two in a row
    flat = (third - first == 2) & (third // window == first // window) & (samples[third] == samples[first])
    return numpy.bincount(first[flat] // window, minlength=len(peaks)).astype(numpy.float64)


def _low(block: Samples) -> Row:
    """Power of a sine at each of `LINES_HZ`, the mean of the channels, and in each band of `BASS_HZ`, in one second."""
    coarse = block[:, : block.shape[1] // _COARSE * _COARSE]
    for _ in range(_HALVINGS):  # neighbours, then pairs of them: much faster than sums of short rows
        coarse = coarse[:, ::2] + coarse[:, 1::2]
    coarse *= numpy.float32(1 / _COARSE)
    window, smear = _window(coarse.shape[1])
    seen = numpy.abs(numpy.fft.rfft(coarse * window)[:, : BASS_HZ[-1]]) ** 2  # a bin is one hertz wide
    powers = 2 * seen.mean(axis=0)  # half of an amplitude squared
    bands = numpy.add.reduceat(powers, BASS_HZ[:-1])
    return numpy.concatenate([powers[[*LINES_HZ]], 2 * bands / smear]).astype(numpy.float64)


@lru_cache(maxsize=4)
def _window(length: int) -> tuple[Samples, float]:
    """A Hann window at which a full-scale sine gives 1/2, and the number of bins that it smears noise over."""
    window = numpy.hanning(length)
    window /= window.sum()
    return window.astype(numpy.float32), float(length * (window**2).sum())
