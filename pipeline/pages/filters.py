"""What templates may do with a value: filters, by the name they use."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import groupby
from textwrap import shorten
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from pipeline import formats, notes
from pipeline.model import Edition, Entry, Episode, Picture
from pipeline.names import Named, folded
from pipeline.pages import transcripts, wording
from pipeline.pages.look import Theme
from pipeline.text import clock, web_link


def table(edition: Edition, theme: Theme) -> Mapping[str, Callable[..., Any]]:
    """Those of an edition, its moments and numbers written as its show's language and zone have them."""
    zone = ZoneInfo(edition.show.timezone)
    illustrated: tuple[Edition | Entry, ...] = (edition, *edition.entries)
    modern = {each.pictures[0].key: each.modern for each in illustrated if each.pictures}
    return {
        "blurb": blurb,
        "by_letter": _by_letter,
        "clock": clock,
        "contact": wording.contact,
        "css": wording.css,
        "date": cache(lambda moment: wording.date(moment, zone, theme.locale)),
        "decimal": cache(lambda number: wording.decimal(number, theme.locale)),
        "day": lambda moment: moment.astimezone(zone).date().isoformat(),
        "duration": cache(lambda seconds: wording.duration(seconds, theme.locale)),
        "files": lambda media: (media, *media.alternates),
        "filesize": cache(lambda size: wording.size(size, theme.locale)),
        "fitting": fitting,
        "format_name": lambda media_type: formats.of(media_type).name,
        "fragment": wording.fragment,
        "initials": wording.initials,
        "licence": wording.licence,
        "markdown": lambda text: Markup(notes.html(text)),  # noqa: S704 (sanitised there)
        "modern": lambda pictures: modern.get(pictures[0].key, ()),
        "month": cache(lambda moment: wording.month(moment, zone, theme.locale)),
        "og_locale": wording.og_locale,
        "paragraphs": lambda text: [part for part in text.split("\n\n") if part.strip()],
        "transcript_page": transcripts.begins,
        "web": web_link,
    }


def blurb(episode: Episode) -> str:
    """An episode in a sentence or two of plain text: its summary, or else how its notes begin."""
    return episode.summary or _beginning(episode.notes)


@lru_cache(maxsize=2048)  # asked for three times by an episode's page, and by every list that has it
def _beginning(markdown: str) -> str:
    return shorten(notes.text(markdown), 200, placeholder="…")


def fitting(pictures: tuple[Picture, ...], width: int) -> Picture:
    """The smallest that is at least `width` pixels wide, else the widest."""
    wide = [picture for picture in pictures if picture.width >= width]
    return min(wide or pictures, key=lambda picture: picture.width if wide else -picture.width)


def _by_letter(named: Iterable[Named]) -> Iterator[tuple[str, list[Named]]]:
    """Names in the order of a dictionary, by their first letter; those that begin with none are last, under `#`."""

    def letter(one: Named) -> str:
        first = folded(one.name)[:1].upper()
        return first if first.isalpha() else "#"

    ordered = sorted(named, key=lambda one: (letter(one) == "#", folded(one.name)))
    return ((first, list(those)) for first, those in groupby(ordered, key=letter))
