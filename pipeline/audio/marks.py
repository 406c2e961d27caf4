"""The chapters that a recorder or an editor left in a recording, in its own time."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, pcm, source
from pipeline.model import Chapter
from pipeline.sidecars import MOST_CHAPTERS

LONGEST_TITLE = 255
"""Characters, as of a chapter that a producer writes."""
_LATEST_S = 360_000
_MOST_BYTES = 4_000_000
"""Of all text in a file's tags, lyrics among them; a file with more is not read for chapters."""
_LINE = re.compile(r"((?:[^\\\n]++|\\.)*+)\n", re.DOTALL)
"""A line ends where a newline has no backslash before it; so no tag can pass for another line.

Possessive, for a long tag would fill the memory with places to go back to (500 MB for 4 MB of text, measured).
"""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def found(ffmpeg: Ffmpeg, path: Path) -> tuple[Chapter, ...]:
    """The chapters in a recording (ID3, MP4, VorbisComment: whatever its container has), `cleaned`; none is no error.

    Times are as the file says them, without the encoder's delay that ffmpeg takes off when it copies chapters.
    """
    return cleaned(parsed(told(ffmpeg, path)))


def told(ffmpeg: Ffmpeg, path: Path) -> str:
    """All tags and chapters of a recording as a metadata file (ffmpeg-formats, Metadata); empty where it has none."""
    arguments = ["-copyts", *source(path), "-f", "ffmetadata", "pipe:1"]
    try:
        return pcm(ffmpeg, arguments, most=_MOST_BYTES, timeout_s=60).decode("utf-8", "replace")
    except FfmpegError:
        return ""


def parsed(text: str) -> Iterator[Chapter]:
    """The chapters of a metadata file (ffmpeg-formats, Metadata) as they stand there."""
    for name, keys in sections(text):
        base, start = re.fullmatch(r"(\d+)/(\d+)", keys.get("TIMEBASE", "")), keys.get("START", "")
        if name == "[CHAPTER]" and base and int(base[2]) and re.fullmatch(r"-?\d+", start):
            at = Fraction(int(start) * int(base[1]), int(base[2]))
            yield Chapter(start_s=float(at), title=keys.get("title", ""))


def sections(text: str) -> Sequence[tuple[str, Mapping[str, str]]]:
    """The sections of a metadata file by their headings, with their keys; what is of the whole file has none."""
    sections: list[tuple[str, dict[str, str]]] = [("", {})]
    for line in (found[1] for found in _LINE.finditer(text)):
        if line in ("[CHAPTER]", "[STREAM]"):
            sections.append((line, {}))
        name, _, value = line.partition("=")
        sections[-1][1].setdefault(name, _ESCAPED.sub(r"\1", value))  # a chapter's own times stand before its tags
    return sections


def cleaned(chapters: Iterable[Chapter]) -> tuple[Chapter, ...]:
    """Chapters that can be shown: in order of time, to the millisecond, each with a title on one line.

    Of those at one moment the first is kept; those before 0 or after a hundred hours, and what is over
    `MOST_CHAPTERS`, are left out.
    """
    kept: dict[float, Chapter] = {}
    for chapter in chapters:
        start_s, title = round(chapter.start_s, 3), _one_line(chapter.title)
        if title and 0 <= start_s < _LATEST_S:
            kept.setdefault(start_s, Chapter(start_s=start_s, title=title))
    return tuple(chapter for _, chapter in sorted(kept.items()))[:MOST_CHAPTERS]


def _one_line(title: str) -> str:
    """`title` less control, format and bidirectional characters, which nobody typed on purpose."""
    return " ".join("".join(char if char.isprintable() else " " for char in title).split())[:LONGEST_TITLE].rstrip()
