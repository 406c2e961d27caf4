"""How each format is made: what ffmpeg is told, and what the encoder does to level and peaks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline import formats
from pipeline.formats import Format

_NOTHING_OF_THE_SOURCE = ("-map_metadata", "-1", "-map_chapters", "-1")
_BITEXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")
"""No version, moment or random serial number in the file: the same sound is the same bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """What is asked of an encoder."""

    bitrate_kbps: int
    channels: int
    rate_hz: int
    part: bool = False
    """It is a part of a whole, to be joined to the others (see `chunks`)."""

    @property
    def each_kbps(self) -> float:
        """In each channel."""
        return self.bitrate_kbps / self.channels


@dataclass(frozen=True, kw_only=True, slots=True)
class Codec:
    """One encoder of ffmpeg's, in one container."""

    format: Format
    library: str
    """What ffmpeg must have been built with; empty where it needs nothing."""
    options: Callable[[Stream], Sequence[str]]
    """Output arguments of its own."""
    muxer: str
    headroom: Callable[[Stream], float]
    """Decibels by which it overshoots a limiter's ceiling on speech (measured on decoded files)."""
    loss: Callable[[Stream], float]
    """Decibels by which it turns speech down (measured)."""
    rates_hz: tuple[int, ...] = ()
    """The only ones it has, best first; empty where it takes any."""
    parts: bool = False
    """Parts that were encoded apart can be joined to the whole (see `chunks`)."""
    seekable: bool = False
    """ffmpeg goes to any second of it to the sample, and what it decodes from there is the same (measured)."""

    def rate_hz(self, wanted: int) -> int:
        """The sampling rate at which it delivers what a show wants at `wanted`."""
        return wanted if not self.rates_hz or wanted in self.rates_hz else self.rates_hz[0]

    def arguments(self, stream: Stream) -> Sequence[str]:
        """Output arguments of ffmpeg, all but the file."""
        return [
            *(*self.options(stream), "-b:a", f"{stream.bitrate_kbps}k", "-ar", str(stream.rate_hz)),
            *(*_NOTHING_OF_THE_SOURCE, *_BITEXACT, "-f", self.muxer),
        ]


def _by_bitrate(*steps: tuple[int, float], beyond: float) -> Callable[[Stream], float]:
    """Decibels up to and with a bitrate in kbps, ascending, and `beyond` the last of them."""
    return lambda stream: next((decibels for most, decibels in steps if stream.bitrate_kbps <= most), beyond)


def _lame(stream: Stream) -> Sequence[str]:
    """Constant bitrate with a Xing header (for parts, `chunks` writes it and there is no bit reservoir); no tags."""
    reservoir, header = ("0", "0") if stream.part else ("1", "1")
    tags = ("-id3v2_version", "0", "-write_id3v1", "0", "-write_xing", header)
    return ["-c:a", "libmp3lame", "-reservoir", reservoir, *tags]


_AAC_THIN_BELOW_KBPS = 48
"""In each channel: below it the two-loop search keeps more of the spectrum; from it on it only adds bad frames."""


def _aac(stream: Stream) -> Sequence[str]:
    """Low complexity, which every player has.

    ffmpeg's default search makes frames now and then that are as loud as the error in them, peaks of +3 dB among
    them; the fast one does not, and its error is 5 dB smaller (measured on speech, docs/decisions/0014).
    """
    coder = "twoloop" if stream.each_kbps < _AAC_THIN_BELOW_KBPS else "fast"
    return ["-c:a", "aac", "-profile:a", "aac_low", "-aac_coder", coder]


def _opus(stream: Stream) -> Sequence[str]:
    """Constrained variable bitrate, "as close as possible to the input" (opus_defines.h): `voip` colours a voice."""
    return ["-c:a", "libopus", "-vbr", "constrained", "-application", "audio"]


MP3 = Codec(
    format=formats.MP3,
    library="libmp3lame",
    options=_lame,
    muxer="mp3",
    headroom=_by_bitrate((64, 2.4), (80, 2.0), (96, 1.7), (112, 1.5), (128, 1.3), (160, 1.1), (192, 0.8), beyond=0.6),
    loss=_by_bitrate((160, 0.45), (192, 0.3), (224, 0.15), beyond=0.0),
    parts=True,
    seekable=True,
)
"""LAME 3.100."""
AAC = Codec(
    format=formats.AAC,
    library="",
    options=_aac,
    muxer="ipod",
    headroom=lambda stream: 3.2 if stream.each_kbps < _AAC_THIN_BELOW_KBPS else 0.5,
    loss=_by_bitrate(beyond=0.0),
)
"""ffmpeg 9."""
OPUS = Codec(
    format=formats.OPUS,
    library="libopus",
    options=_opus,
    muxer="opus",
    headroom=_by_bitrate((64, 1.0), beyond=0.6),
    loss=_by_bitrate((16, 0.6), (24, 0.4), (32, 0.3), (48, 0.2), beyond=0.0),
    rates_hz=(48000,),
)
"""libopus; what it decodes to is always 48 kHz (RFC 7845, section 5.1)."""

TABLE: Mapping[str, Codec] = {codec.format.word: codec for codec in (MP3, AAC, OPUS)}
"""Every encoder, by the word for its format."""
