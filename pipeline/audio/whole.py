"""Whether all of a recording is there: what its container promises beside what the file holds and what decodes."""

import re
from pathlib import Path

from pipeline.audio.ffmpeg import skip_id3

_UNKNOWN = {0, 0x7FFFFFFF, 0xFFFFFFFF}
"""Sizes that recorders write when they do not know yet, or never will."""
_TAIL = 1 << 17
_OGG_END = 4
_XING_WITHIN = 4096
_SAMPLES_PER_FRAME = {3: 1152, 2: 576, 0: 576}
"""Of Layer III, by the version bits of its header (MPEG-1, 2, 2.5)."""


def cut_off(path: Path, container: str) -> bool:
    """Whether the file ends before its container says it does: RIFF and FORM sizes, the last page of an Ogg stream.

    Such files decode without a word (measured on files whose second half was removed).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if container in ("wav", "aiff"):
            promised = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big")
            return promised not in _UNKNOWN and promised + 8 > size
        if container == "ogg":
            file.seek(max(0, size - _TAIL))
            tail = file.read()
            pages = [found.start() for found in re.finditer(rb"OggS\x00", tail)]
            return not any(tail[page + 5] & _OGG_END for page in pages[-8:] if page + 5 < len(tail))
    return False


def promised_s(path: Path, container: str, rate_hz: int) -> float | None:
    """Seconds that FLAC's STREAMINFO or an MP3's Xing header count; None where they count nothing."""
    with path.open("rb") as file:
        skip_id3(file)
        start = file.read(_XING_WITHIN)
    if container == "flac" and start[:4] == b"fLaC":
        samples = int.from_bytes(start[8 + 13 : 8 + 18], "big") & (1 << 36) - 1
        return samples / rate_hz if samples else None
    found = re.search(rb"(?:Xing|Info)\x00\x00\x00[\x01-\x0f](....)", start, re.DOTALL)
    if container == "mp3" and found and start[found.start() + 7] & 1:
        per_frame = _SAMPLES_PER_FRAME.get(start[1] >> 3 & 3, 1152)
        return int.from_bytes(found[1], "big") * per_frame / rate_hz
    return None
