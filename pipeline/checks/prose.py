"""Texts as listeners read them: what is left out of notes, links that say nothing, markup in plain text."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin

from pipeline import notes
from pipeline.checks.rule import Finding
from pipeline.checks.vocabularies import EMPTY_LINK_TEXTS
from pipeline.model import Catalog, Episode

LONGEST = 4000
"""Bytes of a description (PSP-1, Apple-823)."""
_HEADING_GROWS = len("<p><strong></strong></p>") - len("<h3></h3>")
"""Bytes by which a heading is longer in a feed than on a page; everything else is shorter."""
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_TAG = re.compile(r"</?[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>")
_LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\([^()\s]+[^()]*\)")
_ADDRESS = re.compile(r"(?<!!)\[[^\[\]]*\](?:\(\s*|:\s+)<?([^()\s<>]+)")
_LEADS = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_SITE = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?:[:/?#]\S*)?", re.IGNORECASE)
_MAILBOX = re.compile(r"[^\s@:/]+@[\w.-]+")
_PICTURE = re.compile(r"!\[[^\[\]]*\][(\[]")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:\s|$)")
_CODE = re.compile(r"`[^`]*`")
_FENCE = re.compile(r" {0,3}(```|~~~)")


def too_long(key: str, text: str) -> Iterator[Finding]:
    """A text of more bytes than are shown."""
    size = len(text.encode())
    if size > LONGEST:
        yield Finding(where=(key,), what=f"`{key}` takes {size} bytes; at most {LONGEST} are shown.")


def marked_up(texts: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Plain texts, each with its key, that hold tags or character references."""
    for key, text in texts:
        if found := _MARKUP.search(text):
            yield Finding(where=(key,), what=f"`{key}` holds `{found[0]}`, which is shown as it stands there.")


def unshowable(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """Notes that cannot be made into a page."""
    try:
        notes.html(episode.notes)
    except ValueError as error:
        yield Finding(where=("notes",), what=f"The show notes cannot be shown: {error}")


def cut(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """Notes of which apps get only the beginning."""
    try:
        page = notes.html(episode.notes)
    except ValueError:
        return  # `unshowable` tells it
    if len(page.encode()) + _HEADING_GROWS * page.count("<h") <= LONGEST:
        return  # spares all but the longest notes a second look
    size = len(notes.description_html(episode.notes, 10 * notes.LONGEST).encode())
    if size > LONGEST:
        what = f"The notes take {size} bytes in the feed; apps show the first {LONGEST}, to the end of a sentence."
        yield Finding(where=("notes",), what=what)


def pictures(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """Pictures in notes."""
    for below, line in _lines(episode.notes):
        if _PICTURE.search(line):
            yield Finding(where=("notes",), below=below, what="The notes hold a picture; it is left out.")


def raw_html(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """HTML in notes."""
    for below, line in _lines(episode.notes):
        if found := _TAG.search(line):
            yield Finding(where=("notes",), below=below, what=f"The notes hold HTML (`{found[0]}`); it is left out.")


def mute_links(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """Links whose text says nothing of where they lead."""
    for below, line in _lines(episode.notes):
        for found in _LINK.finditer(line) if "](" in line else ():
            said = " ".join(re.sub(r"[^\w\s]", " ", found[1].casefold()).split())
            if not said or said in EMPTY_LINK_TEXTS:
                what = f"A link says only “{found[1]}”." if said else "A link has no text."
                yield Finding(where=("notes",), below=below, what=what)


def lost_links(episode: Episode, catalog: Catalog) -> Iterator[Finding]:
    """Links to what is no address that means the same everywhere: notes are read on pages and in apps."""
    for below, line in _lines(episode.notes):
        for found in _ADDRESS.finditer(line) if "](" in line or "]:" in line else ():
            if not _LEADS.match(found[1]):
                what = f"The link `{found[1]}` leads nowhere."
                yield Finding(where=("notes",), below=below, what=what, mend=_led(found[1], catalog.show.base_url))


def _led(address: str, base_url: str) -> str:
    """How to write an address in full, where that can be told."""
    if _MAILBOX.fullmatch(address):
        return f"Write `mailto:{address}`."
    if _SITE.fullmatch(address) and not address.lower().endswith(_PAGES):
        return f"Write `https://{address}`."
    if ":" in address or address.startswith("#"):
        return ""
    return f"Write where it leads in full, as in `{urljoin(base_url, address)}`."


_PAGES = (".html", ".htm", ".md", ".pdf")


def skipped_headings(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """Headings more than one level below the one before; `#` and `##` are both the first level of notes."""
    before = 1
    for below, line in _lines(episode.notes):
        if found := _HEADING.match(line):
            level = max(2, len(found[1]))
            if level > before + 1:
                what = f"A heading has {level} times #, where {before + 1} come next."
                yield Finding(where=("notes",), below=below, what=what, mend=f"Write {'#' * (before + 1)}.")
            before = level


def _lines(markdown: str) -> Iterator[tuple[int, str]]:
    """Lines of Markdown with their place, less what stands there as code."""
    fence = ""
    for below, line in enumerate(markdown.split("\n")):
        found = _FENCE.match(line)
        if found and fence in ("", found[1]):
            fence = "" if fence else found[1]
        elif not fence:
            yield below, _CODE.sub("", line) if "`" in line else line
