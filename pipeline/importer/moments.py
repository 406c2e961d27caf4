"""When an item came out, and the time zone that a feed's moments were written in."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global


def moment(text: str) -> datetime | None:
    """A date as RSS has it (RFC 2822), or as others write it there (ISO 8601); UTC where it names no zone."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text.strip())
        except (ValueError, TypeError, OverflowError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def written(moment: datetime) -> str:
    """A moment as `date` in an episode.md takes it, with its offset; to the second where it is not a whole minute."""
    offset, clock = f"{moment:%z}", f"{moment:%H:%M:%S}".removesuffix(":00")
    return f"{moment:%Y-%m-%d} {clock} {offset[:3]}:{offset[3:5]}"


def zone(language: str, moments: Iterable[datetime]) -> str | None:
    """The zone of the country where a language is at home in which all `moments` have the offset that they came with.

    None where that is so of none: a feed has offsets, and no names of zones.
    """
    seen = tuple(moments)
    if not seen or all(not each.utcoffset() for each in seen):
        return None
    return next((name for name in _zones(language) if all(_agrees(each, ZoneInfo(name)) for each in seen)), None)


def _agrees(moment: datetime, zone: ZoneInfo) -> bool:
    return moment.astimezone(zone).utcoffset() == moment.utcoffset()


def _zones(language: str) -> tuple[str, ...]:
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return ()
    likely = get_global("likely_subtags").get(locale.language, "").split("_")[-1]
    return tuple(get_global("territory_zones").get(locale.territory or likely, ()))
