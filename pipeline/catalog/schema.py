"""The keys that `show.yaml` and `episode.md` may hold."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import core_schema

from pipeline.catalog import values
from pipeline.model import Status


def _moment(value: Any, info: ValidationInfo) -> datetime:
    return values.moment(value, (info.context or {})["zone"])


Text = Annotated[str, BeforeValidator(values.line), Field(max_length=255)]
Sentences = Annotated[str, BeforeValidator(values.line), Field(max_length=1000)]
Name = Annotated[str, BeforeValidator(values.line), Field(max_length=128)]
LongText = Annotated[str, BeforeValidator(values.block)]
FileName = Annotated[str, BeforeValidator(values.file_name)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Flag = Annotated[bool, BeforeValidator(values.flag)]
Address = Annotated[str, BeforeValidator(values.address)]
FolderAddress = Annotated[str, BeforeValidator(values.folder_address)]
Seconds = Annotated[float, BeforeValidator(values.seconds)]


class Keys(BaseModel):
    """A mapping in YAML whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def without_empty(cls, value: Any) -> Any:
        """A key with nothing behind its colon is as good as left out."""
        return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


Uuid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class PersonKeys(Keys):
    """A guest or host: a name alone, or these keys."""

    name: Annotated[Text, Field(max_length=128)]
    role: Text | None = None
    group: Text | None = None
    organisation: Text | None = None
    link: Address | None = None


Person = Annotated[PersonKeys, BeforeValidator(values.named)]


class ConsentKeys(Keys):
    """What a guest agrees to: yes, no, a list, or these keys; what is not named is not agreed to."""

    name: Flag = False
    photo: Flag = False
    transcript: Flag = False
    until: Annotated[datetime, BeforeValidator(_moment)] | None = None


class GuestKeys(PersonKeys):
    """A guest: a name alone, or these keys."""

    image: FileName | None = None
    consent: Annotated[ConsentKeys, BeforeValidator(values.consented)] | None = None


Guest = Annotated[GuestKeys, BeforeValidator(values.named)]


class ChapterKeys(Keys):
    """A chapter: `0:00 Title` on one line, or these keys."""

    start: Seconds
    title: Text
    link: Address | None = None


ChapterList = tuple[Annotated[ChapterKeys, BeforeValidator(values.timed)], ...]


def _listed_or_named(value: Any, listed: ValidatorFunctionWrapHandler) -> Any:
    if isinstance(value, str) and values.names_a_file(value):
        return values.file_name(value)
    return None if isinstance(value, str) and values.is_no(value) else listed(value)


Chapters = Annotated[
    ChapterList | str | None,
    GetPydanticSchema(
        lambda _, schema_of: core_schema.no_info_wrap_validator_function(_listed_or_named, schema_of(ChapterList))
    ),
]
"""A list, the name of a file that holds one, or None for `no`: not those of the recording either.

Not a union, for the errors of one would not name the keys that producers wrote.
"""


class RecordingKeys(Keys):
    """A recording that is not beside the episode: at a web address, or without one among the show's masters."""

    sha256: Annotated[str, BeforeValidator(values.digest)]
    size: Annotated[int, Field(ge=1)] | None = None
    url: Annotated[str, BeforeValidator(values.recording_address)] | None = None


def _named_or_kept(value: Any, kept: ValidatorFunctionWrapHandler) -> Any:
    return kept(value) if isinstance(value, dict) else values.file_name(value)


Recording = Annotated[
    RecordingKeys | str,
    GetPydanticSchema(
        lambda _, schema_of: core_schema.no_info_wrap_validator_function(_named_or_kept, schema_of(RecordingKeys))
    ),
]
"""The name of a file, or where else it is; not a union, for the same reason."""


class SoundbiteKeys(Keys):
    """A passage that makes one want to hear the rest."""

    start: Seconds
    duration: Annotated[Seconds, Field(ge=15, le=120)]
    title: Name | None = None


class LocationKeys(Keys):
    """A place: a name alone, or these keys."""

    name: Name
    rel: Literal["subject", "creator"] = "subject"
    geo: Annotated[str, BeforeValidator(values.geo)] | None = None
    osm: Annotated[str, Field(pattern=r"^[NWR]\d{1,15}(#\d{1,6})?$")] | None = None
    country: Annotated[str, Field(pattern=r"^[a-zA-Z]{2}$")] | None = None


class LicenseKeys(Keys):
    """A licence: a name alone, or these keys."""

    name: Name
    link: Address | None = None


class NoteKeys(Keys):
    """A text for programs: the text alone, or these keys."""

    text: Annotated[LongText, Field(min_length=1, max_length=4000)]
    purpose: Name | None = None


class DiscussionKeys(Keys):
    """The post below which listeners talk."""

    protocol: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,31}$")]
    link: Annotated[str, BeforeValidator(values.any_address)]
    account: Text | None = None
    account_link: Address | None = None


class ChatKeys(Keys):
    """A room in which listeners talk."""

    server: Annotated[str, BeforeValidator(values.host)]
    protocol: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,31}$")]
    account: Text | None = None
    space: Text | None = None


Locations = tuple[Annotated[LocationKeys, BeforeValidator(values.named)], ...]
License = Annotated[LicenseKeys, BeforeValidator(values.named)]
Notes = tuple[Annotated[NoteKeys, BeforeValidator(values.plain)], ...]
Discussion = Annotated[tuple[DiscussionKeys, ...] | None, BeforeValidator(values.unless_no)]
"""Posts, the first shown first; None for `no`: nowhere."""


class EpisodeKeys(Keys):
    """The front matter of an `episode.md`."""

    title: Text
    date: Annotated[datetime, BeforeValidator(_moment)]
    guid: Annotated[str, BeforeValidator(values.exact), Field(max_length=2000)] | None = None
    slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)] | None = None
    number: Count | None = None
    season: Count | None = None
    type: Literal["full", "trailer", "bonus"] = "full"
    summary: Annotated[LongText, Field(max_length=4000)] = ""
    guests: tuple[Guest, ...] = ()
    hosts: tuple[Person, ...] = ()
    topics: Annotated[tuple[Text, ...], BeforeValidator(values.words)] = ()
    explicit: Flag | None = None
    status: Status = Status.LIVE
    revision: Count = 1
    audio: Recording | None = None
    chapters: Chapters = ()
    transcript: FileName | None = None
    image: FileName | None = None
    image_alt: Sentences | None = None
    block: Flag = False
    soundbites: tuple[SoundbiteKeys, ...] = ()
    locations: Locations = ()
    license: License | None = None
    discussion: Discussion = ()
    txt: Notes = ()
    chat: ChatKeys | None = None


class FundingKeys(Keys):
    """Where listeners can support the show."""

    link: Address
    text: Name


class ListingKeys(Keys):
    """Where an app has the show: the address alone, or these keys."""

    link: Address
    name: Name | None = None


class ElsewhereKeys(Keys):
    """Another show, by its permanent name."""

    guid: Uuid
    feed: Address | None = None
    title: Text | None = None


class OwnerKeys(Keys):
    """Whom directories may write to."""

    name: Text
    email: Annotated[str, BeforeValidator(values.email)]


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

    colour: Annotated[str, BeforeValidator(values.colour)] = "#24476b"
    folder: Annotated[str, BeforeValidator(values.theme)] | None = None


class AlternateKeys(Keys):
    """A format beside the enclosure's: a word alone, or these keys."""

    format: Literal["mp3", "aac", "opus"]
    bitrate: int | None = None

    @field_validator("bitrate")
    @classmethod
    def possible(cls, value: int | None, info: ValidationInfo) -> int | None:
        """A bitrate that the format has."""
        return values.bitrate(value, info.data.get("format"))


class AudioKeys(Keys):
    """How the show wants its audio mastered."""

    loudness: Annotated[float, Field(ge=-31, le=-9)] = -16.0
    peak: Annotated[float, Field(ge=-9, le=-0.1)] = -1.0
    rate: Literal["44100", "48000"] = "44100"
    codec: Literal["mp3", "aac"] = "mp3"
    bitrate_mono: Literal["64", "80", "96", "112", "128", "160", "192"] | None = None
    bitrate_stereo: Literal["64", "80", "96", "112", "128", "160", "192", "224", "256", "320"] | None = None
    also: Annotated[
        tuple[Annotated[AlternateKeys, BeforeValidator(values.in_format)], ...], BeforeValidator(values.words)
    ] = ()
    highpass: Annotated[float, BeforeValidator(values.off), Field(ge=0, le=150)] = 60.0
    leveller: Flag = False
    waveform_data: Flag = False
    trim_silence: Annotated[float, Field(ge=0, le=10)] | None = None
    intro: FileName | None = None
    outro: FileName | None = None
    crossfade: Annotated[float, Field(ge=0, le=30)] = 1.0

    @field_validator("also")
    @classmethod
    def each_once(cls, value: tuple[AlternateKeys, ...], info: ValidationInfo) -> tuple[AlternateKeys, ...]:
        """Formats that are not the enclosure's, and differ."""
        values.each_once(info.data.get("codec"), [alternate.format for alternate in value])
        return value


class ShowKeys(Keys):
    """All of `show.yaml`."""

    title: Text
    description: Annotated[LongText, Field(min_length=1)]
    language: Annotated[str, BeforeValidator(values.language)]
    author: Text
    base_url: FolderAddress
    cover: FileName
    categories: Annotated[tuple[Text, ...], Field(min_length=1)]
    guid: Uuid | None = None
    subtitle: Text | None = None
    cover_alt: Sentences | None = None
    owner: OwnerKeys | None = None
    explicit: Flag = False
    type: Literal["episodic", "serial"] = "episodic"
    complete: Flag = False
    copyright: Text | None = None
    timezone: Annotated[str, BeforeValidator(values.zone_name)] = "UTC"
    locked: Flag = False
    medium: Annotated[str, Field(pattern=r"^[a-zA-Z]+$")] = "podcast"
    new_feed_url: Address | None = None
    hosts: tuple[Person, ...] = ()
    seasons: tuple[SeasonKeys, ...] = ()
    update_frequency: UpdateFrequencyKeys | None = None
    theme: ThemeKeys = ThemeKeys()
    audio: AudioKeys = AudioKeys()
    destination: Text | None = None
    masters: Annotated[str, Field(pattern=r"^s3://", max_length=255)] | None = None
    block: Flag = False
    funding: tuple[FundingKeys, ...] = ()
    locations: Locations = ()
    license: License | None = None
    discussion: Discussion = ()
    txt: Notes = ()
    podping: Annotated[bool | str, BeforeValidator(values.podping)] = False
    hubs: Annotated[tuple[Address, ...], BeforeValidator(values.listed), AfterValidator(values.few)] = ()
    publisher: ElsewhereKeys | None = None
    podroll: tuple[ElsewhereKeys, ...] = ()
    chat: ChatKeys | None = None
    feeds: Annotated[tuple[Literal["seasons", "topics"], ...], BeforeValidator(values.listed)] = ()
    listen_on: tuple[Annotated[ListingKeys, BeforeValidator(values.linked)], ...] = ()
    contact: Annotated[str, BeforeValidator(values.contact)] | None = None


def names(model: type[BaseModel]) -> Mapping[str, type[BaseModel] | None]:
    """The keys that `model` knows, each with the mapping that its value (or the items of its list) holds."""
    return {name: _inner(field.annotation) for name, field in model.model_fields.items()}


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _inner(part))), None)
