"""One MP3 from parts that were encoded apart: where to cut so that the whole is the serial encode to the byte."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

FRAME = 1152
"""Samples in a frame of MPEG-1 Layer III (ISO 11172-3)."""
PERIOD = 49
"""Frames after which the padding bit of a constant bitrate begins anew at 44.1 kHz; parts begin at multiples of it."""
WARM_UP = 98
"""Frames encoded before a part and thrown away: by then the encoder's state is that of the serial encode (measured)."""
_AFTER = 8
"""Frames encoded after a part, so that its last frames look ahead at what follows."""
DELAY = 576
"""Samples that LAME puts in front; decoders skip these and 529 of their own (LAME tag, "encoder delays")."""

_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES = (44100, 48000, 32000)
_HEADER = 4
_MONO = 3


class SeamError(Exception):
    """Two parts do not agree where they meet, or a part is not a stream of frames."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Frames of the whole that one encoder makes."""

    first: int
    frames: int | None
    """None: to the end."""

    @property
    def warm_up(self) -> int:
        """Frames at its start that belong to the part before."""
        return min(self.first, WARM_UP)

    @property
    def samples(self) -> tuple[int, int | None]:
        """The samples to encode: from, up to (None: to the end)."""
        end = None if self.frames is None else (self.first + self.frames + _AFTER) * FRAME
        return (self.first - self.warm_up) * FRAME, end


def split(samples: int, parts: int) -> tuple[Part, ...]:
    """At most `parts` parts of nearly equal length; one where the whole is too short to be worth a cut."""
    total = samples // FRAME
    each = max(total // max(parts, 1) // PERIOD * PERIOD, 10 * WARM_UP)
    starts = [place * each for place in range(parts) if place == 0 or total - place * each >= each // 2]
    ends = [*starts[1:], None]
    return tuple(
        Part(first=start, frames=None if end is None else end - start) for start, end in zip(starts, ends, strict=True)
    )


def join(parts: Sequence[Part], files: Sequence[Path], target: Path, *, samples: int) -> None:
    """Write the parts' frames, in order and behind an Info frame, to `target`; `samples` is the length of the whole.

    SeamError when the last frame of a part is not the frame that the next part's encoder made of the same moment.
    """
    with target.open("wb") as out:
        first = _header(files[0])
        out.write(bytes(_length(first)))
        count, seam = 0, None
        for part, file in zip(parts, files, strict=True):
            with file.open("rb") as encoded:
                kept, before, seam_after = _kept(encoded, part)
                if seam is not None and before != seam:
                    raise SeamError(f"frame {part.first} differs")
                encoded.seek(kept.start)
                _copy(encoded, out, kept.stop - kept.start)
            count, seam = count + kept.frames, seam_after
        size = out.tell()
        out.seek(0)
        out.write(info(first, frames=count, size=size, samples=samples))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    start: int
    stop: int
    frames: int


def _kept(encoded: IO[bytes], part: Part) -> tuple[_Kept, bytes | None, bytes]:
    """Where a part's own frames lie in its file, the frame before them, and the last of them."""
    offsets = list(_offsets(encoded))
    ends = [*offsets[1:], encoded.seek(0, os.SEEK_END)]
    last = len(offsets) if part.frames is None else part.warm_up + part.frames
    if not part.warm_up < last <= len(offsets):
        raise SeamError(f"{len(offsets)} frames where {last} were expected")
    kept = _Kept(start=offsets[part.warm_up], stop=ends[last - 1], frames=last - part.warm_up)
    before = _bytes(encoded, offsets[part.warm_up - 1], kept.start) if part.warm_up else None
    return kept, before, _bytes(encoded, offsets[last - 1], kept.stop)


def _offsets(encoded: IO[bytes]) -> Iterator[int]:
    at = 0
    while len(header := encoded.read(_HEADER)) == _HEADER:
        yield at
        at += _length(header)
        encoded.seek(at)


def _bytes(encoded: IO[bytes], start: int, stop: int) -> bytes:
    encoded.seek(start)
    return encoded.read(stop - start)


def _copy(source: IO[bytes], out: IO[bytes], length: int) -> None:
    while length > 0:
        piece = source.read(min(length, 1 << 20))
        if not piece:
            raise SeamError("a part ends too early")
        out.write(piece)
        length -= len(piece)


def _header(file: Path) -> bytes:
    with file.open("rb") as encoded:
        return encoded.read(_HEADER)


def _length(header: bytes) -> int:
    """Bytes in the frame that begins with `header` (ISO 11172-3, 2.4.2.3)."""
    word = int.from_bytes(header, "big")
    bitrate, rate, padding = (word >> 12) & 15, (word >> 10) & 3, (word >> 9) & 1
    if word >> 17 != 0x7FFD or not 0 < bitrate < 15 or rate > 2:  # sync, MPEG-1, Layer III
        raise SeamError("not a frame of MPEG-1 Layer III")
    return 144_000 * _BITRATES[bitrate] // _RATES[rate] + padding


def info(first: bytes, *, frames: int, size: int, samples: int) -> bytes:
    """The Info frame of a constant-bitrate stream (Xing, with LAME's extension): its length, for seeking and gaps.

    `first` is the header of the stream's first frame, `frames` and `size` count the stream and the whole file.
    """
    word = int.from_bytes(first, "big") & ~0x200  # not padded
    header = word.to_bytes(_HEADER, "big")
    mono = (word >> 6) & 3 == _MONO
    padding = max(0, frames * FRAME - samples - DELAY)
    table = bytes(256 * hundredth // 100 for hundredth in range(100))
    tag = b"Info" + (15).to_bytes(4, "big") + frames.to_bytes(4, "big") + size.to_bytes(4, "big") + table
    lame = b"LAME3.100" + bytes([1, 0]) + bytes(8) + bytes([0, _BITRATES[(word >> 12) & 15] & 255])
    delays = (DELAY << 12 | min(padding, 4095)).to_bytes(3, "big")
    length = bytes(4) + size.to_bytes(4, "big") + bytes(2)
    body = header + bytes(17 if mono else 32) + tag + bytes(4) + lame + delays + length
    return (body + _crc(body).to_bytes(2, "big")).ljust(_length(header), b"\0")


def _crc(body: bytes) -> int:
    """CRC-16 as LAME's tag has it (polynomial 0x8005, reflected)."""
    crc = 0
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc
