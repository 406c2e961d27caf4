"""What an imported episode's folder is called: its number, and a name that is safe in web addresses."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from pipeline.importer.tree import Node
from pipeline.model import Slug
from pipeline.text import slugify

_IDENTIFIER = re.compile(r"\d{5}|^\d+(-\d+)*$|^(index|episode|episodes|feed|rss|p)$")
"""In names that hosts gave to pages, not people."""


def slug(item: Node) -> Slug:
    """The name that its page had, where that was made of words; else one of its title."""
    return _of_link(item.said("link")) or slugify(item.said("title", "itunes:title")) or Slug("episode")


def _of_link(link: str) -> Slug | None:
    try:
        path = unquote(urlsplit(link).path)
    except ValueError:
        return None
    stem = re.sub(r"\.\w{2,5}$", "", path.rstrip("/").rpartition("/")[2])
    return Slug(stem) if stem and stem == slugify(stem) and not _IDENTIFIER.search(stem) else None


def numbers(items: Iterable[Node]) -> tuple[int, ...]:
    """The number before each folder's name, for `items` in order of publication.

    Those of the episodes where every one has its own; else their places.
    """
    listed = tuple(items)
    own = [int(said) if (said := item.said("itunes:episode", "podcast:episode")).isdecimal() else 0 for item in listed]
    return tuple(own) if 0 not in own and len(set(own)) == len(own) else tuple(range(1, len(listed) + 1))


def folders(items: tuple[Node, ...], taken: Callable[[str], bool]) -> Iterator[str]:
    """A folder for each of `items`, in order of publication, that is not `taken` and whose slug is of no other."""
    width = max(2, len(str(max(numbers(items), default=0))))
    seen: set[str] = set()
    for number, item in zip(numbers(items), items, strict=True):
        base, count = slug(item), 1
        name: str = base
        while name in seen or taken(f"{number:0{width}}-{name}"):
            count += 1
            name = f"{base[:75]}-{count}"
        seen.add(name)
        yield f"{number:0{width}}-{name}"


AUDIO_ENDINGS: Mapping[str, str] = {
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/x-m4a": ".m4a",
    "audio/mp4": ".m4a",
    "audio/m4a": ".m4a",
    "audio/aac": ".aac",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/flac": ".flac",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
}
"""Of a file's name, by the media type of an enclosure."""
