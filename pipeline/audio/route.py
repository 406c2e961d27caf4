"""Whether a recording must be encoded at all: its frames as they are, with other gains in them, or made anew."""

import math
from dataclasses import dataclass

from pipeline.audio.balance import Balance
from pipeline.audio.findings import findings
from pipeline.audio.frames import HIGHEST_GAIN, Stream
from pipeline.audio.inspect import Format
from pipeline.audio.measure import Levels
from pipeline.audio.recipe import Job
from pipeline.audio.spots import Take
from pipeline.model import Mastering

STEP_DB = 20 * math.log10(2) / 4
"""One step of MP3's global gain, 1.505 dB (ISO 11172-3, 2.4.3.4)."""
NEAR_ENOUGH_LU = 0.5
"""How far from the target a recording may be delivered without encoding it again; steps alone reach 0.75."""
RATES_HZ = (44100, 48000)
"""Both are what apps ask for (Apple-893): to resample one to the other would only cost."""
LEAST_KBPS = 64
_MOST = 2
"""Times the show's own bitrate: more would make listeners download what nobody hears."""
_LOSSY = frozenset({"mp3", "mp2", "mp1", "aac", "vorbis", "opus", "ac3", "eac3"})
"""Codecs of which each encoding takes something away, as ffmpeg calls them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """Its frames as they are, or a number of steps louder."""

    stream: Stream
    steps: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Encode:
    """Its sound, decoded and encoded."""

    why: tuple[str, ...]
    """Why its frames could not be kept; each ends a sentence that begins with "because"."""


def ruled_out(format: Format, first: Job) -> tuple[str, ...]:
    """Why a recording has no frames that could be kept; nothing for an MP3 that has to be looked at."""
    wanted = first.codec.format
    reasons = (
        ({format.container, format.codec, wanted.word} != {"mp3"}, f"what listeners get is {wanted.name}"),
        (format.rate_hz not in RATES_HZ, f"{format.rate_hz} Hz is not a rate that apps ask for"),
    )
    return tuple(reason for true, reason in reasons if true)[:1]


def needs(first: Job, take: Take) -> tuple[str, ...]:
    """What must be done to the sound besides its level, by the job as it would be encoded.

    What the high-pass would take out is below what speech holds: alone it is not worth another encoding.
    """
    heard = take.hearing.levels
    offset = any(finding.rule == "offset" and finding.mended for finding in findings(take))
    # A stereo file with the same sound twice plays right as it is; to fold it would be another encoding.
    one_sided = heard.balance not in (Balance.BOTH, Balance.SAME)
    reasons = (
        (first.end_s - first.start_s < heard.duration_s, "silence was trimmed from its ends"),
        (bool(first.bumpers), "an intro or outro was joined to it"),
        (bool(first.curve), "its soft voices were brought up to its loud ones"),
        (one_sided, "only one of its channels could be delivered"),
        (offset, "its wave was put back in the middle"),
    )
    return tuple(reason for true, reason in reasons if true)


def choose(stream: Stream, heard: Levels, mastering: Mastering, needs: tuple[str, ...]) -> Copy | Encode:
    """What becomes of an MP3 of which `heard` holds the true peak, and which `needs` what its frames cannot give."""
    steps = round((mastering.loudness_lufs - heard.loudness_lufs) / STEP_DB)
    reasons = (*needs, *_unfit(stream, heard, mastering), *_off(louder(heard, steps), mastering))
    if stream.highest_gain + steps > HIGHEST_GAIN:
        reasons += ("its frames hold no room for another level",)
    return Encode(why=reasons) if reasons else Copy(stream=stream, steps=steps)


def louder(heard: Levels, steps: int) -> tuple[float, float]:
    """Loudness (LUFS) and true peak (dBTP) after a number of steps."""
    peak = math.inf if heard.peak_dbtp is None else heard.peak_dbtp
    return heard.loudness_lufs + steps * STEP_DB, peak + steps * STEP_DB


def accepted(copied: Levels, heard: Levels, mastering: Mastering) -> tuple[str, ...]:
    """What is wrong with a copy that was made and measured; nothing, as a rule."""
    other = () if copied.samples == heard.samples else ("its frames alone decode to another length",)
    return (*other, *_off(louder(copied, 0), mastering))


def _unfit(stream: Stream, heard: Levels, mastering: Mastering) -> tuple[str, ...]:
    header = stream.header
    mono = header.channels == 1
    asked = mastering.bitrate_mono_kbps if mono else mastering.bitrate_stereo_kbps
    most = asked if heard.balance is Balance.SAME else _MOST * asked
    bitrate = header.bitrate_kbps
    reasons = (
        (not stream.constant, "its bitrate varies, and apps lose their place in that"),
        (bitrate < LEAST_KBPS, f"{bitrate} kbps is less than the {LEAST_KBPS} that speech needs"),
        (bitrate > most, f"{bitrate} kbps is more than the {most} that is worth a listener's download"),
    )
    return tuple(reason for true, reason in reasons if true)


def _off(reached: tuple[float, float], mastering: Mastering) -> tuple[str, ...]:
    lufs, dbtp = reached
    nearest = f"steps of {STEP_DB:.1f} dB come no nearer to {mastering.loudness_lufs:g} LUFS than {lufs:.1f}"
    reasons = (
        (abs(lufs - mastering.loudness_lufs) > NEAR_ENOUGH_LU, nearest),
        (dbtp > mastering.peak_dbtp, f"at that level its peaks would reach {dbtp:.2f} dBTP and had to be limited"),
    )
    return tuple(reason for true, reason in reasons if true)


def told(way: Copy | Encode, format: Format, heard: Levels) -> tuple[str, ...]:
    """What became of it, as a sentence, if it was lossy."""
    if isinstance(way, Encode):
        known = format.codec in _LOSSY
        return (f"{format.codec} was encoded again, because {' and '.join(way.why)}",) if known else ()
    by = f"{abs(way.steps) * STEP_DB:.1f} dB {'louder' if way.steps > 0 else 'softer'}"
    steps = f"{abs(way.steps)} step{'s' if abs(way.steps) > 1 else ''}"
    shifted = f"made {by} without encoding again ({steps} of MP3's global gain)"
    became = shifted if way.steps else "taken as it is: nothing was encoded again"
    same = ("both its channels are the same, and were left that way",) if heard.balance is Balance.SAME else ()
    return (f"{format.codec} at {heard.loudness_lufs:.1f} LUFS was {became}", *same)
