"""The true peak of a signal: the highest point of the wave between its samples."""

from functools import lru_cache

import numpy
from numpy.typing import NDArray

OVERSAMPLING = 4
"""ITU-R BS.1770-4, Annex 2: at least four times, for signals at 44.1 or 48 kHz."""
_REACH = 12
"""Samples on either side that a point between two samples is made from."""
_KAISER = 7.0
_STRETCH = 256
_AT_ONCE = 64


class TruePeak:
    """Follows one channel, and looks between samples only where that could be higher than the highest so far.

    No point between samples can be higher than its surroundings times the sum of the interpolator's weights (a factor
    of 2.25), so leaving the rest alone changes no result.
    """

    def __init__(self) -> None:
        self._best = 0.0
        self._tail = numpy.zeros(2 * _REACH, dtype=numpy.float32)

    def warm(self, samples: NDArray[numpy.float32]) -> None:
        """Samples that go before what counts: only the last of them matter."""
        self._tail = numpy.concatenate([self._tail, samples])[-2 * _REACH :]

    def hear(self, samples: NDArray[numpy.float32]) -> None:
        """The next samples; those within reach of their end wait for what follows."""
        joined = numpy.concatenate([self._tail, samples])
        self._look(joined)
        self._tail = joined[-2 * _REACH :]

    def highest(self, *, to_the_end: bool) -> float:
        """The true peak so far, 1.0 being full scale; `to_the_end`: nothing follows."""
        if to_the_end:
            self._look(numpy.concatenate([self._tail, numpy.zeros(2 * _REACH, dtype=numpy.float32)]))
        return self._best

    def _look(self, samples: NDArray[numpy.float32]) -> None:
        own = len(samples) - 2 * _REACH
        if own <= 0:
            return
        self._best = max(self._best, float(samples[_REACH:-_REACH].max()), -float(samples[_REACH:-_REACH].min()))
        count = -(-own // _STRETCH)
        padded = numpy.pad(samples, (0, count * _STRETCH - own))
        around = _around(padded, count)
        starts = numpy.flatnonzero(around * _bound() > self._best)
        starts = starts[numpy.argsort(-around[starts], kind="stable")]
        for first in range(0, len(starts), _AT_ONCE):
            some = starts[first : first + _AT_ONCE]
            some = some[around[some] * _bound() > self._best]
            if not len(some):
                return
            self._best = max(self._best, float(_between(padded, some).max()))


def _around(padded: NDArray[numpy.float32], count: int) -> NDArray[numpy.float32]:
    """The highest sample within reach of each stretch."""
    own = padded[_REACH : _REACH + count * _STRETCH].reshape(count, _STRETCH)
    peaks = numpy.maximum(own.max(axis=1), -own.min(axis=1))
    ends = [float(numpy.abs(part).max()) for part in (padded[:_REACH], padded[-_REACH:])]
    wide = numpy.concatenate([ends[:1], peaks, ends[1:]])
    return numpy.asarray(numpy.maximum(numpy.maximum(wide[:-2], wide[2:]), peaks), dtype=numpy.float32)


def _between(padded: NDArray[numpy.float32], stretches: NDArray[numpy.intp]) -> NDArray[numpy.float32]:
    """The height of the wave at the points between the samples of some stretches."""
    reaches = numpy.lib.stride_tricks.sliding_window_view(padded, 2 * _REACH)
    places = stretches[:, None] * _STRETCH + numpy.arange(_STRETCH)[None, :] + 1
    between: NDArray[numpy.float32] = reaches[places].reshape(-1, 2 * _REACH) @ _weights()
    return numpy.abs(between)


@lru_cache(maxsize=1)
def _weights() -> NDArray[numpy.float32]:
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
