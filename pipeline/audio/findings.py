"""What a listener would notice in a recording, as a table of rules: threshold, its source, what is done about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from pipeline.audio.balance import Balance
from pipeline.audio.ear import ASIDE_HZ, HARMONICS, LINES_HZ, MAINS_HZ, WINDOWS_A_SECOND, Heard
from pipeline.audio.inspect import Format
from pipeline.audio.measure import Hearing
from pipeline.errors import Problem
from pipeline.model import Episode, Finding, Mastering, Media
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Something that can be noticed."""

    id: str
    find: Callable[[Take], Iterator[Spot]]
    says: str
    """With the spot's numbers in braces."""
    threshold: str
    """In words, for the papers."""
    source: str
    """Who set the threshold; `industry` where it is custom."""
    does: str
    """What omroep does about it."""
    mended: bool = False
    mend: str = ""
    """What the producer can do."""


def findings(take: Take) -> tuple[Finding, ...]:
    """Everything noticed, in the order of the table."""
    return tuple(
        Finding(
            rule=rule.id,
            told=rule.says.format(**spot.numbers),
            mended=rule.mended if spot.mended is None else spot.mended,
            at_s=None if spot.at_s is None else round(spot.at_s, 1),
        )
        for rule in RULES
        for spot in rule.find(take)
    )


def advice(episode: Episode, media: Media) -> Iterator[Problem]:
    """What was noticed in the recording of an episode and is the producer's to mend."""
    mends = {rule.id: rule.mend for rule in RULES}
    for finding in media.findings:
        if not finding.mended:
            yield Problem(
                what=finding.told,
                file=episode.audio.path,
                mend=mends.get(finding.rule, ""),
                fatal=False,
                rule=f"audio-{finding.rule}",
            )


# --- silence and noise ------------------------------------------------------------------------------------------------

_DEAD_AIR_S = 5.0
_LONG_ENDS_S = 2.0
_UNDER_SPEECH_DB = 35.0
_LOWEST_SILENCE_DB = -75.0
_HIGHEST_SILENCE_DB = -45.0
_PAUSES = 0.1
"""Part of the tenths of a second that are taken for pauses: people pause a fifth of the time they speak."""
_NOISE_DB = 30.0
_NO_PAUSES_DB = 12.0
_EVEN_DB = 3.0
"""Noise is as loud in one pause as in another; music or a second voice is not."""


def silences(take: Take, shortest_s: float) -> list[tuple[float, float]]:
    """Start and end of everything that is silent, seconds; silence is 35 dB under the recording, -45 to -75 dBFS."""
    below = min(_HIGHEST_SILENCE_DB, max(_LOWEST_SILENCE_DB, take.loudness_lufs - _UNDER_SPEECH_DB))
    quiet = _decibels(_power(take.heard)) < below
    return [(start, end) for start, end in _runs(quiet) if end - start >= shortest_s]


def _dead_air(take: Take) -> Iterator[Spot]:
    found = [
        (start, end)
        for start, end in silences(take, _DEAD_AIR_S)
        if start > 0 and end < len(take.heard.peak) / WINDOWS_A_SECOND
    ]
    if found:
        start, end = found[0]
        more = f", and {len(found) - 1} more of {_DEAD_AIR_S:.0f} s and longer" if len(found) > 1 else ""
        yield Spot(numbers={"length": end - start, "at": clock(start), "more": more}, at_s=start)


def _silent_ends(take: Take) -> Iterator[Spot]:
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


def _noise(take: Take) -> Iterator[Spot]:
    floor = noise_floor_dbfs(take)
    if floor is not None and take.loudness_lufs - floor < _NOISE_DB:
        yield Spot(numbers={"floor": floor, "under": take.loudness_lufs - floor})


_HUM_HEARD_DBFS = -55.0
_STANDS_OUT_DB = 10.0
_QUIET_SECONDS = 0.3
_LEAST_SECONDS = 3


def _hum(take: Take) -> Iterator[Spot]:
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


def _clipped(take: Take) -> Iterator[Spot]:
    heard = take.heard
    top = float(heard.peak.max(initial=0.0))
    where = numpy.flatnonzero((heard.flat > 0) & (heard.peak >= _AT_THE_TOP * top))
    if len(where) and (top >= _FULL_SCALE or len(where) >= _MANY):
        at = float(where[0]) / WINDOWS_A_SECOND
        times = f"{len(where)} moments" if len(where) > 1 else "one moment"
        yield Spot(numbers={"times": times, "at": clock(at)}, at_s=at)


def _over(take: Take) -> Iterator[Spot]:
    peak = take.hearing.levels.peak_dbtp
    if peak is not None and peak > _OVER_DBTP:
        yield Spot(numbers={"peak": peak}, at_s=float(take.heard.peak.argmax()) / WINDOWS_A_SECOND)


def _offset(take: Take) -> Iterator[Spot]:
    offsets = [abs(float(row.mean())) for row in (take.heard.mean_left, take.heard.mean_right)]
    if max(offsets) > _DC:
        yield Spot(numbers={"percent": 100 * max(offsets)}, mended=take.mastering.highpass_hz is not None)


def _soft(take: Take) -> Iterator[Spot]:
    if take.loudness_lufs < _SOFT_LUFS:
        yield Spot(numbers={"loudness": take.loudness_lufs, "gain": take.gain_db})


def _wide(take: Take) -> Iterator[Spot]:
    spread = take.hearing.levels.range_lu
    if spread > _WIDE_LU:
        yield Spot(numbers={"range": spread}, mended=take.mastering.leveller)


# --- channels ---------------------------------------------------------------------------------------------------------

_LOPSIDED_DB = 6.0
_STRETCH_OPPOSED_S = 3.0
_OPPOSED = -0.5


def _balanced(*balances: Balance) -> Callable[[Take], Iterator[Spot]]:
    def find(take: Take) -> Iterator[Spot]:
        if take.hearing.levels.balance in balances:
            yield Spot(numbers={"side": take.hearing.levels.balance.value})

    return find


def _lopsided(take: Take) -> Iterator[Spot]:
    if not take.stereo or take.hearing.levels.balance is not Balance.BOTH:
        return
    left, right = float(take.heard.left.sum()), float(take.heard.right.sum())
    apart = 10 * float(numpy.log10(max(left, 1e-20) / max(right, 1e-20)))
    if abs(apart) > _LOPSIDED_DB:
        yield Spot(numbers={"db": abs(apart), "side": "left" if apart > 0 else "right"})


def _partly_opposed(take: Take) -> Iterator[Spot]:
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


def _claims(take: Take) -> Iterator[Spot]:
    claimed, decoded = take.format.claimed_s, take.hearing.levels.duration_s
    if claimed is not None and abs(claimed - decoded) > max(_CLAIM_S, _CLAIM_PART * decoded):
        yield Spot(numbers={"claimed": clock(claimed), "decoded": clock(decoded)})


def _dull(take: Take) -> Iterator[Spot]:
    if take.format.rate_hz < _DULL_HZ:
        yield Spot(numbers={"rate": take.format.rate_hz / 1000})


RULES = (
    Rule(
        id="clipped",
        find=_clipped,
        says="The sound is clipped at {times}, first at {at}: its tops are cut off flat, which crackles.",
        threshold="three equal samples at the highest level, at full scale or at three moments",
        source="industry",
        does="tells it: what is gone cannot be put back",
        mend="Record at a lower level, or repair it with a de-clipper before you drop it here.",
    ),
    Rule(
        id="over",
        find=_over,
        says="Its true peak is {peak:+.1f} dBTP, over full scale.",
        threshold="true peak above 0 dBTP",
        source="ITU-R BS.1770-4, Annex 2",
        does="limits it under the show's ceiling",
        mended=True,
    ),
    Rule(
        id="soft",
        find=_soft,
        says="It is very soft, {loudness:.1f} LUFS: made {gain:.0f} dB louder, its noise becomes louder too.",
        threshold="under -36 LUFS (20 dB under the usual target)",
        source="industry",
        does="makes it louder, and tells it",
        mend="Record closer to the microphone or with more gain.",
    ),
    Rule(
        id="range",
        find=_wide,
        says="Soft and loud parts lie {range:.0f} LU apart: in a car or a train the soft ones are lost.",
        threshold="loudness range above 15 LU",
        source="EBU Tech 3342; limit by custom for speech",
        does="levels it where `audio: leveller` is on, else tells it",
        mend="Set `audio: leveller: yes` in show.yaml, or bring the voices closer to each other in an editor.",
    ),
    Rule(
        id="noise",
        find=_noise,
        says="Its pauses are noisy: {floor:.0f} dBFS, only {under:.0f} dB under the voices.",
        threshold="pauses (the softest tenth, where it is even) less than 30 dB under the loudness",
        source="industry (audiobook publishers ask for about 40)",
        does="tells it",
        mend="Record in a quieter room, or clean it with a noise reducer.",
    ),
    Rule(
        id="hum",
        find=_hum,
        says="There is a hum of {mains} Hz, at {level:.0f} dBFS once it is at the show's level.",
        threshold="mains lines 10 dB above what lies 5 Hz beside them, together above -55 dBFS as delivered",
        source="industry",
        does="weakens what lies under the high-pass, and tells it",
        mend="Use another cable or socket; for this recording, a hum remover in an editor.",
    ),
    Rule(
        id="offset",
        find=_offset,
        says="The wave lies {percent:.1f}% beside its middle (DC offset).",
        threshold="mean above 0.5% of full scale",
        source="industry",
        does="takes it out with the high-pass",
        mend="Set `audio: highpass` again, which takes it out.",
    ),
    Rule(
        id="same",
        find=_balanced(Balance.SAME),
        says="Both channels are the same.",
        threshold="half their difference never above -60 dBFS",
        source="PSP-1 asks for small files; measured",
        does="delivers one: half the size, the same sound",
        mended=True,
    ),
    Rule(
        id="one-sided",
        find=_balanced(Balance.LEFT, Balance.RIGHT),
        says="All sound is in the {side} channel.",
        threshold="the other channel 20 dB softer",
        source="industry",
        does="delivers that channel for both ears",
        mended=True,
    ),
    Rule(
        id="opposed",
        find=_balanced(Balance.OPPOSED),
        says="The channels are opposite to each other: added up, as a smart speaker does, nothing is left.",
        threshold="correlation below -0.9",
        source="EBU R 22; industry",
        does="delivers the left channel for both ears",
        mended=True,
    ),
    Rule(
        id="partly-opposed",
        find=_partly_opposed,
        says="From {at} for {length:.0f} s the channels cancel each other: on a smart speaker that part is gone.",
        threshold="correlation below -0.5 for 3 s",
        source="EBU R 22; industry",
        does="tells it",
        mend="Turn the polarity of that track around in an editor.",
    ),
    Rule(
        id="lopsided",
        find=_lopsided,
        says="The {side} channel is {db:.0f} dB louder than the other.",
        threshold="more than 6 dB",
        source="industry",
        does="tells it: it may be meant",
        mend="Put the voices in the middle, or export in mono.",
    ),
    Rule(
        id="dead-air",
        find=_dead_air,
        says="Nothing is heard for {length:.0f} s from {at}{more}: listeners think that it stopped.",
        threshold="5 s or longer, 35 dB under the recording",
        source="industry (radio's silence detectors)",
        does="tells it: it may be meant",
        mend="Cut it out.",
    ),
    Rule(
        id="ends",
        find=_silent_ends,
        says="It {where} with {length:.1f} s of silence.",
        threshold="2 s or longer",
        source="industry",
        does="shortens it where `audio: trim_silence` is set, else tells it",
        mend="Set `audio: trim_silence: 0.5` in show.yaml, or cut it.",
    ),
    Rule(
        id="claim",
        find=_claims,
        says="Its header claims {claimed}, and {decoded} comes out.",
        threshold="more than 1 s and 1% apart; where less comes out than was promised for certain, it is refused",
        source="measured",
        does="believes what comes out",
        mended=True,
    ),
    Rule(
        id="dull",
        find=_dull,
        says="It was recorded at {rate:g} kHz: it sounds as a telephone does.",
        threshold="sample rate under 32 kHz",
        source="Apple-893 (44.1 or 48 kHz)",
        does="tells it",
        mend="Set the recorder, or the meeting's software, to 44.1 or 48 kHz.",
    ),
)
"""In the order in which they are told: what hurts most, first."""

_DIGITAL_SILENCE_DB = -100.0


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
