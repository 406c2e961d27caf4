"""What a stream of MPEG-1 Layer III is: its frames, the gains inside them, its Info frame, and what lies around it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import IO

FRAME = 1152
"""Samples in a frame of MPEG-1 Layer III (ISO 11172-3)."""
DELAY = 576
"""Samples that LAME puts in front; decoders skip these and 529 of their own (LAME tag, "encoder delays")."""
HEAD = 4
"""Bytes in a frame's header."""
HIGHEST_GAIN = 255
"""A global gain has eight bits."""

_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES = (44100, 48000, 32000)
_MONO = 3
_GRANULES = 2
_GRANULE_BITS = 59
"""Of side information, for each channel."""
_SIDE_BYTES = {1: 17, 2: 32}
_SHARED_BITS = {1: 18, 2: 20}
"""Of side information before the first granule: main_data_begin, private bits, scfsi."""
_CHAIN = 4
"""Frames in a row that are no accident."""
_JUNK = 1 << 16
"""How far into a file its first frame is looked for."""
_TAGS = 32
"""More of them in a row are somebody's joke."""
_TAG_READ = 1 << 20
"""How far the end of a tag that does not tell its length is looked for."""
_ENCODERS = (b"LAME", b"Lavf", b"Lavc")
"""Whose delays decoders believe (FFmpeg's mp3dec among them)."""


class NotFrames(Exception):
    """A file is not, or not only, frames of MPEG-1 Layer III; the text ends a sentence that begins with "because"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What the four bytes before a frame say (ISO 11172-3, 2.4.2.3)."""

    bitrate_kbps: int
    rate_hz: int
    channels: int
    protected: bool
    """A check sum follows."""
    length: int
    """Bytes in the frame, these four included."""

    @property
    def side(self) -> slice:
        """Where the side information is in the frame."""
        start = HEAD + 2 * self.protected
        return slice(start, start + _SIDE_BYTES[self.channels])


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a Xing, Info or VBRI frame says of the frames behind it."""

    frames: int | None
    delays: tuple[int, int] | None
    """Samples that the encoder added before and after; None where no decoder would take them off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """The sound of an MP3, less everything around it."""

    start: int
    """Where its first frame of sound begins in the file; they follow each other from there."""
    frames: int
    first: bytes
    """The header of that frame."""
    constant: bool
    """All frames have the same bitrate."""
    highest_gain: int
    """Of all global gains, digital silence left out."""
    delays: tuple[int, int] | None

    @property
    def header(self) -> Header:
        """Of its first frame; rate and channels are those of all."""
        return expected(self.first)


@lru_cache(maxsize=1 << 12)
def header(first: bytes) -> Header | None:
    """What a frame's first four bytes say; None where they begin no frame of MPEG-1 Layer III of a stated bitrate."""
    word = int.from_bytes(first, "big")
    bitrate, rate, padding = (word >> 12) & 15, (word >> 10) & 3, (word >> 9) & 1
    if len(first) != HEAD or word >> 17 != 0x7FFD or not 0 < bitrate < 15 or rate > 2:  # sync, MPEG-1, Layer III
        return None
    return Header(
        bitrate_kbps=_BITRATES[bitrate],
        rate_hz=_RATES[rate],
        channels=1 if (word >> 6) & 3 == _MONO else 2,
        protected=not (word >> 16) & 1,
        length=144_000 * _BITRATES[bitrate] // _RATES[rate] + padding,
    )


def expected(first: bytes) -> Header:
    """The same; NotFrames where there is no frame."""
    found = header(first)
    if found is None:
        raise NotFrames("it does not begin with a frame of MPEG-1 Layer III")
    return found


def walk(file: IO[bytes], start: int) -> Iterator[bytes]:
    """Whole frames of one rate and number of channels from `start`, until something else comes or the file ends.

    Leaves `file` behind the last of them.
    """
    file.seek(start)
    kind = None
    while found := header(first := file.read(HEAD)):
        kind = kind or (found.rate_hz, found.channels)
        frame = first + file.read(found.length - HEAD)
        if len(frame) < found.length or kind != (found.rate_hz, found.channels):
            break
        yield frame
        start += found.length
    file.seek(start)


def stream(path: Path) -> Stream:
    """The sound in an MP3, in one pass; NotFrames where something other than tags lies around or between its frames."""
    with path.open("rb") as file:
        at = _first(file)
        frames = walk(file, at)
        first = next(frames)
        told = _told(first)
        if told:
            at += len(first)
            first = next(frames, b"")
        if not first:
            raise NotFrames("there is no sound in it")
        count, bitrates, highest = 0, set[int](), 0
        for frame in chain([first], frames):
            count += 1
            bitrates.add(expected(frame[:HEAD]).bitrate_kbps)
            highest = max(highest, *global_gains(frame))
        _nothing_but_tags(file, file.tell())
    if told and told.delays and told.frames not in (None, count):
        raise NotFrames(f"its header counts {told.frames} frames, and there are {count}")
    return Stream(
        start=at,
        frames=count,
        first=first[:HEAD],
        constant=len(bitrates) == 1,
        highest_gain=highest,
        delays=told.delays if told else None,
    )


# --- side information (ISO 11172-3, 2.4.1.7) --------------------------------------------------------------------------


def global_gains(frame: bytes) -> tuple[int, ...]:
    """The global gain of each channel in each granule; 0 for digital silence, where nothing is encoded."""
    found = expected(frame[:HEAD])
    side = int.from_bytes(frame[found.side], "big")
    return tuple(side >> gain & 0xFF if side >> length & 0xFFF else 0 for length, gain in _PLACES[found.channels])


def shifted(frame: bytes, steps: int) -> bytes:
    """The frame with every global gain `steps` higher, and its check sum right again.

    Each step is a factor of 2^(1/4) in amplitude (ISO 11172-3, 2.4.3.4). The caller has seen to it that none leaves its
    eight bits at the top. At the bottom it stays 0: nothing that lies there reaches -200 dBFS.
    """
    found = expected(frame[:HEAD])
    side = int.from_bytes(frame[found.side], "big")
    for length, gain in _PLACES[found.channels]:
        if side >> length & 0xFFF:
            side += max(steps, -(side >> gain & 0xFF)) << gain
    made = bytearray(frame)
    made[found.side] = side.to_bytes(_SIDE_BYTES[found.channels], "big")
    if found.protected:
        made[HEAD : HEAD + 2] = check_sum(bytes(made[2:HEAD] + made[found.side])).to_bytes(2, "big")
    return bytes(made)


def _places(channels: int) -> tuple[tuple[int, int], ...]:
    """By how many bits side information is shifted to the right for part2_3_length and global_gain of each granule."""
    bits = 8 * _SIDE_BYTES[channels]
    starts = (_SHARED_BITS[channels] + _GRANULE_BITS * place for place in range(_GRANULES * channels))
    return tuple((bits - start - 12, bits - start - 12 - 9 - 8) for start in starts)


_PLACES = {channels: _places(channels) for channels in (1, 2)}


def check_sum(body: bytes) -> int:
    """CRC-16 over the second half of the header and the side information (ISO 11172-3, 2.4.3.1: 0x8005, from ones)."""
    crc = 0xFFFF
    for byte in body:
        crc = crc << 8 & 0xFFFF ^ _CRC[crc >> 8 ^ byte]
    return crc


def _crc(byte: int) -> int:
    crc = byte << 8
    for _ in range(8):
        crc = (crc << 1 ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


_CRC = tuple(map(_crc, range(256)))


# --- the Info frame ---------------------------------------------------------------------------------------------------

_MOST_TOLD = 255
"""The bitrate's byte in LAME's tag says this for anything above (LAME Tag rev. 1, "bitrate")."""


def info(first: bytes, *, frames: int, size: int, delays: tuple[int, int] | None) -> bytes:
    """The Info frame of a constant-bitrate stream (Xing, with LAME's extension): its length, for seeking and gaps.

    `first` is the header of the stream's first frame, `frames` and `size` count the stream and the whole file, `delays`
    are the samples to be skipped at either end; without them LAME's extension is left out, and nothing is skipped.
    """
    word = int.from_bytes(first, "big") & ~0x200 | 0x10000  # neither padded nor protected
    found = expected(word.to_bytes(HEAD, "big"))
    table = bytes(256 * hundredth // 100 for hundredth in range(100))
    tag = b"Info" + (15).to_bytes(4, "big") + frames.to_bytes(4, "big") + size.to_bytes(4, "big") + table
    body = word.to_bytes(HEAD, "big") + bytes(_SIDE_BYTES[found.channels]) + tag + bytes(4)
    if delays:
        body += b"LAME3.100" + bytes([1, 0]) + bytes(8) + bytes([0, min(found.bitrate_kbps, _MOST_TOLD)])
        body += (delays[0] << 12 | delays[1]).to_bytes(3, "big") + bytes(4) + size.to_bytes(4, "big") + bytes(2)
        body += tag_check_sum(body).to_bytes(2, "big")
    return body.ljust(found.length, b"\0")


def tag_check_sum(body: bytes) -> int:
    """CRC-16 as LAME's tag has it (polynomial 0x8005, reflected)."""
    crc = 0
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def _told(frame: bytes) -> Told | None:
    """What a frame says of the others; None where it holds sound."""
    tag = frame[HEAD + _SIDE_BYTES[expected(frame[:HEAD]).channels] :]
    if frame[HEAD + 32 :].startswith(b"VBRI"):
        return Told(frames=int.from_bytes(frame[HEAD + 32 + 14 :][:4], "big"), delays=None)
    if not tag.startswith((b"Xing", b"Info")):
        return None
    flags = int.from_bytes(tag[4:8], "big")
    fields = tag[8:]
    lame = fields[sum(size for bit, size in enumerate((4, 4, 100, 4)) if flags >> bit & 1) :]
    delays = int.from_bytes(lame[21:24], "big")
    return Told(
        frames=int.from_bytes(fields[:4], "big") if flags & 1 else None,
        delays=(delays >> 12, delays & 0xFFF) if lame.startswith(_ENCODERS) else None,
    )


# --- what lies around the frames --------------------------------------------------------------------------------------


def _first(file: IO[bytes]) -> int:
    """Where frames begin: behind tags, and behind a little of whatever else; NotFrames where there are none."""
    start = _behind_tags(file, 0)
    file.seek(start)
    junk = file.read(_JUNK)
    at = junk.find(b"\xff")
    while at >= 0:
        frames = walk(file, start + at)
        if sum(1 for _ in zip(frames, range(_CHAIN), strict=False)) == _CHAIN:
            return start + at
        at = junk.find(b"\xff", at + 1)
    raise NotFrames("it does not begin with frames of MPEG-1 Layer III")


def _nothing_but_tags(file: IO[bytes], end: int) -> None:
    """NotFrames where the frames end at `end` and the tags behind them are not all there is."""
    behind = _behind_tags(file, end)
    file.seek(behind)
    rest = file.read(HEAD)
    if rest and behind == end and header(rest):
        raise NotFrames("a frame of it is cut off or of another kind")
    if rest:
        raise NotFrames("something other than sound lies between or behind its frames")


def _behind_tags(file: IO[bytes], at: int) -> int:
    """Where the tags and zeros that begin at `at` have ended."""
    for _ in range(_TAGS):
        file.seek(at)
        at += _tag_length(file.read(_TAG_READ))
    return at


def _tag_length(piece: bytes) -> int:
    """Bytes in the tag that `piece` begins with; 0 where it begins with none.

    ID3v2 (with its footer), APEv2 that has a header, Lyrics3, enhanced and plain ID3v1; padding counts as one.
    """
    if piece.startswith(b"ID3"):
        size = sum(byte << 7 * place for place, byte in enumerate(reversed(piece[6:10])))
        return 10 + size + (10 if piece[5:6] and piece[5] & 0x10 else 0)
    if piece.startswith(b"APETAGEX"):
        return 32 + int.from_bytes(piece[12:16], "little")
    if piece.startswith(b"LYRICSBEGIN"):
        ends = [found + 9 for mark in (b"LYRICS200", b"LYRICSEND") if (found := piece.find(mark)) >= 0]
        return min(ends, default=0)
    if piece.startswith(b"TAG"):
        return 227 if piece.startswith(b"TAG+") else 128
    return len(piece) - len(piece.lstrip(b"\0"))
