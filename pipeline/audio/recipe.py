"""How a recording is mastered, as data: settings to steps, steps to ffmpeg arguments, corrections after measuring."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline import digest, formats
from pipeline.audio import codecs
from pipeline.audio.balance import KEPT, LOUDER_LU, Balance
from pipeline.audio.chunks import Part
from pipeline.audio.codecs import Codec, Stream
from pipeline.audio.ffmpeg import LAME
from pipeline.audio.inspect import BY_COUNT, Format
from pipeline.audio.leveller import HEIGHT
from pipeline.audio.measure import Levels
from pipeline.model import Alternate, Digest, Mastering

EDITION = 1
"""Raised when the same settings come to mean other audio; published episodes are told, not redone."""
PARTS_FROM_S = 300.0
"""From this length on all cores share the encoding of one recording."""
TOLERANCE_LU = 0.3
"""How far the delivered loudness may be from the target."""
JOINT_HEADROOM_DB = 12.0
"""By which joints are written softer, so that two signals on top of each other do not clip before the limiter."""
_LETS_GO_S = 10
"""What is limited before a part: a limiter that let go once (60 ms after a peak) is as if it had heard all before."""
_ONLY_NUMBERS = "aeval=exprs=if(isnan(val(ch))+isinf(val(ch))\\,0\\,val(ch)):channel_layout=same,"
"""Silence in place of what is no number: slow, and hardly ever needed."""
_CAME_LATER = {"codec": "mp3", "also": (), "highpass_hz": None, "leveller": False, "waveform_data": False}
"""Settings of later versions, at what was done before there were any: so far they make no other recipe."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One rendering of one recording, every number settled."""

    start_s: float
    end_s: float
    """What is kept of the source."""
    kept: int | None
    """The only channel of two that is delivered; None: all are."""
    channels: int
    source_hz: int
    rate_hz: int
    bitrate_kbps: int
    gain_db: float
    limit_dbfs: float
    codec: Codec = codecs.MP3
    finite: bool = True
    """Every sample of the source is a number."""
    highpass_hz: float | None = None
    curve: tuple[float, ...] = field(default=(), repr=False)
    """The leveller's gain in dB at every tenth of a second of the source; empty where it is off."""
    crossfade_s: float = 0.0
    intro_s: float = 0.0
    outro_s: float = 0.0
    """Length of the bumpers; 0 where there is none."""

    @property
    def duration_s(self) -> float:
        """Of what will be delivered."""
        return self.end_s - self.start_s + sum(length - self.crossfade_s for length in self.bumpers)

    @property
    def samples(self) -> int:
        """In each channel of what goes into the encoder: about that many."""
        return round(self.duration_s * self.rate_hz)

    @property
    def bumpers(self) -> tuple[float, ...]:
        """Lengths of the bumpers there are."""
        return tuple(length for length in (self.intro_s, self.outro_s) if length)

    @property
    def stream(self) -> Stream:
        """What is asked of the encoder."""
        return Stream(bitrate_kbps=self.bitrate_kbps, channels=self.channels, rate_hz=self.rate_hz, part=in_parts(self))

    @property
    def shift_s(self) -> float:
        """What a moment in the source moves by."""
        return round((self.intro_s - self.crossfade_s if self.intro_s else 0.0) - self.start_s, 3)


def identity(mastering: Mastering) -> Digest:
    """What tells one recipe from another: every setting by value, so that a new default is a new recipe."""
    values = [
        (name, getattr(value, "sha256", value))
        for name in Mastering.__dataclass_fields__
        for value in (getattr(mastering, name),)
        if name not in _CAME_LATER or value != _CAME_LATER[name]
    ]
    return digest.of_record([EDITION, values])


def renditions(mastering: Mastering) -> tuple[Mastering, ...]:
    """The settings of each file to deliver, as if it were the only one: the enclosure's, then the alternates'."""
    own = replace(mastering, also=(), waveform_data=False)
    return (own, *(_as(own, alternate) for alternate in mastering.also))


def _as(own: Mastering, alternate: Alternate) -> Mastering:
    format, bitrate = formats.TABLE[alternate.format], alternate.bitrate_kbps
    mono, stereo = bitrate or format.mono_kbps, bitrate or format.stereo_kbps
    return replace(own, codec=format.word, bitrate_mono_kbps=mono, bitrate_stereo_kbps=stereo)


def libraries(mastering: Mastering) -> frozenset[str]:
    """What ffmpeg must have been built with to make all that is delivered."""
    return frozenset(codecs.TABLE[each.codec].library for each in renditions(mastering)) - {""} | LAME


def job(mastering: Mastering, format: Format, levels: Levels, *, start_s: float, end_s: float) -> Job:
    """The first attempt: its gain is what the meter says is missing, its limit allows for the encoder."""
    kept = KEPT.get(levels.balance)
    channels = 1 if kept is not None or format.channels == 1 else 2
    return Job(
        start_s=start_s,
        end_s=end_s,
        kept=kept,
        channels=channels,
        source_hz=format.rate_hz,
        gain_db=mastering.loudness_lufs - levels.loudness_lufs - LOUDER_LU.get(levels.balance, 0.0),
        finite=levels.finite,
        highpass_hz=mastering.highpass_hz,
        **_encoding(mastering, channels),
    )


def _encoding(mastering: Mastering, channels: int) -> dict[str, Any]:
    """What in a Job hangs on its codec."""
    codec = codecs.TABLE[mastering.codec]
    bitrate = mastering.bitrate_mono_kbps if channels == 1 else mastering.bitrate_stereo_kbps
    stream = Stream(bitrate_kbps=bitrate, channels=channels, rate_hz=codec.rate_hz(mastering.rate_hz))
    return {
        "codec": codec,
        "rate_hz": stream.rate_hz,
        "bitrate_kbps": bitrate,
        "limit_dbfs": mastering.peak_dbtp - codec.headroom(stream),
    }


def encoder_loss_db(attempt: Job) -> float:
    """What the encoder will take off the level."""
    return attempt.codec.loss(attempt.stream)


def recast(first: Job, mastering: Mastering) -> Job:
    """A first attempt for the codec and bitrate of `mastering`."""
    return replace(first, **_encoding(mastering, first.channels))


def louder(attempt: Job, by_db: float) -> Job:
    """The same with another gain."""
    return replace(attempt, gain_db=attempt.gain_db + by_db)


def corrected(attempt: Job, mastering: Mastering, delivered: Levels) -> Job | None:
    """None where the delivered file is as asked, else the next attempt: limit for the peaks, gain for the rest."""
    over = (delivered.peak_dbtp if delivered.peak_dbtp is not None else 0.0) - mastering.peak_dbtp
    off = mastering.loudness_lufs - delivered.loudness_lufs
    if over <= 0 and abs(off) <= TOLERANCE_LU:
        return None
    limit = attempt.limit_dbfs - (over + 0.1 if over > 0 else 0.0)
    return replace(attempt, limit_dbfs=limit, gain_db=attempt.gain_db + off)


def body(attempt: Job) -> str:
    """Filters that take what is kept of the source to its level, still unlimited, in the delivered shape."""
    kept_from = attempt.start_s + (attempt.crossfade_s if attempt.intro_s else 0.0)
    kept_to = attempt.end_s - (attempt.crossfade_s if attempt.outro_s else 0.0)
    return piece(attempt, kept_from, kept_to, curve_at=1 + len(attempt.bumpers))


def piece(attempt: Job, start_s: float, end_s: float, *, curve_at: int) -> str:
    """Filters that cut a piece out of input 0, in the delivered channels, rate and level, in floating point.

    Input `curve_at` is the leveller's curve, where the job has one.
    """
    # Cleaned and levelled before it is cut: a high-pass that began at the cut would be heard there.
    cut = f"atrim=start={start_s:.6f}:end={end_s:.6f},asetpts=PTS-STARTPTS"
    level = f"aresample={attempt.rate_hz},volume={attempt.gain_db:.4f}dB"
    if not attempt.curve:
        return f"[0:a:0]{BY_COUNT},{_clean(attempt)},{cut},{level}"
    both = "pan=stereo|c0=c0|c1=c0," if attempt.channels == 2 else ""
    curve = f"aresample={attempt.source_hz},aformat=sample_fmts=fltp,{both}volume={HEIGHT}"
    clean = f"[0:a:0]{BY_COUNT},{_clean(attempt)}[clean]"
    return f"[{curve_at}:a:0]{curve}[curve];{clean};[clean][curve]amultiply,{cut},{level}"


def _clean(attempt: Job) -> str:
    """Filters that leave the channels that are delivered, less what lies below any voice."""
    # More than two channels are mixed to stereo first, as they were when their sameness was measured.
    kept = f"aformat=channel_layouts=stereo,pan=mono|c0=c{attempt.kept}," if attempt.kept is not None else ""
    layout = "mono" if attempt.channels == 1 else "stereo"
    shape = f"aformat=sample_fmts=fltp:channel_layouts={layout}"
    highpass = f",highpass=frequency={attempt.highpass_hz:g}" if attempt.highpass_hz else ""
    return f"{'' if attempt.finite else _ONLY_NUMBERS}{kept}{shape}{highpass}"


def graph(attempt: Job, *, from_sample: int = 0) -> str:
    """The whole filter graph but its end: input 0 is the source, then the bumpers' joints, in order.

    What lies before `from_sample` is left out where it costs most: it is made, and not limited.
    """
    skipped = f"atrim=start_sample={from_sample},asetpts=PTS-STARTPTS," if from_sample else ""
    limiter = (
        f"{skipped}alimiter=level=false:latency=true:attack=5:release=60:limit={10 ** (attempt.limit_dbfs / 20):.6f}"
    )
    joints = [name for name, length in (("intro", attempt.intro_s), ("outro", attempt.outro_s)) if length]
    if not joints:
        return f"{body(attempt)},{limiter}"
    raised = "".join(
        f"[{place}:a:0]aformat=sample_fmts=fltp,volume={JOINT_HEADROOM_DB}dB[{name}];"
        for place, name in enumerate(joints, 1)
    )
    order = "".join(f"[{name}]" for name in ("intro", "body", "outro") if name == "body" or name in joints)
    return f"{body(attempt)}[body];{raised}{order}concat=n={len(joints) + 1}:v=0:a=1,{limiter}"


def cut(attempt: Job, part: Part) -> str:
    """The filter that hands an encoder its part of the limited signal."""
    start, end = part.samples
    limited_from = max(0, start - _LETS_GO_S * attempt.rate_hz)
    until = f":end_sample={end - limited_from}" if end else ""
    graphed = graph(attempt, from_sample=limited_from)
    return f"{graphed},atrim=start_sample={start - limited_from}{until},asetpts=PTS-STARTPTS"


def in_parts(attempt: Job) -> bool:
    """Whether it is encoded without LAME's bit reservoir, so that several cores can share it.

    By length alone: another machine, with more or fewer cores, makes the same bytes. What is short is done soon enough
    by one core, and keeps the reservoir.
    """
    return attempt.codec.parts and attempt.duration_s >= PARTS_FROM_S


def encoder(attempt: Job) -> Sequence[str]:
    """Output arguments, without the file: nothing of the source's tags."""
    return attempt.codec.arguments(attempt.stream)


def told(attempt: Job, format: Format, heard: Levels) -> tuple[str, ...]:
    """What was done, a sentence each."""
    kept_s = attempt.end_s - attempt.start_s
    cut_s = heard.duration_s - kept_s
    sentences = (
        (True, f"{format.codec} at {heard.loudness_lufs:.1f} LUFS was changed by {attempt.gain_db:+.1f} dB"),
        (format.tracks > 1, f"of {format.tracks} tracks of sound the first was taken"),
        (heard.balance is Balance.SAME, "both channels were the same: delivered as mono"),
        (heard.balance is Balance.LEFT, "only the left channel held sound: delivered as mono"),
        (heard.balance is Balance.RIGHT, "only the right channel held sound: delivered as mono"),
        (heard.balance is Balance.OPPOSED, "the channels cancelled each other: the left one was delivered as mono"),
        (bool(attempt.curve), "soft voices were brought up to loud ones"),
        (format.channels > 2, f"{format.channels} channels were mixed to stereo"),
        (cut_s > 0.01, f"{cut_s:.1f} s of silence was trimmed from the ends"),
        (attempt.intro_s > 0, f"an intro of {attempt.intro_s:.1f} s was put in front"),
        (attempt.outro_s > 0, f"an outro of {attempt.outro_s:.1f} s was put behind"),
    )
    return tuple(sentence for true, sentence in sentences if true)
