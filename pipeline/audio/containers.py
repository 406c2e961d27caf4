"""From a master to the file that is delivered: its chapters and tags, in the manner of its container."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, run, source
from pipeline.audio.inspect import limit_s
from pipeline.audio.tags import Tags, id3, mp4, vorbis
from pipeline.errors import AudioError, Problem
from pipeline.model import Chapter

FindFfmpeg = Callable[[], Ffmpeg]
"""Called where one is needed: most containers need none."""

LONGEST_TITLE = 255
"""Bytes of a chapter's title in a Nero `chpl` atom, whose length is one byte."""


def wrap(word: str, master: Path, target: Path, tags: Tags, find: FindFfmpeg) -> None:
    """Write `master`, a file without tags in the format called `word`, to `target` with `tags`.

    The sound is not touched, and the same arguments give the same bytes. AudioError when it cannot be written.
    """
    _MANNERS[word](master, target, tags, find)


def _mp3(master: Path, target: Path, tags: Tags, find: FindFfmpeg) -> None:
    shutil.copyfile(master, target)
    id3.write(target, tags)


def _opus(master: Path, target: Path, tags: Tags, find: FindFfmpeg) -> None:
    shutil.copyfile(master, target)
    vorbis.write(target, tags)


def _m4a(master: Path, target: Path, tags: Tags, find: FindFfmpeg) -> None:
    """Chapters twice, as a text track (QuickTime) and in `chpl` (Nero), for players know one or the other.

    In a text track one title follows another from 0 on: there the first chapter begins at 0, whatever is before it.
    What a player reads first is in front of the sound, so that it can begin before the file is there.
    """
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt", dir=target.parent) as listed:
        listed.write(chapter_list(tags.chapters, tags.duration_s))
        listed.flush()
        only = ["-protocol_whitelist", "file", "-format_whitelist", "ffmetadata", "-f", "ffmetadata"]
        inputs = [*source(master), *only, "-i", f"file:{Path(listed.name).absolute()}"]
        streams = ["-map", "0:a:0", "-c", "copy", "-map_chapters", "1"]
        # Not all of `-map_metadata -1`: that would take the titles of chapters, too.
        tagless = ["-map_metadata:g", "-1", "-map_metadata:s:a", "-1", "-fflags", "+bitexact"]
        output = ["-movflags", "+faststart", "-f", "ipod", "-y", f"file:{target.absolute()}"]
        try:
            run(find(), [*inputs, *streams, *tagless, *output], timeout_s=limit_s(tags.duration_s))
        except FfmpegError as error:
            mend = "If the disk of .omroep (or of OMROEP_CACHE) is full, make room there. Then run again."
            raise AudioError(Problem(what=f"The M4A could not be written: {error}.", mend=mend)) from error
    mp4.write(target, tags)


def chapter_list(chapters: tuple[Chapter, ...], duration_s: float) -> str:
    """Chapters in ffmpeg's own notation (ffmpeg-formats, "Metadata"), in which a title is text and nothing else."""
    ends = [*(following.start_s for _, following in pairwise(chapters)), duration_s]
    return "".join([";FFMETADATA1\n", *_sections(zip(chapters, ends, strict=False))])


def _sections(spans: "zip[tuple[Chapter, float]]") -> Iterator[str]:
    for chapter, end_s in spans:
        start, end = round(chapter.start_s * 1000), round(end_s * 1000)
        yield f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle={_escaped(_shortened(chapter.title))}\n"


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "=;#\\\n" else char for char in text)


def _shortened(title: str) -> str:
    return title.encode()[:LONGEST_TITLE].decode(errors="ignore")


_MANNERS: Mapping[str, Callable[[Path, Path, Tags, FindFfmpeg], None]] = {"mp3": _mp3, "aac": _m4a, "opus": _opus}
