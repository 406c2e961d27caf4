"""How a recording is mastered, as data: settings to steps, steps to ffmpeg arguments, corrections after measuring."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline import digest
from pipeline.audio.chunks import Part
from pipeline.audio.inspect import BY_COUNT, Format
from pipeline.audio.measure import Levels
from pipeline.model import Digest, Mastering

EDITION = 1
"""Raised when the same settings come to mean other audio; published episodes are told, not redone."""
PARTS_FROM_S = 300.0
"""From this length on all cores share the encoding of one recording."""
TOLERANCE_LU = 0.3
"""How far the delivered loudness may be from the target."""
JOINT_HEADROOM_DB = 12.0
"""By which joints are written softer, so that two signals on top of each other do not clip before the limiter."""
_HEADROOM_DB = {64: 2.4, 80: 2.0, 96: 1.7, 112: 1.5, 128: 1.3, 160: 1.1, 192: 0.8}
"""By which MP3 overshoots a limiter's ceiling on speech, by bitrate (measured on decoded files, LAME 3.100)."""
_LAME_LOSS_DB = ((160, 0.45), (192, 0.3), (224, 0.15))
"""By which LAME turns CBR audio down, up to a bitrate (measured)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One rendering of one recording, every number settled."""

    start_s: float
    end_s: float
    """What is kept of the source."""
    fold: bool
    """Both channels are the same, so one is delivered."""
    channels: int
    rate_hz: int
    bitrate_kbps: int
    gain_db: float
    limit_dbfs: float
    crossfade_s: float = 0.0
    intro_s: float = 0.0
    outro_s: float = 0.0
    """Length of the bumpers; 0 where there is none."""
    samples: int = 0
    """In each channel of what goes into the encoder, once that was counted."""

    @property
    def duration_s(self) -> float:
        """Of what will be delivered."""
        return self.end_s - self.start_s + sum(length - self.crossfade_s for length in self.bumpers)

    @property
    def bumpers(self) -> tuple[float, ...]:
        """Lengths of the bumpers there are."""
        return tuple(length for length in (self.intro_s, self.outro_s) if length)

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
    ]
    return digest.of_record([EDITION, values])


def job(mastering: Mastering, format: Format, levels: Levels, *, start_s: float, end_s: float) -> Job:
    """The first attempt: its gain is what the meter says is missing, its limit allows for the encoder."""
    fold = format.channels >= 2 and levels.same_channels
    channels = 1 if fold or format.channels == 1 else 2
    bitrate = mastering.bitrate_mono_kbps if channels == 1 else mastering.bitrate_stereo_kbps
    return Job(
        start_s=start_s,
        end_s=end_s,
        fold=fold,
        channels=channels,
        rate_hz=mastering.rate_hz,
        bitrate_kbps=bitrate,
        gain_db=mastering.loudness_lufs - levels.loudness_lufs,
        limit_dbfs=mastering.peak_dbtp - _HEADROOM_DB.get(bitrate, 0.6),
    )


def encoder_loss_db(bitrate_kbps: int) -> float:
    """What the encoder will take off the level."""
    return next((loss for most, loss in _LAME_LOSS_DB if bitrate_kbps <= most), 0.0)


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
    return f"[0:a:0]{BY_COUNT},atrim=start={kept_from:.6f}:end={kept_to:.6f},asetpts=PTS-STARTPTS,{shape(attempt)}"


def shape(attempt: Job) -> str:
    """Filters to the delivered channels, rate and level, in floating point."""
    # More than two channels are mixed to stereo first, as they were when their sameness was measured.
    fold = "aformat=channel_layouts=stereo,pan=mono|c0=c0," if attempt.fold else ""
    layout = "mono" if attempt.channels == 1 else "stereo"
    formats = f"aformat=sample_fmts=fltp:channel_layouts={layout}"
    return f"{fold}{formats},aresample={attempt.rate_hz},volume={attempt.gain_db:.4f}dB"


def graph(attempt: Job) -> str:
    """The whole filter graph but its end: input 0 is the source, then the bumpers' joints, in order."""
    limiter = f"alimiter=level=false:latency=true:attack=5:release=60:limit={10 ** (attempt.limit_dbfs / 20):.6f}"
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
    return f"{graph(attempt)},atrim=start_sample={start}{f':end_sample={end}' if end else ''},asetpts=PTS-STARTPTS"


def in_parts(attempt: Job) -> bool:
    """Whether it is encoded without LAME's bit reservoir, so that several cores can share it.

    By length alone: another machine, with more or fewer cores, makes the same bytes. What is short is done soon enough
    by one core, and keeps the reservoir.
    """
    return attempt.duration_s >= PARTS_FROM_S


def encoder(attempt: Job) -> Sequence[str]:
    """Output arguments: constant bitrate with a Xing header (for parts, `chunks` writes it), no tags of the source."""
    reservoir, header = ("0", "0") if in_parts(attempt) else ("1", "1")
    return [
        *("-c:a", "libmp3lame", "-b:a", f"{attempt.bitrate_kbps}k", "-ar", str(attempt.rate_hz)),
        *("-reservoir", reservoir, "-map_metadata", "-1", "-map_chapters", "-1", "-id3v2_version", "0"),
        *("-write_id3v1", "0", "-write_xing", header, "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp3"),
    ]


def told(attempt: Job, format: Format, heard: Levels) -> tuple[str, ...]:
    """What was done, a sentence each."""
    kept_s = attempt.end_s - attempt.start_s
    cut_s = heard.duration_s - kept_s
    sentences = (
        (True, f"{format.codec} at {heard.loudness_lufs:.1f} LUFS was changed by {attempt.gain_db:+.1f} dB"),
        (attempt.fold, "both channels were the same: delivered as mono"),
        (format.tracks > 1, f"of {format.tracks} tracks of sound the first was taken"),
        (format.channels > 2, f"{format.channels} channels were mixed to stereo"),
        (cut_s > 0.01, f"{cut_s:.1f} s of silence was trimmed from the ends"),
        (attempt.intro_s > 0, f"an intro of {attempt.intro_s:.1f} s was put in front"),
        (attempt.outro_s > 0, f"an outro of {attempt.outro_s:.1f} s was put behind"),
    )
    return tuple(sentence for true, sentence in sentences if true)
