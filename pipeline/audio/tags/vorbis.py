"""The Vorbis comment of a delivered Opus file, chapters and cover in it."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mutagen.flac import Picture
from mutagen.id3 import PictureType
from mutagen.oggopus import OggOpus

from pipeline.audio.tags import Tags, kept
from pipeline.model import Chapter


def write(path: Path, tags: Tags) -> None:
    """Make the comment of the Ogg Opus `path` ours, and nothing else's."""
    fields = {
        "TITLE": tags.title,
        "ARTIST": tags.artist,
        "ALBUM": tags.album,
        "DATE": tags.year,
        "GENRE": "Podcast",
        "CONTACT": tags.page,
        "DESCRIPTION": tags.comment,
        "TRACKNUMBER": str(tags.number or ""),
        "DISCNUMBER": str(tags.season or ""),
        "METADATA_BLOCK_PICTURE": _picture(tags.cover),
        **dict(_chapters(tags.chapters)),
    }
    with kept(path):
        file: Any = OggOpus(path)
        file.tags.clear()
        file.tags.update({name: value for name, value in fields.items() if value})
        file.save(padding=lambda info: 0)


def _chapters(chapters: tuple[Chapter, ...]) -> Iterator[tuple[str, str]]:
    """Fields of the chapter extension (Xiph wiki, "Chapter Extension": `CHAPTER000=HH:MM:SS.mmm`)."""
    for place, chapter in enumerate(chapters):
        name = f"CHAPTER{place:03}"
        yield name, _clock(chapter.start_s)
        yield f"{name}NAME", chapter.title
        yield f"{name}URL", chapter.link or ""


def _clock(seconds: float) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds / 1000:06.3f}"


def _picture(cover: bytes) -> str:
    """A front cover as FLAC's picture block, in Base64 (VorbisComment, "METADATA_BLOCK_PICTURE")."""
    picture = Picture()
    picture.type, picture.mime, picture.data = PictureType.COVER_FRONT, "image/jpeg", cover
    return b64encode(picture.write()).decode("ascii")
