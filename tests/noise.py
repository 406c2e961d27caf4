"""How far a codec's noise lies under what masks it: an objective measure of what an encoding costs."""

import numpy
from numpy.typing import NDArray

from pipeline.audio.truepeak import Samples

FRAME = 2048
_QUIET_DB = -60.0
"""Frames that much under the loudest are pauses, in which nobody judges a codec."""


def to_mask_db(original: Samples, coded: Samples, rate_hz: int) -> float:
    """Mean noise-to-mask ratio in dB of one channel: lower is better, and what lies far below 0 is not heard.

    After ITU-R BS.1387 (PEAQ), section 4.2: critical bands of a Bark, a mask that spreads to both sides and lies 3 dB
    under the signal up to 12 Bark and a quarter of the Bark number above; noise is what differs, at the best level.
    """
    length = min(len(original), len(coded))
    one, other = original[:length].astype(numpy.float64), coded[:length].astype(numpy.float64)
    level = float(one @ other) / max(float(other @ other), 1e-20)
    bands = _bands(rate_hz)
    signal, noise = (_power(sound) @ bands for sound in (one, one - level * other))
    total = signal.sum(axis=1)
    heard = total > total.max() * 10 ** (_QUIET_DB / 10)
    mask = signal[heard] @ _spread(bands.shape[1])
    return float(10 * numpy.log10(numpy.mean((noise[heard] + 1e-20) / (mask + 1e-20))))


def _power(sound: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    frames = numpy.lib.stride_tricks.sliding_window_view(sound, FRAME)[:: FRAME // 2] * numpy.hanning(FRAME)
    power: NDArray[numpy.float64] = numpy.abs(numpy.fft.rfft(frames, axis=1)) ** 2
    return power


def _bands(rate_hz: int) -> NDArray[numpy.float64]:
    """A column for each Bark up to 15 kHz, where codecs at these bitrates stop: which bins it holds."""
    hz = numpy.fft.rfftfreq(FRAME, 1 / rate_hz)
    bark = 7 * numpy.arcsinh(hz / 650)
    count = int(7 * numpy.arcsinh(15000 / 650))
    return numpy.array([(bark >= band) & (bark < band + 1) for band in range(count)], dtype=numpy.float64).T


def _spread(count: int) -> NDArray[numpy.float64]:
    """What a band masks in each other: 27 dB less for each Bark below it, 15 for each above."""
    apart = numpy.arange(count)[None, :] - numpy.arange(count)[:, None]
    slope = numpy.where(apart < 0, 27.0 * apart, -15.0 * apart)
    offset = numpy.where(numpy.arange(count) <= 12, 3.0, 0.25 * numpy.arange(count))
    return numpy.asarray(10 ** ((slope - offset[None, :]) / 10))
