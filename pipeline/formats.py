"""The formats that audio is delivered in, as producers, feeds and listeners know them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A codec in its container."""

    word: str
    """What producers write."""
    name: str
    """What listeners see."""
    ending: str
    """Of a file's name, with its dot."""
    type: str
    """Media type of an enclosure (Apple-823; RFC 7845, section 9, for Opus)."""
    codecs: str
    """RFC 6381's parameter; MP3 has none, for its media type says it all."""
    bitrates: Sequence[int]
    """In kbps: those that may be asked for."""
    mono_kbps: int
    stereo_kbps: int
    """Where nothing was asked for."""


MP3 = Format(
    word="mp3",
    name="MP3",
    ending=".mp3",
    type="audio/mpeg",
    codecs="",
    bitrates=(64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    mono_kbps=96,
    stereo_kbps=128,
)
AAC = Format(
    word="aac",
    name="M4A",
    ending=".m4a",
    type="audio/x-m4a",
    codecs="mp4a.40.2",
    bitrates=range(48, 321),
    mono_kbps=64,
    stereo_kbps=96,
)
OPUS = Format(
    word="opus",
    name="Opus",
    ending=".opus",
    type="audio/ogg",
    codecs="opus",
    bitrates=range(16, 257),
    mono_kbps=32,
    stereo_kbps=48,
)

TABLE: Mapping[str, Format] = {format.word: format for format in (MP3, AAC, OPUS)}
"""Every format, by the word for it."""
_BY_TYPE = {format.type: format for format in TABLE.values()}


def of(media_type: str) -> Format:
    """The format that has this media type; KeyError for one that nothing was ever delivered in."""
    return _BY_TYPE[media_type]
