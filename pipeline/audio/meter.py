"""Loudness after EBU R128, from what a meter reads ten times a second."""

import math
from collections.abc import Sequence

ABSOLUTE_GATE_LUFS = -70.0
"""What is softer is no programme (ITU-R BS.1770-4, EBU Tech 3342)."""


def integrated(momentary: Sequence[float]) -> float:
    """Integrated loudness in LUFS of momentary readings (400 ms, every 100 ms); -inf where nothing is above the gate.

    ITU-R BS.1770-4: the mean of all blocks above -70 LUFS sets a gate 10 LU below it; what is above that is the mean.
    """
    gate = _mean(_above(momentary, ABSOLUTE_GATE_LUFS)) - 10
    return _mean(_above(momentary, max(gate, ABSOLUTE_GATE_LUFS)))


def loudness_range(short_term: Sequence[float]) -> float:
    """Loudness range in LU of short-term readings (3 s, every 100 ms).

    EBU Tech 3342: from the 10th to the 95th percentile of what is above -70 LUFS and above 20 LU below its mean.
    """
    heard = _above(short_term, ABSOLUTE_GATE_LUFS)
    levels = sorted(_above(heard, _mean(heard) - 20))
    if not levels:
        return 0.0
    low, high = (levels[round((len(levels) - 1) * part)] for part in (0.10, 0.95))
    return high - low


def _above(readings: Sequence[float], gate: float) -> list[float]:
    return [reading for reading in readings if reading >= gate]


def _mean(readings: Sequence[float]) -> float:
    if not readings:
        return -math.inf
    return 10 * math.log10(math.fsum(10 ** (reading / 10) for reading in readings) / len(readings))
