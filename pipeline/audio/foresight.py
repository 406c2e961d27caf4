"""The gain that brings a recording to its level, told from how it was heard, where that is sure enough."""

from typing import TypeAlias

import numpy
from numpy.typing import NDArray

from pipeline.audio import meter
from pipeline.audio.ear import BASS_HZ, WINDOWS_A_SECOND, Heard
from pipeline.audio.measure import Hearing
from pipeline.audio.recipe import Job

MOST_CUT_LU = 0.5
"""What the high-pass may take off: with more, bands and seconds are too coarse to tell it by."""
MOST_LIMITED_LU = 0.4
"""What the limiter could take off at most: with more, its work has to be tried out."""
_TAKES = 0.25
"""Part of that which it does take (measured: next to nothing on speech, 0.6 on a shout)."""
_LIFTED_DB = 1.5
"""By which the high-pass can raise peaks: it moves what is low against what is high (measured on speech)."""
_WINDOW = 4
"""Tenths of a second in a momentary reading."""
_TRIES = 4
_LOW_HZ = 38.135
"""Of the low end of K-weighting: a high-pass of the second order (ITU-R BS.1770-4, table 2), its Q a half."""

_Row: TypeAlias = NDArray[numpy.float64]


def gain_db(attempt: Job, hearing: Hearing, aim_lufs: float) -> float | None:
    """The gain at which `attempt` will be at `aim_lufs` when it has been limited; None where only a trial tells.

    It takes a trial for what is joined, for what a leveller moves, for what lasts no second, for a rumble that is much
    of the sound, and for what is limited hard. For the rest it is a matter of sums.
    """
    heard = hearing.heard
    if attempt.bumpers or attempt.curve or not len(heard.bass):
        return None
    kept = slice(*(round(moment * WINDOWS_A_SECOND) for moment in (attempt.start_s, attempt.end_s)))
    count = min(len(hearing.momentary), len(heard.peak))
    whole = numpy.asarray(hearing.momentary[:count])[kept] + _folded_db(attempt, heard)
    clean = whole + _without_bass(attempt, hearing, count)[kept]
    if meter.integrated(whole.tolist()) - meter.integrated(clean.tolist()) > MOST_CUT_LU:
        return None
    peaks, power = heard.peak[:count][kept], (heard.left + heard.right)[:count][kept]
    gain = attempt.gain_db
    for _ in range(_TRIES):
        free = meter.integrated((clean + gain).tolist())
        held = meter.integrated((clean + gain + _held(attempt, peaks, power, gain)).tolist())
        gain += aim_lufs - (free + (held - free) * _TAKES)
    return gain if free - held <= MOST_LIMITED_LU else None


def _folded_db(attempt: Job, heard: Heard) -> float:
    """By what one channel of two, played by both sides, is louder than the two were."""
    if attempt.kept is None:
        return 0.0
    left, right = float(heard.left.sum()), float(heard.right.sum())
    return float(10 * numpy.log10(2 * (left, right)[attempt.kept] / (left + right)))


def _without_bass(attempt: Job, hearing: Hearing, count: int) -> _Row:
    """By what the high-pass changes each momentary reading, in dB."""
    if attempt.highpass_hz is None:
        return numpy.zeros(count)
    hz = numpy.sqrt(numpy.array(BASS_HZ[:-1]) * numpy.array(BASS_HZ[1:]))
    weighed = (hz**2 / (hz**2 + _LOW_HZ**2)) ** 2
    passed = 1 / (1 + (attempt.highpass_hz / hz) ** 4)
    taken = numpy.repeat(hearing.heard.bass @ (weighed * (1 - passed)), WINDOWS_A_SECOND)
    taken = numpy.append(taken, numpy.repeat(taken[-1], count))[:count]
    all_of_it = 10 ** ((numpy.asarray(hearing.momentary[:count]) + 0.691) / 10)
    return 10 * numpy.log10(numpy.maximum(1 - _smooth(taken) / numpy.maximum(all_of_it, 1e-12), 0.1))


def _held(attempt: Job, peaks: _Row, power: _Row, gain_db: float) -> _Row:
    """By what the limiter would change each reading, in dB, were it to hold its gain for whole tenths of a second."""
    lifted = _LIFTED_DB if attempt.highpass_hz else 0.0
    over = numpy.maximum(1, peaks * 10 ** ((gain_db + lifted - attempt.limit_dbfs) / 20))
    factor = 1 / over**2
    factor[1:] = numpy.minimum(factor[1:], factor[:-1])  # it lets go in 60 ms
    power = power + 1e-12
    return 10 * numpy.log10(_smooth(power * factor) / _smooth(power))


def _smooth(tenths: _Row) -> _Row:
    """Means of the tenths that a momentary reading tells of; it comes at their end."""
    padded = numpy.concatenate([numpy.repeat(tenths[:1], _WINDOW - 1), tenths])
    return numpy.convolve(padded, numpy.full(_WINDOW, 1 / _WINDOW), mode="valid")
