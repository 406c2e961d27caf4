"""One MP3 from parts that were encoded apart: where to cut so that the whole is the serial encode to the byte."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import IO

from pipeline.audio import frames
from pipeline.audio.frames import DELAY, FRAME, HEAD, NotFrames, walk

PERIOD = 49
"""Frames after which the padding bit of a constant bitrate begins anew at 44.1 kHz; parts begin at multiples of it."""
WARM_UP = 98
"""Frames encoded before a part and thrown away: by then the encoder's state is that of the serial encode (measured)."""
_LEAST = 10 * WARM_UP
"""Frames of a part that is worth a cut."""
_AGREE = 20
"""Frames before a part, half a second, that its encoder must have made just as the encoder of the part before did."""
_SHORTER = 0.94
"""Length of a part to the one before it: decoding and filtering cost about a sixteenth of encoding, each by itself."""
_AFTER = 8
"""Frames encoded after a part, so that its last frames look ahead at what follows."""


class SeamError(NotFrames):
    """Two parts do not agree where they meet, or one is not what was asked for."""


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
    """At most `parts` parts that take about as long; one where the whole is too short to be worth a cut.

    Before an encoder gets to its part, all that lies before it is decoded and filtered, too: so each part is shorter
    than the one before it.
    """
    total = samples // FRAME
    before = [*accumulate(_SHORTER**place for place in range(max(parts, 1)))]
    starts = [0]
    for share in before[:-1]:
        start = int(total * share / before[-1]) // PERIOD * PERIOD
        if min(start - starts[-1], total - start) >= _LEAST:
            starts.append(start)
    ends = [*starts[1:], None]
    return tuple(
        Part(first=start, frames=None if end is None else end - start) for start, end in zip(starts, ends, strict=True)
    )


def join(parts: Sequence[Part], files: Sequence[Path], target: Path, *, samples: int) -> None:
    """Write the parts' frames, in order and behind an Info frame, to `target`; `samples` went into all of it.

    SeamError when the last frames of a part are not those that the next part's encoder made of the same moments.
    """
    with target.open("wb") as out:
        with files[0].open("rb") as encoded:
            first = encoded.read(HEAD)
        out.write(bytes(frames.expected(first).length))
        count, last = 0, list[bytes]()
        for part, file in zip(parts, files, strict=True):
            with file.open("rb") as encoded:
                copied, last = _copied(encoded, part, out, before=last)
            count += copied
        size = out.tell()
        padding = min(max(0, count * FRAME - samples - DELAY), 0xFFF)
        out.seek(0)
        out.write(frames.info(first, frames=count, size=size, delays=(DELAY, padding)))


def _copied(encoded: IO[bytes], part: Part, out: IO[bytes], *, before: list[bytes]) -> tuple[int, list[bytes]]:
    """Copy a part's own frames to `out`: how many, and the last of them. `before` are the last of the part before."""
    walked, count = walk(encoded, 0), 0
    warm_up = deque(islice(walked, part.warm_up), maxlen=_AGREE)
    if [*warm_up] != before:
        raise SeamError(f"what comes before frame {part.first} differs")
    last = deque[bytes](maxlen=_AGREE)
    for frame in islice(walked, part.frames):
        out.write(frame)
        last.append(frame)
        count += 1
    if not count or (count != part.frames if part.frames else encoded.read(1)):
        raise SeamError(f"{count} frames where {part.frames or 'only frames'} were expected")
    return count, [*last]
