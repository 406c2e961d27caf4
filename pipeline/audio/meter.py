"""Loudness after EBU R128, from what a meter reads ten times a second."""

import math
from collections.abc import Sequence

import numpy
from numpy.typing import NDArray

Readings = NDArray[numpy.float64]
ABSOLUTE_GATE_LUFS = -70.0
"""What is softer is no programme (ITU-R BS.1770-4, EBU Tech 3342)."""


def integrated(momentary: Sequence[float] | Readings) -> float:
    """Integrated loudness in LUFS of momentary readings (400 ms, every 100 ms); -inf where nothing is above the gate.

    ITU-R BS.1770-4: the mean of all blocks above -70 LUFS sets a gate 10 LU below it; what is above that is the mean.
    """
    heard = _above(numpy.asarray(momentary, dtype=numpy.float64), ABSOLUTE_GATE_LUFS)
    return _mean(_above(heard, _mean(heard) - 10))


def loudness_range(short_term: Sequence[float] | Readings) -> float:
    """Loudness range in LU of short-term readings (3 s, every 100 ms).

    EBU Tech 3342: from the 10th to the 95th percentile of what is above -70 LUFS and above 20 LU below its mean.
    """
    heard = _above(numpy.asarray(short_term, dtype=numpy.float64), ABSOLUTE_GATE_LUFS)
    levels = numpy.sort(_above(heard, _mean(heard) - 20))
    if not len(levels):
        return 0.0
    low, high = (float(levels[round((len(levels) - 1) * part)]) for part in (0.10, 0.95))
    return high - low


def _above(readings: Readings, gate: float) -> Readings:
    return readings[readings >= gate]


def _mean(readings: Readings) -> float:
    if not len(readings):
        return -math.inf
    return 10 * math.log10(math.fsum(10 ** (readings / 10)) / len(readings))
