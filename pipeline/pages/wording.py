"""Moments, lengths and sizes as readers of the show's language write them."""

import re
from datetime import datetime, tzinfo
from urllib.parse import quote

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal
from babel.units import format_unit
from markupsafe import Markup

from pipeline.model import License
from pipeline.text import whole_seconds


def date(moment: datetime, zone: tzinfo, locale: Locale) -> str:
    """The day of a moment in the show's zone: `3 maart 2026`."""
    return format_date(moment.astimezone(zone), "long", locale)


def month(moment: datetime, zone: tzinfo, locale: Locale) -> str:
    """The month of a moment in the show's zone: `mrt 2026`."""
    return format_skeleton("yMMM", moment.astimezone(zone), locale=locale)


def duration(seconds: float, locale: Locale) -> str:
    """A length, as exact as people say it: `48 sec`, `1 min 5 sec`, from ten minutes `41 min`, `1 uur 2 min`.

    Seconds are those of the player's clock; minutes are the nearest.
    """
    whole = whole_seconds(seconds)
    minutes, second = divmod(whole if whole < 600 else round(whole / 60) * 60, 60)
    hour, minute = divmod(minutes, 60)
    parts = (("duration-hour", hour), ("duration-minute", minute), ("duration-second", second))
    said = [format_unit(amount, unit, "short", locale=locale) for unit, amount in parts if amount]
    return " ".join(said) or format_unit(0, "duration-second", "short", locale=locale)


def size(size_bytes: int, locale: Locale) -> str:
    """A file's size in decimal units: `812 kB`, `1,4 MB`."""
    if size_bytes < 1_000_000:
        return format_unit(max(1, round(size_bytes / 1000)), "digital-kilobyte", "short", locale=locale)
    return format_unit(size_bytes / 1_000_000, "digital-megabyte", "short", format="0.0", locale=locale)


def decimal(number: float, locale: Locale) -> str:
    """A number: `1,25`."""
    return format_decimal(number, locale=locale)


def initials(name: str) -> str:
    """The first letters of a name's first and last words, at most two characters."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0].upper() for word in dict.fromkeys((words[0], words[-1])))[:2] if words else ""


def fragment(seconds: float) -> str:
    """A moment for a media fragment `#t=` (W3C Media Fragments URI 1.0, section 4.2.1): `83.5`."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def css(text: str) -> Markup:
    """A text as it stands in a quoted string of CSS (CSS Syntax 3, section 4.3.7): all but letters is escaped."""
    return Markup(re.sub(r"[^\w .,:;!?-]", lambda found: f"\\{ord(found[0]):x} ", text))  # noqa: S704


def og_locale(locale: Locale) -> str:
    """A language with its territory, the likeliest where none is named (The Open Graph protocol, og:locale)."""
    likely = get_global("likely_subtags").get(locale.language, locale.language)
    return f"{locale.language}_{locale.territory or likely.rpartition('_')[2].upper()}"


def contact(where: str) -> str:
    """The address by which a browser opens an e-mail or web address: `mailto:` (RFC 6068) or itself."""
    return where if "://" in where else f"mailto:{quote(where, safe='@')}"


_LICENCES = (
    (re.compile(r"cc0-1\.0"), "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    (re.compile(r"cc-(by(?:-nc)?(?:-nd|-sa)?)-([\d.]+)"), "CC {} {}", "https://creativecommons.org/licenses/{}/{}/"),
    (re.compile(r"arr"), "All rights reserved", ""),
)
"""Licences that are named by a word: the word, as people write it, and where its text is."""


def licence(license: License) -> License:
    """A licence as it is shown, with a link to its text where that is known."""
    for word, name, link in _LICENCES:
        if not license.link and (found := word.fullmatch(license.name)):
            parts = found.groups()
            return License(name=name.format(*(part.upper() for part in parts)), link=link.format(*parts) or None)
    return license
