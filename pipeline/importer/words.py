"""The words of an item: its notes, its summary, and which of its texts only say the same again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from pipeline.feed import timestamps
from pipeline.importer import markdown
from pipeline.importer.tree import Node
from pipeline.model import Chapter


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What an item says."""

    html: str
    """Its notes as they were, without the list of moments that omroep puts below notes."""
    notes: str
    """In Markdown."""
    summary: str
    left: tuple[str, ...]
    """Tags whose text is another one than these, and has no place."""


def of(item: Node, chapters: tuple[Chapter, ...], *, ours: bool) -> Words:
    """The words of an item that has these `chapters`; `ours`: of a feed that omroep wrote, so that more is known."""
    moments = timestamps.markup(chapters)
    html = _notes(item, moments, ours=ours)
    notes, summary = markdown.plain(html), ""
    left = []
    for tag, text in _texts(item, moments, ours=ours):
        own = ours and tag == "itunes:summary"
        if not text or (not own and _repeats(text, (notes, summary, item.said("title")))):
            continue
        if summary:
            left.append(tag)
        else:
            summary = text
    return Words(html=html, notes=markdown.of(html), summary=summary, left=tuple(left))


def _notes(item: Node, moments: str, *, ours: bool) -> str:
    if encoded := item.said("content:encoded"):
        return encoded.removesuffix(moments)
    told = item.said("description").removesuffix(moments)
    stands_in = item.said("itunes:summary", "title")
    return "" if ours and told == f"<p>{escape(stands_in)}</p>" else told or item.said("itunes:summary")


def _texts(item: Node, moments: str, *, ours: bool) -> Iterator[tuple[str, str]]:
    """Everything that could be a summary, the likeliest first; other hosts put HTML into all of them."""
    for tag in ("itunes:summary", "description", "itunes:subtitle"):
        said = item.said(tag).removesuffix(moments)
        yield tag, " ".join((said if ours and tag != "description" else markdown.plain(said)).split())


def _repeats(text: str, others: tuple[str, ...]) -> bool:
    """Whether it is the beginning of another text, perhaps with an ellipsis where it was cut."""
    begin = _letters(text)
    return any(_letters(other).startswith(begin) for other in others)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)
