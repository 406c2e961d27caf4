"""The words of older episodes, in blocks that never change, which tell the search on home what pages to read."""

import re
import unicodedata
from collections.abc import Iterator
from functools import partial
from itertools import chain

from pipeline import addresses, digest, notes
from pipeline.model import Cache, Edition, Entry, Key, Kind, Object
from pipeline.pages.parts import Asked, Memory
from pipeline.sidecars import moved_chapters

SIZES = (64, 16)
"""Episodes in a block: as many of the first as are full, then of the second. Those left over have no block: their pages
are read instead. So a new episode writes nothing for its being found, and every sixteenth writes one block."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""One for each episode of a block, in its order."""
_WORD = re.compile(r"[^\W_]+")


def blocks(edition: Edition, memory: Memory) -> list[Asked]:
    """The blocks of an edition, oldest first.

    UTF-8 text: a line for each episode (key of its page, tab, title), an empty line, a line for each word in the order
    of code points (the word in lower case, tab, the letters of the episodes that have it).
    """
    return [memory.block(entries, partial(_block, entries)) for entries in _runs(edition.entries)]


def fresh(edition: Edition) -> tuple[Entry, ...]:
    """The episodes that are in no block, newest first."""
    return edition.entries[sum(map(len, _runs(edition.entries))) :][::-1]


def _runs(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, ...]]:
    for size in SIZES:
        while len(entries) >= size:
            yield entries[:size]
            entries = entries[size:]


def _block(entries: tuple[Entry, ...]) -> tuple[Object]:
    having: dict[str, str] = {}
    spelled: dict[str, list[str]] = {}
    for letter, entry in zip(LETTERS, entries, strict=False):
        for word in _words(entry, spelled):
            having[word] = having.get(word, "") + letter
    heads = (f"{addresses.page(entry.episode.slug)}\t{_one_line(entry.episode.title)}\n" for entry in entries)
    rows = (f"{word}\t{letters}\n" for word, letters in sorted(having.items()))
    body = "".join((*heads, "\n", *rows)).encode("utf-8", "ignore")  # lone surrogates are on no page either
    sha256 = digest.of_bytes(body)
    block = Object(
        key=Key(f"search/{sha256[:16]}.txt"),
        kind=Kind.ASSET,
        type="text/plain; charset=utf-8",
        cache=Cache.IMMUTABLE,
        sha256=sha256,
        size=len(body),
        body=body,
    )
    return (block,)


def _words(entry: Entry, spelled: dict[str, list[str]]) -> frozenset[str]:
    """Every word that the page of an episode has of its own.

    `spelled` keeps the words in what stands between two spaces: most of it is said again and again.
    """
    spaced = frozenset("\n".join(_texts(entry)).split())
    for each in spaced.difference(spelled):
        spelled[each] = _WORD.findall(unicodedata.normalize("NFC", each).lower())
    return frozenset(chain.from_iterable(map(spelled.__getitem__, spaced)))


def _texts(entry: Entry) -> Iterator[str]:
    episode = entry.episode
    yield from (episode.title, episode.summary or "", notes.text(episode.notes), *episode.topics)
    yield from (f"{person.name} {person.organisation or ''}" for person in episode.guests)
    yield from (chapter.title for chapter in moved_chapters(entry))
    yield from (cue.text for cue in episode.transcript)


def _one_line(text: str) -> str:
    return " ".join(text.split())
