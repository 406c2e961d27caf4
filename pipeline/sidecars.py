"""The files beside an episode's audio: its chapters and its transcript, in the time of the delivered file."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from pipeline import digest
from pipeline.model import Cache, Chapter, Cue, Edition, Entry, Episode, Key, Kind, Object
from pipeline.text import timestamp, web_link, xml_safe

LINE = 65
"""Characters on a line of a transcript (Podcasting 2.0 namespace, transcripts/transcripts.md, WebVTT)."""
MOST_CHAPTERS = 255
"""What a table of contents can count (ID3v2 Chapter Frame Addendum 1.0, section 3.2: one byte)."""


_BROKEN = re.compile(rf"(.{{1,{LINE}}}|\S+)(?: |$)")
"""Each line of a text: as many words as fit, or one that is longer."""


def compose(edition: Edition) -> tuple[Object, ...]:
    """Every sidecar of an edition, in the order of its entries."""
    made = (make(entry) for entry in edition.entries for make in (chapters, transcript))
    return tuple(sidecar for sidecar in made if sidecar)


def chapters(entry: Entry) -> Object | None:
    """Its chapters as JSON, or None where it has none.

    Podcasting 2.0 namespace, chapters/jsonChapters.md, version 1.2.0: `startTime` in seconds, ascending.
    """
    moved = moved_chapters(entry)
    if not moved:
        return None
    rows = [
        {"startTime": chapter.start_s, "title": chapter.title} | ({"url": chapter.link} if chapter.link else {})
        for chapter in moved
    ]
    body = json.dumps({"version": "1.2.0", "chapters": rows}, ensure_ascii=False, indent=1) + "\n"
    return _sidecar("chapters", entry, "json", "application/json+chapters", body)


def transcript(entry: Entry) -> Object | None:
    """Its transcript as WebVTT (W3C WebVTT: The Web Video Text Tracks Format), or None where it has none.

    Speakers are voice spans, lines are at most `LINE` characters (a longer word stands alone on its line).
    """
    return written(entry, moved_cues(entry))


def written(entry: Entry, cues: tuple[Cue, ...]) -> Object | None:
    """The same of its `moved_cues`, by who has them already."""
    if not cues:
        return None
    return _sidecar("transcripts", entry, "vtt", "text/vtt; charset=utf-8", "\n".join(["WEBVTT\n", *map(_vtt, cues)]))


def moved_chapters(entry: Entry) -> tuple[Chapter, ...]:
    """An entry's chapters in seconds of its delivered file (see `moved`)."""
    return moved(chosen(entry.episode, entry.media.chapters), entry.media.shift_s, entry.media.duration_s)


def chosen(episode: Episode, found: tuple[Chapter, ...]) -> tuple[Chapter, ...]:
    """An episode's chapters in the time of its recording: those that its producer wrote, else those `found` in it."""
    return episode.chapters or (found if episode.found_chapters else ())


def moved(chapters: tuple[Chapter, ...], shift_s: float, duration_s: float) -> tuple[Chapter, ...]:
    """Chapters in the time of a file of `duration_s` in which their source begins at `shift_s`, to the millisecond.

    Ascending; those that would begin at its end or later are left out.

    Of those that would start at or before 0 only the last is left, at 0. Titles are on one line; a link that is not
    `http` or `https` is left out.
    """
    shifted = sorted((_moved_chapter(chapter, shift_s) for chapter in chapters), key=_start)
    ahead = [chapter.start_s for chapter in shifted[1:]] + [1.0]
    return tuple(
        chapter if chapter.start_s > 0 else replace(chapter, start_s=0.0)
        for chapter, following in zip(shifted, ahead, strict=False)
        if (chapter.start_s > 0 or following > 0) and chapter.start_s < duration_s
    )


def moved_cues(entry: Entry) -> tuple[Cue, ...]:
    """An entry's subtitles in seconds of its delivered file, ascending, to the millisecond, each text on one line.

    Cues that are over before 0, begin after the end, last no time or say nothing are left out.
    """
    return tuple(sorted(_heard(entry), key=_start))


def is_spoken(entry: Entry) -> bool:
    """Whether it has a transcript in which anything is said."""
    return any(True for _ in _heard(entry))


def _heard(entry: Entry) -> Iterator[Cue]:
    moved = (_moved_cue(cue, entry.media.shift_s) for cue in entry.episode.transcript)
    length = entry.media.duration_s
    return (cue for cue in moved if cue.text and cue.end_s > cue.start_s and cue.start_s < length)


def _start(moment: Chapter | Cue) -> float:
    return moment.start_s


def _moved_chapter(chapter: Chapter, shift_s: float) -> Chapter:
    start_s = round(chapter.start_s + shift_s, 3)
    return Chapter(start_s=start_s, title=_one_line(chapter.title), link=web_link(chapter.link))


def _moved_cue(cue: Cue, shift_s: float) -> Cue:
    """Itself where it is as it should be: most are, and there are thousands in an hour."""
    start_s, end_s = max(0.0, round(cue.start_s + shift_s, 3)), round(cue.end_s + shift_s, 3)
    text, speaker = _one_line(cue.text), _name(cue.speaker)
    if (start_s, end_s, text, speaker) != (cue.start_s, cue.end_s, cue.text, cue.speaker):
        return Cue(start_s=start_s, end_s=end_s, text=text, speaker=speaker)
    return cue


@lru_cache(maxsize=256)
def _name(speaker: str | None) -> str | None:
    return _one_line(speaker or "") or None


def _one_line(text: str) -> str:
    if text.isprintable() and "  " not in text and text == text.strip():  # then all its white space is single spaces
        return text
    return " ".join(xml_safe(text).split())


def _vtt(cue: Cue) -> str:
    voice = f"<v {_escaped(cue.speaker)}>" if cue.speaker else ""
    text = cue.text if len(cue.text) <= LINE else "\n".join(_BROKEN.findall(cue.text))
    return f"{timestamp(cue.start_s)} --> {timestamp(cue.end_s)}\n{voice}{_escaped(text)}\n"


def _escaped(text: str) -> str:
    """Character references for what WebVTT gives a meaning (section 3.1, cue text; `-->` among them)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _sidecar(folder: str, entry: Entry, ending: str, media_type: str, text: str) -> Object:
    body = text.encode()
    sha256 = digest.of_bytes(body)
    return Object(
        key=Key(f"{folder}/{entry.episode.slug}.{sha256[:16]}.{ending}"),
        kind=Kind.SIDECAR,
        type=media_type,
        cache=Cache.IMMUTABLE,
        sha256=sha256,
        size=len(body),
        body=body,
    )
