"""Language tags (BCP 47): how one is spelled, and which was probably meant."""

import re
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers

from pipeline.checks.nearest import meant

_NAMED_IN = ("en", "nl", "de", "fr")
"""Languages whose names for languages are understood, beside each language's own."""

_ALIKE = 0.85
"""Of so many names one is always somewhat near: “Ria” is near “Bafia” (0.75), “neederlands” is “Nederlands” (0.95)."""


def spelled(tag: str) -> str:
    """`tag` in its recommended case: language lower, script capitalised, region upper (RFC 5646 section 2.1.1)."""
    first, *rest = tag.split("-")
    return "-".join((first.lower(), *map(_part, rest)))


def _part(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.capitalize() if len(part) == 4 and part.isalpha() else part.lower()


def nearest(written: str) -> str | None:
    """The tag that was probably meant by something that is none: `nl_NL`, `Nederlands`, `dutch`."""
    tag = spelled(re.sub(r"[\s_]+", "-", written.strip()))
    return tag if _known(tag) else meant(written, (), others=_names(), alike=_ALIKE)


def _known(tag: str) -> bool:
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


@cache
def _names() -> dict[str, str]:
    tags = [tag for tag in locale_identifiers() if "_" not in tag]
    named = {own: Locale(own).languages for own in _NAMED_IN}
    names = {str(names[tag]): tag for names in named.values() for tag in tags if tag in names}
    return names | {name: tag for tag in tags if (name := Locale(tag).get_display_name(tag))}
