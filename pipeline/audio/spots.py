"""Where something lies in a recording that a listener would notice: a function for each kind of thing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from pipeline.audio.balance import Balance
from pipeline.audio.ear import ASIDE_HZ, HARMONICS, LINES_HZ, MAINS_HZ, WINDOWS_A_SECOND, Heard
from pipeline.audio.inspect import Format
from pipeline.audio.measure import Hearing
from pipeline.model import Mastering
from pipeline.text import clock


@dataclass(frozen=True, kw_only=True, slots=True)
class Take:
    """One recording as it was heard, and how the show wants it."""

    format: Format
    hearing: Hearing
    mastering: Mastering

    @property
    def heard(self) -> Heard:
        """Its tenths of a second."""
        return self.hearing.heard

    @property
    def loudness_lufs(self) -> float:
        """Integrated."""
        return self.hearing.levels.loudness_lufs

    @property
    def gain_db(self) -> float:
        """What will be added to reach the target."""
        return self.mastering.loudness_lufs - self.loudness_lufs

    @property
    def stereo(self) -> bool:
        """It has more than one channel."""
        return self.format.channels > 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """One occurrence: numbers for the sentence, and where."""

    numbers: dict[str, object]
    at_s: float | None = None
    mended: bool | None = None
    """Where that depends on the show's settings; None: as the rule says."""


# --- silence and noise ------------------------------------------------------------------------------------------------

_DEAD_AIR_S = 5.0
_LONG_ENDS_S = 2.0
_UNDER_SPEECH_DB = 35.0
_LOWEST_SILENCE_DB = -75.0
_HIGHEST_SILENCE_DB = -45.0
_PAUSES = 0.1
"""Part of the tenths of a second that are taken for pauses: people pause a fifth of the time they speak."""
_NOISE_DB = 30.0
_DIGITAL_SILENCE_DB = -100.0
_NO_PAUSES_DB = 12.0
_EVEN_DB = 3.0
"""Noise is as loud in one pause as in another; music or a second voice is not."""


def silences(take: Take, shortest_s: float) -> list[tuple[float, float]]:
    """Start and end of everything that is silent, seconds; silence is 35 dB under the recording, -45 to -75 dBFS."""
    below = min(_HIGHEST_SILENCE_DB, max(_LOWEST_SILENCE_DB, take.loudness_lufs - _UNDER_SPEECH_DB))
    quiet = _decibels(_power(take.heard)) < below
    return [(start, end) for start, end in _runs(quiet) if end - start >= shortest_s]


def dead_air(take: Take) -> Iterator[Spot]:
    """The first long silence inside of it, and how many more there are."""
    found = [
        (start, end)
        for start, end in silences(take, _DEAD_AIR_S)
        if start > 0 and end < len(take.heard.peak) / WINDOWS_A_SECOND
    ]
    if found:
        start, end = found[0]
        more = f", and {len(found) - 1} more of {_DEAD_AIR_S:.0f} s and longer" if len(found) > 1 else ""
        yield Spot(numbers={"length": end - start, "at": clock(start), "more": more}, at_s=start)


def silent_ends(take: Take) -> Iterator[Spot]:
    """Silence before the first word and after the last."""
    whole = len(take.heard.peak) / WINDOWS_A_SECOND
    mended = take.mastering.trim_silence_s is not None
    for start, end in silences(take, _LONG_ENDS_S):
        if start == 0 and end < whole:
            yield Spot(numbers={"length": end, "where": "begins"}, at_s=0.0, mended=mended)
        elif end >= whole and start > 0:
            yield Spot(numbers={"length": end - start, "where": "ends"}, at_s=start, mended=mended)


def noise_floor_dbfs(take: Take) -> float | None:
    """Level of the pauses less any hum; None where there are none (music, a tone) or nothing is in them."""
    power = _power(take.heard)
    power = power[power > 10 ** (_DIGITAL_SILENCE_DB / 10)]
    if not len(power):
        return None
    softest, pauses = (float(numpy.quantile(power, part)) for part in (_PAUSES / 5, _PAUSES))
    if pauses > softest * 10 ** (_EVEN_DB / 10):
        return None
    pauses -= max(hum for _, hum, _ in _hums(take))
    floor = float(_decibels(numpy.array([pauses]))[0])
    return floor if take.loudness_lufs - floor > _NO_PAUSES_DB else None


def noise(take: Take) -> Iterator[Spot]:
    """Pauses that are not quiet."""
    floor = noise_floor_dbfs(take)
    if floor is not None and take.loudness_lufs - floor < _NOISE_DB:
        yield Spot(numbers={"floor": floor, "under": take.loudness_lufs - floor})


_HUM_HEARD_DBFS = -55.0
_STANDS_OUT_DB = 10.0
_QUIET_SECONDS = 0.3
_LEAST_SECONDS = 3


def hum(take: Take) -> Iterator[Spot]:
    """The louder of the two mains, where it is heard best."""
    mains, power, at_s = max(_hums(take), key=lambda hum: hum[1])
    delivered = float(_decibels(numpy.array([power]))[0]) + take.gain_db
    if delivered > _HUM_HEARD_DBFS:
        yield Spot(numbers={"mains": mains, "level": delivered}, at_s=at_s)


def _hums(take: Take) -> list[tuple[int, float, float]]:
    """For each mains its frequency, the power of its hum, and the first quiet second, where it is heard best."""
    lines = take.heard.lines
    if len(lines) < _LEAST_SECONDS:
        return [(mains, 0.0, 0.0) for mains in MAINS_HZ]
    softest = numpy.argsort(_per_second(_power(take.heard))[: len(lines)], kind="stable")
    quiet = softest[: max(_LEAST_SECONDS, round(len(lines) * _QUIET_SECONDS))]
    typical = numpy.median(lines[quiet], axis=0)
    return [(mains, _standing_out(typical, mains), float(quiet.min())) for mains in MAINS_HZ]


def _standing_out(typical: NDArray[numpy.float64], mains: int) -> float:
    """Power of the lines of the mains that rise above what lies on both sides of them."""
    at = {hz: float(power) for hz, power in zip(LINES_HZ, typical, strict=True)}
    beside = 10 ** (_STANDS_OUT_DB / 10)
    lines = [mains * harmonic for harmonic in range(1, HARMONICS + 1)]
    return sum(at[hz] for hz in lines if at[hz] > beside * max(at[hz - ASIDE_HZ], at[hz + ASIDE_HZ]))


# --- level ------------------------------------------------------------------------------------------------------------

_AT_THE_TOP = 0.98
_FULL_SCALE = 0.98
_MANY = 3
_DC = 0.005
_SOFT_LUFS = -36.0
_WIDE_LU = 15.0
_OVER_DBTP = 0.0


def clipped(take: Take) -> Iterator[Spot]:
    """Tops that are cut off flat."""
    heard = take.heard
    top = float(heard.peak.max(initial=0.0))
    where = numpy.flatnonzero((heard.flat > 0) & (heard.peak >= _AT_THE_TOP * top))
    if len(where) and (top >= _FULL_SCALE or len(where) >= _MANY):
        at = float(where[0]) / WINDOWS_A_SECOND
        times = f"{len(where)} moments" if len(where) > 1 else "one moment"
        yield Spot(numbers={"times": times, "at": clock(at)}, at_s=at)


def over(take: Take) -> Iterator[Spot]:
    """A wave that rises over full scale."""
    peak = take.hearing.levels.peak_dbtp
    if peak is not None and peak > _OVER_DBTP:
        yield Spot(numbers={"peak": peak}, at_s=float(take.heard.peak.argmax()) / WINDOWS_A_SECOND)


def offset(take: Take) -> Iterator[Spot]:
    """A direct current."""
    offsets = [abs(float(row.mean())) for row in (take.heard.mean_left, take.heard.mean_right)]
    if max(offsets) > _DC:
        yield Spot(numbers={"percent": 100 * max(offsets)}, mended=take.mastering.highpass_hz is not None)


def soft(take: Take) -> Iterator[Spot]:
    """What was recorded far too soft."""
    if take.loudness_lufs < _SOFT_LUFS:
        yield Spot(numbers={"loudness": take.loudness_lufs, "gain": take.gain_db})


def wide(take: Take) -> Iterator[Spot]:
    """Voices that lie far apart in level."""
    spread = take.hearing.levels.range_lu
    if spread > _WIDE_LU:
        yield Spot(numbers={"range": spread}, mended=take.mastering.leveller)


# --- channels ---------------------------------------------------------------------------------------------------------

_LOPSIDED_DB = 6.0
_STRETCH_OPPOSED_S = 3.0
_OPPOSED = -0.5


def balanced(*balances: Balance) -> Callable[[Take], Iterator[Spot]]:
    """Recordings whose channels lie to each other in one of these ways."""

    def find(take: Take) -> Iterator[Spot]:
        if take.hearing.levels.balance in balances:
            yield Spot(numbers={"side": take.hearing.levels.balance.value})

    return find


def lopsided(take: Take) -> Iterator[Spot]:
    """One channel that is much louder than the other."""
    if not take.stereo or take.hearing.levels.balance is not Balance.BOTH:
        return
    left, right = float(take.heard.left.sum()), float(take.heard.right.sum())
    apart = 10 * float(numpy.log10(max(left, 1e-20) / max(right, 1e-20)))
    if abs(apart) > _LOPSIDED_DB:
        yield Spot(numbers={"db": abs(apart), "side": "left" if apart > 0 else "right"})


def partly_opposed(take: Take) -> Iterator[Spot]:
    """The first stretch in which two channels cancel each other."""
    if not take.stereo or take.hearing.levels.balance is not Balance.BOTH:
        return
    left, right, cross = (_over_a_second(row) for row in (take.heard.left, take.heard.right, take.heard.cross))
    sounding = _decibels(numpy.maximum(left, right)) > take.loudness_lufs - 20
    opposed = sounding & (cross < _OPPOSED * numpy.sqrt(left * right))
    found = [(start, end) for start, end in _runs(opposed) if end - start >= _STRETCH_OPPOSED_S]
    if found:
        start, end = found[0]
        yield Spot(numbers={"length": end - start, "at": clock(start)}, at_s=start)


# --- the file ---------------------------------------------------------------------------------------------------------

_CLAIM_S = 1.0
_CLAIM_PART = 0.01
_DULL_HZ = 32000


def claims(take: Take) -> Iterator[Spot]:
    """A header that tells another length."""
    claimed, decoded = take.format.claimed_s, take.hearing.levels.duration_s
    if claimed is not None and abs(claimed - decoded) > max(_CLAIM_S, _CLAIM_PART * decoded):
        yield Spot(numbers={"claimed": clock(claimed), "decoded": clock(decoded)})


def dull(take: Take) -> Iterator[Spot]:
    """A low sampling rate."""
    if take.format.rate_hz < _DULL_HZ:
        yield Spot(numbers={"rate": take.format.rate_hz / 1000})


# --- levels and runs --------------------------------------------------------------------------------------------------


def _decibels(power: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    return 10 * numpy.log10(numpy.maximum(power, 1e-20))


def _power(heard: Heard) -> NDArray[numpy.float64]:
    """Of the louder channel, a direct current left out."""
    return numpy.maximum(heard.left - heard.mean_left**2, heard.right - heard.mean_right**2)


def _over_a_second(tenths: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """A mean that moves along: words have gaps."""
    return numpy.convolve(tenths, numpy.full(WINDOWS_A_SECOND, 1 / WINDOWS_A_SECOND), mode="same")


def _per_second(tenths: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    whole = len(tenths) // WINDOWS_A_SECOND * WINDOWS_A_SECOND
    means: NDArray[numpy.float64] = tenths[:whole].reshape(-1, WINDOWS_A_SECOND).mean(axis=1)
    return means


def _runs(true: NDArray[numpy.bool_]) -> list[tuple[float, float]]:
    """Start and end, in seconds, of each unbroken run."""
    edges = numpy.flatnonzero(numpy.diff(numpy.concatenate([[False], true, [False]]).astype(numpy.int8)))
    return [
        (float(start) / WINDOWS_A_SECOND, float(end) / WINDOWS_A_SECOND)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]
