"""How each format is made: what ffmpeg is told, and what the encoder does to level and peaks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline import formats
from pipeline.formats import Format

Steps = tuple[tuple[int, float], ...]
"""Decibels up to and with a bitrate in kbps, ascending."""

_NOTHING_OF_THE_SOURCE = ("-map_metadata", "-1", "-map_chapters", "-1")
_BITEXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")
"""No version, moment or random serial number in the file: the same sound is the same bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Codec:
    """One encoder of ffmpeg's, in one container."""

    format: Format
    library: str
    """What ffmpeg must have been built with; empty where it needs nothing."""
    options: Callable[[bool], Sequence[str]]
    """Output arguments of its own; given: whether it encodes a part of the whole."""
    muxer: str
    headroom: Steps
    """By which it overshoots a limiter's ceiling on speech (measured on decoded files)."""
    headroom_db: float
    """The same above the last of these."""
    loss: Steps
    """By which it turns speech down (measured); nothing above the last of these."""
    rates_hz: tuple[int, ...] = ()
    """The only ones it has, best first; empty where it takes any."""
    parts: bool = False
    """Parts that were encoded apart can be joined to the whole (see `chunks`)."""

    def rate_hz(self, wanted: int) -> int:
        """The sampling rate at which it delivers what a show wants at `wanted`."""
        return wanted if not self.rates_hz or wanted in self.rates_hz else self.rates_hz[0]

    def headroom_at(self, bitrate_kbps: int) -> float:
        """Decibels to stay below the ceiling before encoding."""
        return _step(self.headroom, bitrate_kbps, beyond=self.headroom_db)

    def loss_at(self, bitrate_kbps: int) -> float:
        """Decibels that the encoder will take off the level."""
        return _step(self.loss, bitrate_kbps, beyond=0.0)

    def arguments(self, *, bitrate_kbps: int, rate_hz: int, part: bool) -> Sequence[str]:
        """Output arguments of ffmpeg, all but the file."""
        return [
            *(*self.options(part), "-b:a", f"{bitrate_kbps}k", "-ar", str(rate_hz)),
            *(*_NOTHING_OF_THE_SOURCE, *_BITEXACT, "-f", self.muxer),
        ]


def _step(steps: Steps, bitrate_kbps: int, *, beyond: float) -> float:
    return next((decibels for most, decibels in steps if bitrate_kbps <= most), beyond)


def _lame(part: bool) -> Sequence[str]:
    """Constant bitrate with a Xing header (for parts, `chunks` writes it and there is no bit reservoir); no tags."""
    reservoir, header = ("0", "0") if part else ("1", "1")
    tags = ("-id3v2_version", "0", "-write_id3v1", "0", "-write_xing", header)
    return ["-c:a", "libmp3lame", "-reservoir", reservoir, *tags]


def _aac(part: bool) -> Sequence[str]:
    """Low complexity, which every player has."""
    return ["-c:a", "aac", "-profile:a", "aac_low"]


def _opus(part: bool) -> Sequence[str]:
    """Constrained variable bitrate, "as close as possible to the input" (opus_defines.h): `voip` colours a voice."""
    return ["-c:a", "libopus", "-vbr", "constrained", "-application", "audio"]


MP3 = Codec(
    format=formats.MP3,
    library="libmp3lame",
    options=_lame,
    muxer="mp3",
    headroom=((64, 2.4), (80, 2.0), (96, 1.7), (112, 1.5), (128, 1.3), (160, 1.1), (192, 0.8)),
    headroom_db=0.6,
    loss=((160, 0.45), (192, 0.3), (224, 0.15)),
    parts=True,
)
"""LAME 3.100."""
AAC = Codec(
    format=formats.AAC,
    library="",
    options=_aac,
    muxer="ipod",
    headroom=((48, 3.2), (80, 1.5), (96, 1.0)),
    headroom_db=0.5,
    loss=(),
)
"""ffmpeg 9."""
OPUS = Codec(
    format=formats.OPUS,
    library="libopus",
    options=_opus,
    muxer="opus",
    headroom=((64, 1.0),),
    headroom_db=0.6,
    loss=((16, 0.6), (24, 0.4), (32, 0.3), (48, 0.2)),
    rates_hz=(48000,),
)
"""libopus; what it decodes to is always 48 kHz (RFC 7845, section 5.1)."""

TABLE: Mapping[str, Codec] = {codec.format.word: codec for codec in (MP3, AAC, OPUS)}
"""Every encoder, by the word for its format."""
