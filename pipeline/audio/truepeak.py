"""The true peak of a signal: the highest point of the wave between its samples."""

from functools import lru_cache
from typing import TypeAlias

import numpy
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[numpy.float32]

OVERSAMPLING = 4
"""ITU-R BS.1770-4, Annex 2: at least four times, for signals at 44.1 or 48 kHz."""
_REACH = 10
"""Samples on either side that a point between two samples is made from."""
_KAISER = 5.0
_HALVINGS = 7
_STRETCH = 2**_HALVINGS
_AT_ONCE = 32


class TruePeak:
    """Follows one channel, and looks between samples only where that could be higher than the highest so far.

    No point between samples can be higher than its surroundings times the sum of the interpolator's weights (a factor
    of about 2.2), nor rise above them by more than the signal bends there (see `_bend`), so leaving the rest alone
    changes no result.
    """

    def __init__(self) -> None:
        self._best = 0.0
        self._tail = numpy.zeros(2 * _REACH, dtype=numpy.float32)

    def warm(self, samples: Samples) -> None:
        """Samples that go before what counts: only the last of them matter."""
        self._tail = numpy.concatenate([self._tail, samples])[-2 * _REACH :]

    def hear(self, samples: Samples) -> None:
        """The next samples; those within reach of their end wait for what follows."""
        joined = numpy.concatenate([self._tail, samples])
        self._look(joined)
        self._tail = joined[-2 * _REACH :]

    def highest(self, *, to_the_end: bool) -> float:
        """The true peak so far, 1.0 being full scale; `to_the_end`: nothing follows."""
        if to_the_end:
            self._look(numpy.concatenate([self._tail, numpy.zeros(2 * _REACH, dtype=numpy.float32)]))
        return self._best

    def _look(self, samples: Samples) -> None:
        own = len(samples) - 2 * _REACH
        if own <= 0:
            return
        high = numpy.abs(samples)
        self._best = max(self._best, float(high[_REACH:-_REACH].max()))
        if float(high.max()) * _bound() <= self._best:
            return
        bends = numpy.empty_like(high)
        bends[0] = bends[-1] = 0
        steps = samples[1:] - samples[:-1]
        numpy.abs(numpy.subtract(steps[1:], steps[:-1], out=bends[1:-1]), out=bends[1:-1])
        if float(high.max()) + float(bends.max()) * _bend() <= self._best:
            return
        starts, most = _stretches(high, own)
        most = numpy.minimum(most * _bound(), most + _stretches(bends, own)[1] * _bend())
        hopeful = numpy.flatnonzero(most > self._best)
        hopeful = hopeful[numpy.argsort(-most[hopeful], kind="stable")]
        for first in range(0, len(hopeful), _AT_ONCE):
            some = hopeful[first : first + _AT_ONCE]
            some = some[most[some] > self._best]
            if not len(some):
                return
            self._best = max(self._best, float(_between(samples, starts[some], min(own, _STRETCH)).max()))


def _stretches(high: Samples, own: int) -> tuple[NDArray[numpy.intp], Samples]:
    """Where stretches start, and the highest value within reach of each; the last lies over the one before it."""
    count = own // _STRETCH
    after = _REACH + count * _STRETCH
    peaks = numpy.concatenate([[high[:_REACH].max()], _highest(high[_REACH:after]), [high[after:].max()]])
    around = numpy.maximum(numpy.maximum(peaks[:-2], peaks[2:]), peaks[1:-1])
    starts = numpy.arange(count) * _STRETCH
    if own % _STRETCH:
        last = max(0, own - _STRETCH)
        starts = numpy.append(starts, last)
        around = numpy.append(around, high[last:].max())
    return starts, around


def _highest(values: Samples) -> Samples:
    """The highest of every `_STRETCH`, by halves: six times as fast as maxima of short rows."""
    for _ in range(_HALVINGS):
        values = numpy.maximum(values[::2], values[1::2])
    return values


def _between(samples: Samples, starts: NDArray[numpy.intp], length: int) -> Samples:
    """The height of the wave at the points between the samples of some stretches."""
    around = samples[starts[:, None] + numpy.arange(length + 2 * _REACH)[None, :]]
    heights = numpy.zeros((OVERSAMPLING - 1, len(starts), length), dtype=numpy.float32)
    weighed = numpy.empty_like(heights)
    for tap, weights in enumerate(_weights(), 1):  # a matrix product would wait for cores that ffmpeg is using
        heights += numpy.multiply(weights[:, None, None], around[:, tap : tap + length], out=weighed)
    return numpy.abs(heights, out=heights)


@lru_cache(maxsize=1)
def _weights() -> Samples:
    """A windowed sinc for each point between two samples, a column each."""
    places = numpy.arange(-_REACH + 1, _REACH + 1)
    columns = []
    for point in range(1, OVERSAMPLING):
        away = places - point / OVERSAMPLING
        window = numpy.i0(_KAISER * numpy.sqrt(numpy.clip(1 - (away / _REACH) ** 2, 0, 1))) / numpy.i0(_KAISER)
        column = numpy.sinc(away) * window
        columns.append(column / column.sum())
    return numpy.asarray(numpy.array(columns).T, dtype=numpy.float32)


@lru_cache(maxsize=1)
def _bound() -> float:
    return float(numpy.abs(_weights()).sum(axis=0).max())


@lru_cache(maxsize=1)
def _bend() -> float:
    """How far, per unit of the second difference, a point can rise above its neighbours.

    What an interpolator does beyond a straight line through two samples has neither sum nor first moment, so it is
    some weights on second differences: those are the sums of its sums.
    """
    places = numpy.arange(2 * _REACH)
    found = []
    for weights in _weights().T.astype(numpy.float64):
        point = float(weights @ places) / float(weights.sum())
        line = numpy.clip(1 - numpy.abs(places - point), 0, None) * weights.sum()
        found.append(float(numpy.abs(numpy.cumsum(numpy.cumsum(weights - line))).sum()))
    return max(found)
