"""Which questions are asked about one published file, whoever asks them."""

from dataclasses import dataclass
from typing import Protocol

from pipeline.audit.seen import SAMPLE, Manner, Seen, Sighting, middle_of
from pipeline.model import Key, Kind, Object

SEEKABLE = frozenset({Kind.AUDIO, Kind.PICTURE})
"""Must answer HEAD and byte ranges (Apple-823)."""


class Visitor(Protocol):
    """Who looks at published files."""

    def get(self, key: Key, *, size: int, keep: bool = False) -> Seen:
        """All that is under `key`, which should have `size` bytes; with `keep`, its body too."""
        ...

    def head(self, key: Key) -> Seen | None:
        """What is said of it beforehand; None where there is nothing to ask."""
        ...

    def part(self, key: Key, *, first: int, count: int) -> Seen | None:
        """`count` bytes from `first`; None where one cannot ask for a part."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How one looks, where, and how closely."""

    visitor: Visitor
    manner: Manner
    address: str = ""
    """Where listeners would; empty where one looks through the store."""
    quick: bool = False
    """Audio is not read: its size, type and first bytes are looked at."""


def sighting(look: Look, item: Object, subject: str, *, stored: bool) -> Sighting:
    """What is seen of `item`; `stored` is what the store says of it."""
    visitor, unread = look.visitor, look.quick and item.kind is Kind.AUDIO
    first, count = (0, min(SAMPLE, item.size)) if unread else middle_of(item.size)
    seeks = item.kind in SEEKABLE and count > 0
    part = visitor.part(item.key, first=first, count=count) if seeks else None
    whole = part if unread and part else visitor.get(item.key, size=item.size, keep=item.kind is Kind.FEED)
    there = whole.status in (200, 206)
    return Sighting(
        item=item,
        subject=subject,
        stored=stored,
        manner=look.manner,
        whole=whole,
        head=visitor.head(item.key) if there and seeks else None,
        part=part if there else None,
        first=first,
        count=count,
        read=not (unread and part),
    )
