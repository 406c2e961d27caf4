"""What the name of a file or folder says about an episode."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_DATE = re.compile(r"(?:^|(?<=[\s_.-]))(20\d\d)([-_.]?)(\d\d)\2(\d\d)(?=$|[\s_.-])")
_SEASON = re.compile(r"(?i)^s(\d{1,2})[\s_.-]?(?:e|afl)(\d{1,4})(?!\d)")
_CERTAIN = re.compile(
    r"(?i)^(?:(?:#|nr\b\.?|no\.|afl(?:evering|\.)?|ep(?:isode|\.)?)[\s_-]*(\d{1,4})"  # Afl. 3, episode 3
    r"|(0\d{1,3})|(\d{1,3})(?=\s*[-_:–]|\.\s|\.$))(?![\d]|[.,]\d)"  # 03, 3 -, 3.
)
_PLAIN = re.compile(r"^(\d{1,4})(?=\s|$)")
_EDGES = " \t-–_.:,"
_COPY = re.compile(r"\s*\(\d{1,2}\)$")
_GENERIC = re.compile(
    r"(?i)(?:(?:zoom|tascam|dr|rec|recording|opname|audio|audacity|track|tr|untitled|naamloos|export|mix|mixdown|master"
    r"|final|definitief|voice|memo|new|nieuwe?|episode|aflevering|podcast|file|sound|stereo|mono|take|lr)[\s_-]*)+"
)
"""What recorders and editors call every file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What is known of an episode from one source; what it does not tell is None, or an empty title."""

    title: str = ""
    number: int | None = None
    season: int | None = None
    day: date | None = None


def same(name: str) -> str:
    """What two spellings of one file name have in common, on disks that tell case and accents apart or do not."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def read(name: str, *, expected: int | None = None) -> Said:
    """What a name without its ending says, such as `2020-10-20 03 Detachering`.

    A bare number before a title, as in `3 dingen`, counts only where it is the one that is `expected` next.
    """
    rest = unicodedata.normalize("NFC", name)
    day, rest = _day(rest)
    season, number, rest = _number(rest.strip(_EDGES), expected)
    return Said(title=_title(rest), number=number or None, season=season, day=day)


def _day(name: str) -> tuple[date | None, str]:
    found = _DATE.search(name)
    if not found:
        return None, name
    try:
        day = date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None, name
    return day, f"{name[: found.start()].rstrip(_EDGES)} {name[found.end() :].lstrip(_EDGES)}".strip()


def _number(name: str, expected: int | None) -> tuple[int | None, int | None, str]:
    if found := _SEASON.match(name):
        return int(found[1]) or None, int(found[2]), name[found.end() :]
    if found := _CERTAIN.match(name):
        return None, int(next(filter(None, found.groups()))), name[found.end() :]
    if (found := _PLAIN.match(name)) and int(found[1]) == expected:
        return None, expected, name[found.end() :]
    return None, None, name


def _title(rest: str) -> str:
    words = rest.replace("_", " ")
    if " " not in words.strip(_EDGES):
        words = words.replace("-", " ")
    title = _COPY.sub("", " ".join(words.split()).strip(_EDGES))
    bare = re.sub(r"[\d\W_]+", " ", title).strip()
    if not bare or _GENERIC.fullmatch(bare):
        return ""
    return title[0].upper() + title[1:] if title.islower() else title
