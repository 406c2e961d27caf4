"""What a recording says about itself: title, number and date in its tags, and its chapters."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.audio import marks
from pipeline.audio.ffmpeg import Ffmpeg
from pipeline.model import Chapter

_LONGEST = 255
_HEADS = ("", "[STREAM]")
"""Sections of what is said of the file, or in Ogg of its stream."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """What is written on a recording; a hint, for recorders write there what they like."""

    title: str = ""
    number: int | None = None
    season: int | None = None
    day: date | None = None
    """Only where a whole day is named."""
    chapters: tuple[Chapter, ...] = ()


def read(ffmpeg: Ffmpeg, path: Path) -> Labels:
    """The labels of a recording in any container that ffmpeg opens; none is no error."""
    text = marks.told(ffmpeg, path)
    tags = _tags(marks.sections(text))
    return Labels(
        title=_one_line(tags.get("title", "")),
        number=_count(tags.get("track", "")),
        season=_count(tags.get("disc", "")),
        day=_day(tags.get("date", "")),
        chapters=marks.cleaned(marks.parsed(text)),
    )


def _tags(sections: Iterable[tuple[str, Mapping[str, str]]]) -> Mapping[str, str]:
    return {key.lower(): value for heading, keys in sections if heading in _HEADS for key, value in keys.items()}


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST].rstrip()


def _count(text: str) -> int | None:
    """The first of `3` or `3/12`."""
    found = re.match(r"\s*0*([1-9]\d{0,4})(?!\d)", text)
    return int(found[1]) if found else None


def _day(text: str) -> date | None:
    found = re.match(r"(\d{4}-\d\d-\d\d)(?!\d)", text)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
