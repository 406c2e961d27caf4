"""What a producer's text must look like to be a title, a moment, an address, a colour."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError

from pipeline import formats
from pipeline.checks import languages, nearest
from pipeline.text import xml_safe

MOST = 1000
"""Items of a list."""
LONGEST_NAME = 255
"""Bytes of a file's name (POSIX, NAME_MAX on every usual disk)."""
_FLAGS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False, "clean": False}
_DEEPEST = 12
"""Folders below each other."""
_TIME = re.compile(r"\d+:\d")
_NO_THEMES = ("assets", "fonts", "locale")
_CONSENTS = ("name", "photo", "transcript")
_MOST = 10
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_YEARS = range(1970, 3000)
_IN_A_URL = "/:?#[]@!$&'()*+,;=%~-._"


def text(value: Any) -> str:
    """`value`, which must be a text that a feed can carry (XML 1.0 section 2.2)."""
    if not isinstance(value, str):
        raise ValueError("should be a text, on one line")
    if xml_safe(value) != value:
        raise ValueError("holds characters that a feed cannot carry; type it again")
    return value


def line(value: Any) -> str:
    """A text on one line, its white space folded; not empty."""
    folded = " ".join(text(value).split())
    if not folded:
        raise ValueError("is empty")
    return folded


def exact(value: Any) -> str:
    """A text to the letter, its white space too; not empty."""
    if not text(value).strip():
        raise ValueError("is empty")
    return str(value)


def block(value: Any) -> str:
    """A text of any number of lines."""
    return text(value).strip()


def file_name(value: Any) -> str:
    """The name of a file in a given folder or below it."""
    name = text(value)
    if not name or name.startswith(("/", "~")) or "\\" in name or ".." in name.split("/"):
        raise ValueError(f"`{name}` is not the name of a file in this folder")
    if any(len(step.encode()) > LONGEST_NAME for step in name.split("/")) or name.count("/") > _DEEPEST:
        raise ValueError("is too long to be the name of a file")
    return name


def may_name_a_file(value: str) -> bool:
    """Whether `file_name` takes a text."""
    try:
        return bool(file_name(value))
    except ValueError:
        return False


def seconds(value: Any) -> float:
    """A moment such as `1:02:03.5`, `2:03` or `45`, in seconds."""
    found = re.fullmatch(r"(?:(?:(\d+):)?(\d{1,3}):(?=\d\d))?(\d{1,6}(?:\.\d{1,3})?)", text(value).strip())
    if not found or (found[2] and float(found[3]) >= 60):
        raise ValueError(f"`{value}` is not a time; write minutes:seconds, such as 2:03")
    hour, minute, second = found.groups()
    return int(hour or 0) * 3600 + int(minute or 0) * 60 + float(second)


def dotted(value: str) -> str | None:
    """How a moment such as `1.30`, which is 1.3 seconds, would be written were it minutes; None for any other."""
    found = re.fullmatch(r"(\d{1,3})\.([0-5]\d)", value.strip())
    return f"{found[1]}:{found[2]}" if found else None


def moment(value: Any, zone: ZoneInfo) -> datetime:
    """A date, alone (midnight in `zone`) or with a time and perhaps a zone or offset, as an aware moment.

    A time that a clock change skips or repeats is a ValueError that says which.
    """
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}:\d{2}(?::\d{2})?))?\s*(\S+)?", text(value).strip())
    if not found:
        raise ValueError(f"`{value}` is not a date; write it as 2020-10-05 or 2020-10-05 07:00")
    day, hour, where = found.groups()
    try:
        naive = datetime.combine(datetime.fromisoformat(day), time.fromisoformat((hour or "00:00").zfill(5)))
    except ValueError as error:
        raise ValueError(f"`{value}` is not a date that exists") from error
    if naive.year not in _YEARS:
        raise ValueError(f"`{value}` is not in a year that a podcast has")
    if where and where[0].isdigit():
        raise ValueError(f"`{value}` holds no time that can be read; write it as {day} {_hour(where)}")
    if where and re.fullmatch(r"Z|[+-]\d{2}:?\d{2}", where):
        return _offset(naive, where, str(value))
    return _unfolded(naive, ZoneInfo(zone_name(where)) if where else zone, str(value))


def _hour(written: str) -> str:
    """A time such as `7.00`, `07u00` or `0700` with a colon; another one where it is none of these."""
    found = re.fullmatch(r"([01]?\d|2[0-3])[.,;uUhH]?([0-5]\d)?[uUhH]?", written)
    return f"{found[1].zfill(2)}:{found[2] or '00'}" if found else "07:00"


def _offset(naive: datetime, where: str, value: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{naive.isoformat()}{where}")
    except ValueError as error:
        raise ValueError(f"`{value}` has an offset that no place has; write one such as +01:00") from error


def _unfolded(naive: datetime, zone: ZoneInfo, value: str) -> datetime:
    first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    if first.timestamp() < second.timestamp():
        meant = f"{_spelled(first)} (the first time) or {_spelled(second)} (the second)"
        raise ValueError(f"`{value}` comes twice in {zone.key}, where the clock is set back; write which: {meant}")
    earlier, later = (_spelled(each.astimezone(UTC).astimezone(zone)) for each in (second, first))
    what = f"`{value}` does not exist in {zone.key}, where the clock is set forward"
    raise ValueError(f"{what}; write which is meant: {earlier} (before that) or {later} (after it)")


def _spelled(at: datetime) -> str:
    """A moment as producers write it where there is doubt."""
    text = at.isoformat(sep=" ")
    return text.replace(":00+", "+").replace(":00-", "-") if at.second == 0 else text


def zone_name(value: Any) -> str:
    """A time zone's name."""
    if text(value) not in _zones():
        near = nearest.meant(value, _zones()) or "Europe/Amsterdam"
        raise ValueError(f"`{value}` is not a time zone; write one such as {near}")
    return str(value)


@cache
def _zones() -> frozenset[str]:
    """All of them: a search of many folders."""
    return frozenset(available_timezones())


def language(value: Any) -> str:
    """A language tag (BCP 47) of a language that dates can be written in."""
    try:
        Locale.parse(text(value), sep="-")
    except (UnknownLocaleError, ValueError) as error:
        near = languages.nearest(value)
        way = f"write {near}, if that is what you mean" if near else "write a tag such as nl, en or nl-BE"
        raise ValueError(f"`{value}` is not a language; {way}") from error
    return str(value)


def address(value: Any) -> str:
    """A web address as it travels: ASCII, the host in IDNA, the rest quoted; without a user's name or password."""
    if not re.fullmatch(r"https?://[^\s<>\"/]+(/[^\s<>\"]*)?", text(value)):
        raise ValueError(f"`{value}` is not a web address; it should begin with https://")
    try:
        parts = urlsplit(value)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise ValueError(f"`{value}` is not a web address; check the name of the site") from error
    if "@" in parts.netloc:
        raise ValueError("the address holds a user's name; addresses are public, so leave it out")
    netloc = f"[{host}]{port}" if ":" in host else f"{host}{port}"
    return str(parts._replace(netloc=netloc).geturl()).translate(_QUOTED)


def recording_address(value: Any) -> str:
    """A web address of a recording: https, or this very machine."""
    found = address(value)
    parts = urlsplit(found)
    if parts.scheme != "https" and parts.hostname not in _THIS_MACHINE:
        raise ValueError("should begin with https://, so that nobody on the way hears or changes it")
    return found


def digest(value: Any) -> str:
    """A SHA-256 in hexadecimal."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text(value).strip()):
        raise ValueError("is not a SHA-256, which has 64 digits; `sha256sum FILE` tells it")
    return str(value).strip().lower()


def host(value: Any) -> str:
    """The name of a server in the DNS, in IDNA."""
    if not re.fullmatch(r"[^\s/:@?#\[\]]+", text(value)):
        raise ValueError(f"`{value}` is not the name of a server, such as irc.example.org")
    return str(urlsplit(address(f"https://{value}/")).hostname)


def any_address(value: Any) -> str:
    """An address of any scheme, as social networks have them (`at://…`, `nostr:…`); ASCII, without white space."""
    if re.match(r"https?:", text(value), re.IGNORECASE):
        return address(value)
    if not re.fullmatch(r"(?!javascript:|data:|file:)[a-z][a-z0-9+.-]{1,31}:[!-~]{1,1000}", value):
        raise ValueError(f"`{value}` is not an address; it should begin with https://")
    return str(value)


def geo(value: Any) -> str:
    """A latitude and longitude, such as `52.08,4.31`, as a geo URI (RFC 5870)."""
    found = re.fullmatch(r"(?:geo:)?(-?\d{1,2}(?:\.\d+)?), ?(-?\d{1,3}(?:\.\d+)?)", text(value).strip())
    if not found or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        raise ValueError(f"`{value}` is not a place on earth; write latitude and longitude, such as 52.08,4.31")
    return f"geo:{found[1]},{found[2]}"


class _Quoted(dict[int, str]):
    def __missing__(self, code: int) -> str:
        return quote(chr(code), safe=_IN_A_URL)


_QUOTED = _Quoted()


def folder_address(value: Any) -> str:
    """A web address with exactly one slash at its end, to which names of files can be added."""
    found = address(value)
    if "?" in found or "#" in found:
        raise ValueError(f"`{value}` should end in a folder: no ? and no # in it")
    return found.rstrip("/") + "/"


def colour(value: Any) -> str:
    """A colour as `#rrggbb`."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text(value)):
        raise ValueError(f"`{value}` is not a colour; write it as #24476b")
    return str(value).lower()


def email(value: Any) -> str:
    """An e-mail address."""
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+", text(value)):
        raise ValueError(f"`{value}` is not an e-mail address")
    return str(value)


def contact(value: Any) -> str:
    """Where somebody can be written to: an e-mail address or a web address."""
    try:
        return address(value) if "/" in text(value) else email(value)
    except ValueError as error:
        told = f"`{value}` is neither an e-mail address nor a web address; write one such as hallo@example.org"
        raise ValueError(told) from error


def theme(value: Any) -> str:
    """The name of a folder with a theme in it."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text(value)) or value in _NO_THEMES:
        raise ValueError(f"`{value}` is not a theme; name a folder in templates/, in a-z, 0-9 and -, such as night")
    return str(value)


def flag(value: Any) -> bool:
    """Yes or no, in the words that YAML and Apple have for it."""
    if text(value).lower() not in _FLAGS:
        raise ValueError(f"`{value}` should be yes or no")
    return _FLAGS[str(value).lower()]


def podping(value: Any) -> bool | str:
    """Yes or no, or the address of a podping node."""
    if text(value).lower() in _FLAGS:
        return _FLAGS[str(value).lower()]
    if "://" not in value:
        raise ValueError(f"`{value}` should be yes, no or the address of a podping node")
    return folder_address(value)


def off(value: Any) -> Any:
    """A number, or 0 where it was switched off in words."""
    return "0" if isinstance(value, str) and is_no(value) else value


def is_no(value: str) -> bool:
    """Whether a text is one of the words for no."""
    return _FLAGS.get(value.strip().lower()) is False


def begins_with_time(value: str) -> bool:
    """Whether a text is a chapter rather than a name."""
    return bool(_TIME.match(value.strip()))


def names_a_file(value: str) -> bool:
    """Whether what stands for a list of chapters is the name of a file."""
    return not (is_no(value) or begins_with_time(value))


def words(value: Any) -> Any:
    """A list, also where it was written on one line with commas."""
    if not isinstance(value, str):
        return value
    if value.count(",") >= MOST:
        raise ValueError(f"is a list of more than {MOST}; shorten it")
    return [part for part in value.split(",") if part.strip()]


def listed(value: Any) -> Any:
    """A list of words, also where it was written on one line with commas."""
    return [word.strip() for word in words(value)] if isinstance(value, str) else value


def few(value: tuple[str, ...]) -> tuple[str, ...]:
    """At most `_MOST` of something; their names have to fit into one key."""
    if len(value) > _MOST:
        raise ValueError(f"names {len(value)}; at most {_MOST} will do")
    return value


def named(value: Any) -> Any:
    """A person's keys, also where only the name was written."""
    return {"name": value} if isinstance(value, str) else value


def linked(value: Any) -> Any:
    """An address's keys, also where only the address was written."""
    return {"link": value} if isinstance(value, str) else value


def consented(value: Any) -> Any:
    """The keys of a consent, also where it is yes, no, or a list of what is agreed to."""
    if isinstance(value, str) and value.strip().lower() in _FLAGS:
        return dict.fromkeys(_CONSENTS, value.strip().lower())
    if isinstance(value, str | list):
        agreed = [str(each).strip() for each in words(value)]
        if unknown := [each for each in agreed if each not in _CONSENTS]:
            raise ValueError(
                f"`{unknown[0]}` is not something to agree to; write yes, no, or some of {', '.join(_CONSENTS)}; to "
                "say until when, write on lines of its own `name: yes` and `until: 2027-01-01`"
            )
        return dict.fromkeys(agreed, "yes")
    if isinstance(value, dict) and "until" in value and not {*_CONSENTS} & value.keys():
        raise ValueError("says until when, but not to what: add `name: yes`, `photo: yes` or `transcript: yes`")
    return value


def plain(value: Any) -> Any:
    """A text's keys, also where only the text was written."""
    return {"text": value} if isinstance(value, str) else value


def unless_no(value: Any) -> Any:
    """A list, or None where it was switched off in words."""
    return None if isinstance(value, str) and is_no(value) else value


def in_format(value: Any) -> Any:
    """A format's keys, also where only its word was written."""
    return {"format": value.strip()} if isinstance(value, str) else value


def bitrate(value: int | None, word: str | None) -> int | None:
    """A bitrate in kbps that the format called `word` has."""
    if value is None or word is None or value in formats.TABLE[word].bitrates:
        return value
    possible = formats.TABLE[word].bitrates
    listed = f"{possible[0]} to {possible[-1]}" if isinstance(possible, range) else ", ".join(map(str, possible))
    raise ValueError(f"{word} has no bitrate of {value} kbps; it has {listed}")


def each_once(codec: str | None, words: Sequence[str]) -> None:
    """ValueError when one of `words` is the enclosure's `codec`, or is there twice."""
    seen = {codec}
    for word in words:
        if word in seen:
            what = "is the enclosure's `codec` already" if word == codec else "is there twice"
            raise ValueError(f"`{word}` {what}; name each format once")
        seen.add(word)


def timed(value: Any) -> Any:
    """A chapter's keys, also where it was written as `0:00 Title`."""
    if isinstance(value, dict) and len(value) == 1 and begins_with_time(key := next(iter(value))):
        value = f"{key}: {value[key] or ''}"  # YAML saw a key in `- 0:00 One: a beginning`; a producer saw a title
    if not isinstance(value, str):
        return value
    start, _, title = value.strip().partition(" ")
    return {"start": start, "title": title}
