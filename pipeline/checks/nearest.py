"""The word that was probably meant."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

_ALIKE = 0.7
"""Of difflib's ratio: “bussines” is near “business” (0.94), “klingon” is not near “kaingang” (0.67)."""


def meant(
    written: str, known: Iterable[str], *, others: Mapping[str, str] | None = None, alike: float = _ALIKE
) -> str | None:
    """The known word nearest to what was written, or None where nothing is near; case and punctuation do not count.

    `others` are words that stand for a known one, such as a name of the same in another language.
    """
    names = {_bare(name): word for name, word in (others or {}).items()} | {_bare(word): word for word in known}
    near = get_close_matches(_bare(written), names, n=1, cutoff=alike)
    return names[near[0]] if near else None


def suggested(written: str, known: Iterable[str], *, others: Mapping[str, str] | None = None) -> str:
    """The way out for a word that is not known: the nearest one, or all of them."""
    words = tuple(known)
    near = meant(written, words, others=others)
    return f"Did you mean `{near}`?" if near else f"Choose from: {', '.join(words)}."


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", text.casefold()).split())
