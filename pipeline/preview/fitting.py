"""Text on a screen of so many columns: wrapped by words, cut with `…` where there is no room for more."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from wcwidth import iter_graphemes, wcswidth

from pipeline.text import INVISIBLE

_JOINER = "\u200d"
"""Makes one picture of several emoji; of all that is not seen itself, only this is shown."""
_MORE = "…"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """A text as it is shown."""

    lines: tuple[str, ...]
    cut: bool
    """Whether something of it is not shown."""


def seen(text: str) -> str:
    """`text` on one line, less what is not seen: controls, direction marks, soft hyphens, lone surrogates."""
    words = " ".join("\n".join(text.split()).split())
    return "".join(char for char in words if char == _JOINER or unicodedata.category(char) not in INVISIBLE)


def columns(text: str) -> int:
    """Columns that a terminal gives to `text` (Unicode East Asian Width, emoji in two)."""
    return sum(map(_wide, iter_graphemes(text)))


def fit(text: str, *, wide: int, lines: int) -> Fit:
    """`text` on at most `lines` lines of `wide` columns (3 at least); words that are wider are broken.

    Where there is more, the last line is full to the letter before its `…`, as phones have it. A grapheme (an accented
    letter, a flag, a family of emoji) is never taken apart.
    """
    wrapped = list(_wrapped(seen(text), wide))
    if len(wrapped) <= lines:
        return Fit(lines=tuple(wrapped), cut=False)
    last = _head(" ".join(wrapped[lines - 1 :]), wide - 1).rstrip() + _MORE
    return Fit(lines=(*wrapped[: lines - 1], last), cut=True)


def _wrapped(text: str, wide: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if columns(joined) <= wide:
            line = joined
            continue
        if line:
            yield line
        while columns(word) > wide:
            head = _head(word, wide)
            yield head
            word = word[len(head) :]
        line = word
    if line:
        yield line


def _head(text: str, wide: int) -> str:
    """As many whole graphemes from the beginning of `text` as fit, one at least."""
    head, used = "", 0
    for grapheme in iter_graphemes(text):
        used += _wide(grapheme)
        if head and used > wide:
            break
        head += grapheme
    return head


def _wide(grapheme: str) -> int:
    return max(0, wcswidth(grapheme))
