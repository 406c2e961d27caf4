"""The keys that `show.yaml` and `episode.md` may hold, and what their text must look like."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from pipeline.model import Status


def _text(value: str) -> str:
    text = " ".join(value.split())
    if not text:
        raise ValueError("is empty")
    return text


def _block(value: str) -> str:
    return value.strip()


def _file_name(value: str) -> str:
    if not value or value.startswith(("/", "~")) or "\0" in value or "\\" in value or ".." in value.split("/"):
        raise ValueError(f"`{value}` is not the name of a file in this folder")
    return value


def seconds(value: str) -> float:
    """A moment such as `1:02:03.5`, `2:03` or `45` in seconds; ValueError otherwise."""
    found = re.fullmatch(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d{1,2}(?:\.\d{1,3})?)", value.strip())
    if not found:
        raise ValueError(f"`{value}` is not a time; write minutes:seconds, such as 2:03")
    hour, minute, second = found.groups()
    return int(hour or 0) * 3600 + int(minute or 0) * 60 + float(second)


def moment(value: str, zone: ZoneInfo) -> datetime:
    """A date, alone (midnight in `zone`) or with a time and perhaps a zone or offset, as an aware moment.

    A time that a clock change skips or repeats is a ValueError that says which.
    """
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}:\d{2}(?::\d{2})?))?\s*(\S+)?", value.strip())
    if not found:
        raise ValueError(f"`{value}` is not a date; write it as 2020-10-05 or 2020-10-05 07:00")
    day, hour, where = found.groups()
    try:
        naive = datetime.combine(datetime.fromisoformat(day), time.fromisoformat((hour or "00:00").zfill(5)))
    except ValueError as error:
        raise ValueError(f"`{value}` is not a date that exists") from error
    if where and re.fullmatch(r"Z|[+-]\d{2}:?\d{2}", where):
        return datetime.fromisoformat(f"{naive.isoformat()}{where}")
    if where:
        zone = ZoneInfo(_zone_name(where))
    early, late = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        happens = "twice" if (early.utcoffset() or 0) > (late.utcoffset() or 0) else "not at all"  # type: ignore[operator]
        raise ValueError(f"`{value}` happens {happens} in {zone.key}, where the clock changes; add the offset, +01:00")
    return early


def _zone_name(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"`{value}` is not a time zone; write one such as Europe/Amsterdam")
    return value


def _language(value: str) -> str:
    try:
        Locale.parse(value, sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError(f"`{value}` is not a language; write a tag such as nl, en or nl-BE") from error
    return value


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"/]+(/[^\s<>\"]*)?", value):
        raise ValueError(f"`{value}` is not a web address; it should begin with https://")
    return value


def folder_address(value: str) -> str:
    """A web address with exactly one slash at its end; ValueError for anything else."""
    return _address(value).rstrip("/") + "/"


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError(f"`{value}` is not a colour; write it as #24476b")
    return value.lower()


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+", value):
        raise ValueError(f"`{value}` is not an e-mail address")
    return value


def _words(value: Any) -> Any:
    return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _timed(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1 and re.match(r"\d+:\d", key := next(iter(value))):
        value = f"{key}: {value[key]}"  # YAML saw a key in `- 0:00 One: a beginning`; a producer saw a title
    if not isinstance(value, str):
        return value
    start, _, title = value.strip().partition(" ")
    return {"start": start, "title": title}


def _moment(value: str, info: ValidationInfo) -> datetime:
    return moment(value, (info.context or {})["zone"])


def _flag(value: str) -> bool:
    flags = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False, "clean": False}
    if value.lower() not in flags:
        raise ValueError(f"`{value}` should be yes or no")
    return flags[value.lower()]


Text = Annotated[str, AfterValidator(_text), Field(max_length=255)]
Sentences = Annotated[str, AfterValidator(_text), Field(max_length=1000)]
LongText = Annotated[str, AfterValidator(_block)]
FileName = Annotated[str, AfterValidator(_file_name)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Address = Annotated[str, AfterValidator(_address)]
Seconds = Annotated[float, BeforeValidator(seconds)]


class Keys(BaseModel):
    """A mapping in YAML whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonKeys(Keys):
    """A guest or host: a name alone, or these keys."""

    name: Annotated[Text, Field(max_length=128)]
    role: Text | None = None
    group: Text | None = None
    organisation: Text | None = None
    link: Address | None = None


Person = Annotated[PersonKeys, BeforeValidator(_named)]


class ChapterKeys(Keys):
    """A chapter: `0:00 Title` on one line, or these keys."""

    start: Seconds
    title: Text
    link: Address | None = None


class EpisodeKeys(Keys):
    """The front matter of an `episode.md`."""

    title: Text
    date: Annotated[datetime, BeforeValidator(_moment)]
    guid: Text | None = None
    slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)] | None = None
    number: Count | None = None
    season: Count | None = None
    type: Literal["full", "trailer", "bonus"] = "full"
    summary: Annotated[LongText, Field(max_length=4000)] = ""
    guests: tuple[Person, ...] = ()
    hosts: tuple[Person, ...] = ()
    topics: Annotated[tuple[Text, ...], BeforeValidator(_words)] = ()
    explicit: Flag | None = None
    status: Status = Status.LIVE
    revision: Count = 1
    audio: FileName | None = None
    chapters: tuple[Annotated[ChapterKeys, BeforeValidator(_timed)], ...] = ()
    transcript: FileName | None = None
    image: FileName | None = None
    image_alt: Sentences | None = None


class OwnerKeys(Keys):
    """Whom directories may write to."""

    name: Text
    email: Annotated[str, AfterValidator(_email)]


class SeasonKeys(Keys):
    """A season's name."""

    number: Count
    name: Annotated[Text, Field(max_length=128)] | None = None


class UpdateFrequencyKeys(Keys):
    """How often an episode comes, for podcast:updateFrequency."""

    text: Annotated[Text, Field(max_length=128)]
    rrule: Text | None = None
    dtstart: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    complete: Flag = False


class ThemeKeys(Keys):
    """How the site looks."""

    colour: Annotated[str, AfterValidator(_colour)] = "#24476b"


class AudioKeys(Keys):
    """How the show wants its audio mastered."""

    loudness: Annotated[float, Field(ge=-31, le=-9)] = -16.0
    peak: Annotated[float, Field(ge=-9, le=-0.1)] = -1.0
    rate: Literal["44100", "48000"] = "44100"
    bitrate_mono: Literal["64", "80", "96", "112", "128", "160", "192"] = "96"
    bitrate_stereo: Literal["64", "80", "96", "112", "128", "160", "192", "224", "256", "320"] = "128"
    trim_silence: Annotated[float, Field(ge=0, le=10)] | None = None
    intro: FileName | None = None
    outro: FileName | None = None
    crossfade: Annotated[float, Field(ge=0, le=30)] = 1.0


class ShowKeys(Keys):
    """All of `show.yaml`."""

    title: Text
    description: LongText
    language: Annotated[str, AfterValidator(_language)]
    author: Text
    base_url: Annotated[str, AfterValidator(folder_address)]
    cover: FileName
    categories: Annotated[tuple[Text, ...], Field(min_length=1)]
    guid: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")] | None = None
    subtitle: Text | None = None
    cover_alt: Sentences | None = None
    owner: OwnerKeys | None = None
    explicit: Flag = False
    type: Literal["episodic", "serial"] = "episodic"
    complete: Flag = False
    copyright: Text | None = None
    timezone: Annotated[str, AfterValidator(_zone_name)] = "UTC"
    locked: Flag = False
    medium: Annotated[str, Field(pattern=r"^[a-zA-Z]+$")] = "podcast"
    new_feed_url: Address | None = None
    hosts: tuple[Person, ...] = ()
    seasons: tuple[SeasonKeys, ...] = ()
    update_frequency: UpdateFrequencyKeys | None = None
    theme: ThemeKeys = ThemeKeys()
    audio: AudioKeys = AudioKeys()
    destination: Text | None = None


def names(model: type[BaseModel]) -> Mapping[str, type[BaseModel] | None]:
    """The keys that `model` knows, each with the mapping that its value (or the items of its list) holds."""
    return {name: _inner(field.annotation) for name, field in model.model_fields.items()}


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _inner(part))), None)
