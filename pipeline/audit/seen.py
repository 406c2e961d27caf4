"""The records of an audit: how one looks, what one sees of a published file, and what is found to be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from pipeline.model import Digest, Key, Object


class Manner(IntEnum):
    """How one looks, and so how much of what listeners meet can be seen."""

    FILES = 0
    """Through the store: the bytes, and nothing of what a web server makes of them."""
    SIGNED = 1
    """Over HTTP with the publisher's own rights: types and caching too."""
    LISTENER = 2
    """Over HTTP as a stranger: everything that listeners meet."""


NOTHING = Digest("")
"""Stands where nothing was read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One answer, read to its end without being kept."""

    status: int | None
    """As HTTP has them; None where there was no answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    size: int = 0
    """Bytes that came."""
    sha256: Digest = NOTHING
    """Of the bytes that came."""
    begin: bytes = b""
    """The first few of them."""
    middle: bytes = b""
    """Those at the place that was asked about."""
    body: bytes | None = None
    """All of them, where they were to be kept."""
    elsewhere: str = ""
    """The host that answered, where one was led to another."""
    failure: str = ""
    """Why there was no answer, or not the whole of it; never with an address in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """What was seen of one file that should be there."""

    item: Object
    subject: str
    """What it is to a listener."""
    stored: bool
    """The store says it has something under that key."""
    manner: Manner
    whole: Seen
    """The answer to a GET; of `part` alone where bodies are not read."""
    head: Seen | None = None
    part: Seen | None = None
    """The answer to a GET of `count` bytes from `first`."""
    first: int = 0
    count: int = 0
    read: bool = True
    """False where the body was not read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """One thing that is wrong with one file."""

    rule: str
    """Stable name of what is wrong."""
    key: Key
    subject: str
    told: str
    """What is wrong with the subject, as the end of a sentence."""
    why: str
    mend: str
    fatal: bool = True
    """False where listeners notice nothing."""
    apart: bool = True
    """False where many files that have it are told in one sentence."""


SAMPLE = 64
"""Bytes that are kept of the beginning and of the middle."""


def middle_of(size: int) -> tuple[int, int]:
    """Where the sample from the middle of so many bytes begins, and how long it is."""
    return size // 2, min(SAMPLE, size - size // 2)
