"""The curve that brings soft voices up to loud ones: from loudness by the tenth of a second to a slowly moving gain."""

import wave
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy
from numpy.typing import NDArray

from pipeline.audio import meter

STEPS_A_SECOND = 10
"""Of the curve, as of the momentary loudness that it is made from."""
RATE_HZ = 200
"""Of the curve as a file."""
HEIGHT = 4.0
"""The factor that full scale of that file stands for: 12 dB."""
MOST_UP_DB = 12.0
MOST_DOWN_DB = 8.0
_STRENGTH = 0.8
"""A fifth of the difference stays: voices keep their distance, and their own soft and loud words."""
_HEARD_S = 1.0
"""Spread of the bell over which a voice is heard: some three seconds, as EBU's short-term loudness."""
_TURNED_S = 0.3
"""Spread of the bell over which the knob is turned: fast enough between speakers, too slow to hear within a word."""
_VOICE_WITHIN_LU = 22.0
"""What lies further under the recording is a pause or a breath, and moves nothing."""
_HOLD_S = 4.0
"""A pause up to this long keeps the gain of the voices around it; in a longer one it goes back to none."""
_FINER = RATE_HZ // STEPS_A_SECOND
_DRAWN_OUT_S = 10

_Curve = NDArray[numpy.float64]


def curve(momentary: Sequence[float] | meter.Readings) -> tuple[float, ...]:
    """Gain in dB at every tenth of a second of a recording, from its momentary loudness (LUFS of 400 ms).

    Where nothing rises above the gate the curve is flat.
    """
    whole = meter.integrated(momentary)
    levels = _centred(numpy.asarray(momentary, dtype=numpy.float64))
    voiced = levels > whole - _VOICE_WITHIN_LU
    if not numpy.isfinite(whole) or not voiced.any():
        return (0.0,) * len(levels)
    kernel = _kernel(_HEARD_S)
    weight = _smoothed(voiced.astype(numpy.float64), kernel)
    power = _smoothed(numpy.where(voiced, 10 ** (levels / 10), 0.0), kernel)
    here = 10 * numpy.log10(numpy.maximum(power, 1e-12) / numpy.maximum(weight, 1e-12))
    wanted = numpy.clip(_STRENGTH * (whole - here), -MOST_DOWN_DB, MOST_UP_DB)
    turned = _kernel(_TURNED_S)
    gains = _smoothed(_held(wanted, voiced), turned) / _smoothed(numpy.ones(len(wanted)), turned)
    return tuple(round(float(gain), 3) for gain in gains)


def _centred(momentary: _Curve) -> _Curve:
    """Readings moved to the middle of the 400 ms that they tell of."""
    return numpy.concatenate([momentary[2:], momentary[-1:].repeat(min(2, len(momentary)))])


def written(gains_db: tuple[float, ...], path: Path) -> Path:
    """A curve as a WAV of `RATE_HZ`, a quarter of the factor as its height, drawn out at its end."""
    drawn_out = [*gains_db, *gains_db[-1:] * (_DRAWN_OUT_S * STEPS_A_SECOND)]
    fine = numpy.interp(numpy.arange(len(drawn_out) * _FINER) / _FINER, numpy.arange(len(drawn_out)), drawn_out)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 4, RATE_HZ, 0, "NONE", ""))
        file.writeframes((10 ** (fine / 20) / HEIGHT * (2**31 - 1)).astype("<i4").tobytes())
    return path


def _held(wanted: _Curve, voiced: NDArray[numpy.bool_]) -> _Curve:
    """The gain in pauses: between those of the voices around a short one, none in the middle of a long one."""
    places = numpy.flatnonzero(voiced)
    knots, gains = [float(places[0])], [float(wanted[places[0]])]
    for before, after in pairwise(places):
        if after - before > _HOLD_S * STEPS_A_SECOND:
            knots += [before + _HOLD_S * STEPS_A_SECOND / 2, after - _HOLD_S * STEPS_A_SECOND / 2]
            gains += [0.0, 0.0]
        knots.append(float(after))
        gains.append(float(wanted[after]))
    return numpy.interp(numpy.arange(len(wanted)), knots, gains)


def _kernel(sigma_s: float) -> _Curve:
    reach = round(3 * sigma_s * STEPS_A_SECOND)
    at = numpy.arange(-reach, reach + 1) / STEPS_A_SECOND
    bell = numpy.exp(-0.5 * (at / sigma_s) ** 2)
    return numpy.asarray(bell / bell.sum())


def _smoothed(values: _Curve, kernel: _Curve) -> _Curve:
    return numpy.convolve(values, kernel)[len(kernel) // 2 :][: len(values)]
