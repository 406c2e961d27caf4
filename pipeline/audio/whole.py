"""Whether all of a recording is there: what its container promises beside what the file holds and what decodes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import IO

from pipeline.audio.ffmpeg import skip_id3

_UNKNOWN = (range(1), range(0x7FFFF000, 0x80000080), range(0xFFFFFF00, 1 << 32))
"""Sizes that recorders and pipes write when they do not know yet, or never will."""
_SLACK = 256
"""Bytes that may be missing: some writers leave out a last padding byte, or count a header twice."""
_TAIL = 1 << 17
_HEAD = 1 << 16
_OGG_END = 4
_XING_WITHIN = 4096
_SAMPLES_PER_FRAME = {3: 1152, 2: 576, 0: 576}
"""Of Layer III, by the version bits of its header (MPEG-1, 2, 2.5)."""
_XING_BEHIND = (36, 21, 13)
"""Bytes from the start of a frame to its Xing header: behind the side information, by version and channels."""
_ATOMS = {b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"udta", b"uuid", b"meta", b"sidx", b"styp"}
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_BROADCAST = 1


def cut_off(path: Path, container: str | None) -> bool:
    """Whether the file ends before its container says it does.

    Such files decode without a word (measured on files whose second half was removed).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if container == "ogg":
            return not _ogg_ended(file, size)
        ends = _ENDS.get(container or "")
        promised = ends(file, size) if ends else None
        return promised is not None and promised > size + _SLACK


def _riff(file: IO[bytes], size: int) -> int | None:
    """RIFF, 2 (size after eight bytes); EBU Tech 3306 for what is longer than 4 GB."""
    head = file.read(28)
    if head[:4] in (b"RF64", b"BW64"):
        return int.from_bytes(head[20:28], "little") + 8 if head[12:16] == b"ds64" else None
    return _after(8, int.from_bytes(head[4:8], "big" if head[:4] == b"RIFX" else "little"))


def _form(file: IO[bytes], size: int) -> int | None:
    """EA IFF 85: size after eight bytes."""
    return _after(8, int.from_bytes(file.read(8)[4:], "big"))


def _after(header: int, length: int) -> int | None:
    return None if any(length in unknown for unknown in _UNKNOWN) else header + length


def _w64(file: IO[bytes], size: int) -> int | None:
    """Sony Wave64: the size of the file after a GUID."""
    return int.from_bytes(file.read(24)[16:], "little", signed=True)


def _caf(file: IO[bytes], size: int) -> int | None:
    """Core Audio Format: chunks of a type and a 64-bit size; that of sound may be -1, unknown."""
    at = 8
    while at < size:
        file.seek(at)
        head = file.read(12)
        length = int.from_bytes(head[4:], "big", signed=True)
        if length < 0:
            return None
        at += 12 + length
    return at


def _mov(file: IO[bytes], size: int) -> int | None:
    """ISO 14496-12, 4.2: boxes of a size and a type; without `moov` nobody knows what is in the others."""
    at, indexed = 0, False
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        length = int.from_bytes(head[8:], "big") if length == 1 else length or size - at
        if kind not in _ATOMS or length < 8:
            break
        indexed |= kind == b"moov"
        at += length
    return at if indexed or at > size else size + _SLACK + 1


def _matroska(file: IO[bytes], size: int) -> int | None:
    """RFC 8794, 4 to 6: an EBML header, then a segment, of unknown size where all bits of it are set."""
    at = 4 + _vint(file, 4)[1]
    at += _vint(file, 4)[0] or 0
    file.seek(at)
    if file.read(4) != b"\x18\x53\x80\x67":
        return None
    length, width = _vint(file, at + 4)
    return None if length is None else at + 4 + width + length


def _vint(file: IO[bytes], at: int) -> tuple[int | None, int]:
    """A variable-size integer, None where it is unknown, and its width in bytes."""
    file.seek(at)
    first = (file.read(1) or b"\x01")[0]
    width = 9 - max(first.bit_length(), 1)
    value = int.from_bytes(bytes([first]) + file.read(width - 1), "big") & (1 << 7 * width) - 1
    return (None if value == (1 << 7 * width) - 1 else value), width


def _asf(file: IO[bytes], size: int) -> int | None:
    """ASF 1.2, 3.2: the size of the file in its File Properties, unless it was broadcast."""
    head = file.read(_HEAD)
    at = head.find(_ASF_FILE)
    if at < 0 or len(head) < at + 92 or head[at + 88] & _ASF_BROADCAST:
        return None
    return int.from_bytes(head[at + 40 : at + 48], "little")


_ENDS: dict[str, Callable[[IO[bytes], int], int | None]] = {
    "wav": _riff,
    "aiff": _form,
    "w64": _w64,
    "caf": _caf,
    "mov": _mov,
    "matroska": _matroska,
    "asf": _asf,
}
"""By container: up to which byte a file of this size should go, None where it does not say."""


def _ogg_ended(file: IO[bytes], size: int) -> bool:
    """RFC 3533, 6: the last page is marked as the end of its stream."""
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    last = tail.rfind(b"OggS\x00")
    return 0 <= last < len(tail) - 5 and bool(tail[last + 5] & _OGG_END)


def promised_s(path: Path, container: str, rate_hz: int) -> float | None:
    """Seconds that FLAC's STREAMINFO or an MP3's Xing or VBRI header count; None where they count nothing."""
    with path.open("rb") as file:
        skip_id3(file)
        start = file.read(_XING_WITHIN)
    if container == "flac" and start[:4] == b"fLaC":
        samples = int.from_bytes(start[8 + 13 : 8 + 18], "big") & (1 << 36) - 1
        return samples / rate_hz if samples else None
    return _mp3_s(start, rate_hz) if container == "mp3" else None


def _mp3_s(start: bytes, rate_hz: int) -> float | None:
    """Frames that the first frame counts, in seconds: at most one of Xing and VBRI is there."""
    found = re.search(rb"(?:Xing|Info)\x00\x00\x00[\x01-\x0f](....)", start, re.DOTALL)
    if found and start[found.start() + 7] & 1:
        frame = next((at for at in (found.start() - each for each in _XING_BEHIND) if _sync(start, at)), 0)
    elif found := re.search(rb"VBRI.{10}(....)", start, re.DOTALL):
        frame = found.start() - _XING_BEHIND[0]
    else:
        return None
    per_frame = _SAMPLES_PER_FRAME.get(start[max(frame, 0) + 1] >> 3 & 3, 1152)
    return int.from_bytes(found[1], "big") * per_frame / rate_hz


def _sync(start: bytes, at: int) -> bool:
    return at >= 0 and start[at] == 0xFF and start[at + 1] & 0xE0 == 0xE0
