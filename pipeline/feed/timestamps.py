"""Chapters as a list of timestamps in an item's text, where apps make a moment of `12:30` that can be tapped."""

import re
from collections.abc import Sequence
from html import escape

from pipeline import sidecars
from pipeline.model import Chapter, Entry
from pipeline.text import xml_safe

_TIME = re.compile(r"(?<![\d:.])(?:(\d{1,2}):)?(\d{1,3}):(\d\d)(?![\d:])")


def listed(entry: Entry, notes: str) -> str:
    """An entry's chapters as HTML of ul, li and a, or nothing where it has none or `notes` tell their times already.

    Times are rounded down to whole seconds, so that a tap never begins behind the first word.
    """
    chapters = sidecars.moved_chapters(entry)
    if not chapters or _told(notes, entry, chapters):
        return ""
    return markup(chapters)


def markup(chapters: Sequence[Chapter]) -> str:
    """Chapters in delivered time as that list; nothing where there are none."""
    if not chapters:
        return ""
    hours = chapters[-1].start_s >= 3600
    return f"<ul>{''.join(_item(chapter, hours) for chapter in chapters)}</ul>"


def _told(notes: str, entry: Entry, chapters: Sequence[Chapter]) -> bool:
    """Whether every time stands in the notes: as it is in the delivered file, or as the producer's recording has it."""
    theirs = sidecars.chosen(entry.episode, entry.media.chapters)
    times = [{int(chapter.start_s) for chapter in those} for those in (chapters, theirs)]
    near = [those for those in times if all(f":{seconds % 60:02}" in notes for seconds in those)]  # soon seen of most
    return bool(near) and any(those <= _seen(notes) for those in near)


def _seen(notes: str) -> set[int]:
    found = _TIME.findall(notes)
    return {int(hour or 0) * 3600 + int(minute) * 60 + int(second) for hour, minute, second in found}


def _item(chapter: Chapter, hours: bool) -> str:
    title = escape(xml_safe(chapter.title), quote=False)
    linked = f'<a href="{escape(chapter.link)}">{title}</a>' if chapter.link else title
    return f"<li>{_clock(chapter.start_s, hours)} {linked}</li>"


def _clock(seconds: float, hours: bool) -> str:
    minute, second = divmod(int(seconds), 60)
    return f"{minute // 60:02}:{minute % 60:02}:{second:02}" if hours else f"{minute:02}:{second:02}"
