"""The ID3 tag of a delivered MP3: version 2.3, with cover and chapters, and nothing we did not write."""

from itertools import chain, pairwise
from pathlib import Path

from mutagen.id3 import (
    APIC,
    CHAP,
    COMM,
    CTOC,
    ID3,
    PRIV,
    TALB,
    TCON,
    TDRC,
    TIT2,
    TPE1,
    TPOS,
    TRCK,
    WOAS,
    WXXX,
    CTOCFlags,
    Frame,
    PictureType,
)

from pipeline.audio.tags import Tags, kept
from pipeline.model import Chapter

UTF16 = 1
LATIN1 = 0
_NO_OFFSET = 0xFFFFFFFF
_LINK_FRAME = 20
"""Bytes of a WXXX frame beside its URL: header, encoding, description, their ends."""


def write(path: Path, tags: Tags) -> None:
    """Put exactly one tag at the start of the MP3 `path`, which has none yet."""
    frames: list[Frame] = [
        TIT2(encoding=UTF16, text=tags.title),
        TPE1(encoding=UTF16, text=tags.artist),
        TALB(encoding=UTF16, text=tags.album),
        TDRC(encoding=LATIN1, text=tags.year),
        TCON(encoding=UTF16, text="Podcast"),
        WOAS(url=tags.page),
        APIC(encoding=LATIN1, mime="image/jpeg", type=PictureType.COVER_FRONT, desc="", data=tags.cover),
    ]
    frames += [COMM(encoding=UTF16, lang="XXX", desc="", text=tags.comment)] if tags.comment else []
    frames += [TRCK(encoding=LATIN1, text=str(tags.number))] if tags.number else []
    frames += [TPOS(encoding=LATIN1, text=str(tags.season))] if tags.season else []
    tag = ID3()
    for frame in chain(frames, chapter_frames(tags.chapters, tags.duration_s)):
        tag.add(frame)
    tag.update_to_v23()
    with kept(path):
        tag.save(path, v1=0, v2_version=3)


def chapter_frames(chapters: tuple[Chapter, ...], duration_s: float) -> list[Frame]:
    """CHAP frames in order of time and the CTOC that shows them (ID3v2 Chapter Frame Addendum 1.0).

    mutagen writes frames of one kind by size, so all are padded to one size and their ids count up.
    """
    if not chapters:
        return []
    ends = [*(following.start_s for _, following in pairwise(chapters)), duration_s]
    longest = max(map(_room, chapters))
    ids = [f"ch{place:04}" for place in range(len(chapters))]
    made: list[Frame] = [
        CHAP(
            element_id=name,
            start_time=round(chapter.start_s * 1000),
            end_time=round(end * 1000),
            start_offset=_NO_OFFSET,
            end_offset=_NO_OFFSET,
            sub_frames=[*_inner(chapter), PRIV(owner="pad", data=bytes(longest - _room(chapter)))],
        )
        for name, chapter, end in zip(ids, chapters, ends, strict=True)
    ]
    flags = CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED
    return [*made, CTOC(element_id="toc", flags=flags, child_element_ids=ids, sub_frames=[])]


def _inner(chapter: Chapter) -> list[Frame]:
    link = [WXXX(encoding=LATIN1, desc="chapter", url=chapter.link)] if chapter.link else []
    return [TIT2(encoding=UTF16, text=chapter.title), *link]


def _room(chapter: Chapter) -> int:
    """Bytes that a chapter's own frames take, up to a constant."""
    link = _LINK_FRAME + len(chapter.link) if chapter.link else 0
    return len(chapter.title.encode("utf-16")) + link
