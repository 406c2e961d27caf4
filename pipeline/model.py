"""The records that travel down the river: what was said, what exists, what must be stored, what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType

Slug = NewType("Slug", str)
"""An episode's, guest's or topic's name in URLs: `a-z 0-9 -`, never empty, never with a dot or slash."""
Guid = NewType("Guid", str)
"""An episode's permanent identity, byte-exact as first published."""
Key = NewType("Key", str)
"""Where an object lives in a store: relative, `/`-separated, no `.` or `..` parts."""
Digest = NewType("Digest", str)
"""A SHA-256 in lower-case hexadecimal."""
Version = NewType("Version", str)
"""A store's opaque token for the bytes now under a key (an ETag); compare for equality only."""

_LOCAL: Mapping[str, Any] = {"local": True}
"""Marks a field that says where something lies on this machine: it takes no part in equality or in stored records."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file that a producer made."""

    sha256: Digest
    size: int
    """In bytes. For a git-LFS pointer this and the digest are those of the file pointed to."""
    path: str = field(default="", compare=False, metadata=_LOCAL)
    """Relative to the show's root, with `/`; of a recording that is kept elsewhere, the file that says so."""
    kept: str = field(default="", compare=False, metadata=_LOCAL)
    """Where it is kept instead of at `path`: a web address, or `MASTERS`."""


MASTERS = "masters"
"""The store of recordings that the show names, under their SHA-256."""
NO_AUDIO = Source(sha256=Digest(""), size=0)
"""Stands where a draft's or a withdrawn episode's recording would be; a live one that lacks it is not published."""


# --- what the producer said -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """What a guest agrees to have published."""

    name: bool = False
    photo: bool = False
    transcript: bool = False
    """What was said, in writing."""
    until: datetime | None = None
    """Aware; from that moment on nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who is heard or who made it; roles and groups as in the Podcast Taxonomy."""

    name: str
    role: str = "guest"
    group: str = "cast"
    organisation: str | None = None
    link: str | None = None
    image: Source | None = None
    """A photo."""
    consent: Consent | None = field(default=None, compare=False, metadata=_LOCAL)
    """None where nobody asked: then everything may be published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """A part of an episode that has a title."""

    start_s: float
    """Seconds from the start of the file it belongs to: the source in an Episode, the delivered file after `moved`."""
    title: str
    link: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cue:
    """One subtitle: plain text, spoken between two moments."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Soundbite:
    """A passage that makes one want to hear the rest."""

    start_s: float
    """Seconds from the start of the recording."""
    duration_s: float
    title: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A place that it is about (`subject`) or where it was made (`creator`)."""

    name: str
    rel: str = "subject"
    geo: str | None = None
    """A geo URI (RFC 5870)."""
    osm: str | None = None
    """OpenStreetMap's type and number, such as `R47811`."""
    country: str | None = None
    """ISO 3166-1, two letters in lower case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class License:
    """On what terms it may be used: an SPDX name, or a name of its own with a link to the text."""

    name: str
    link: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A text for programs, as a TXT record is in DNS."""

    text: str
    purpose: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Discussion:
    """The post below which listeners talk about it."""

    protocol: str
    """`disabled`: nowhere, and nothing else is said."""
    link: str | None = None
    account: str | None = None
    account_link: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """The room in which listeners talk at the moment that they listen."""

    server: str
    """Its name in the DNS."""
    protocol: str
    account: str | None = None
    """The producer's."""
    space: str | None = None
    """The room, channel or topic there."""


class Status(StrEnum):
    """What the producer wants of an episode."""

    DRAFT = "draft"
    LIVE = "live"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    """What `episode.md` says, with the files beside it."""

    guid: Guid
    slug: Slug
    folder: str = field(compare=False, default="", metadata=_LOCAL)
    """Name of its folder in `episodes/`."""
    title: str
    published: datetime
    """Aware; the moment from which it may be seen."""
    audio: Source
    number: int | None = None
    season: int | None = None
    kind: str = "full"
    """`full`, `trailer` or `bonus` (Apple's itunes:episodeType)."""
    summary: str = ""
    """One or two sentences of plain text."""
    notes: str = ""
    """Show notes in Markdown."""
    guests: tuple[Person, ...] = ()
    hosts: tuple[Person, ...] = ()
    topics: tuple[str, ...] = ()
    explicit: bool = False
    status: Status = Status.LIVE
    revision: int = 1
    """Raised by the producer to have unchanged audio mastered and tagged again."""
    chapters: tuple[Chapter, ...] = ()
    found_chapters: bool = True
    """Whether chapters found in the recording may stand in where there are none here."""
    transcript: tuple[Cue, ...] = ()
    image: Source | None = None
    image_alt: str | None = None
    block: bool = False
    """Directories should leave it out."""
    soundbites: tuple[Soundbite, ...] = ()
    locations: tuple[Location, ...] = ()
    license: License | None = None
    discussion: tuple[Discussion, ...] = ()
    """What comes first is shown first."""
    txt: tuple[Note, ...] = ()
    chat: Chat | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Whom directories may write to; public in the feed."""

    name: str
    email: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """One of Apple's, case-sensitive."""

    main: str
    sub: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Season:
    """A season that has a name."""

    number: int
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateFrequency:
    """podcast:updateFrequency; `rrule` as in RFC 5545."""

    text: str
    rrule: str | None = None
    dtstart: str | None = None
    """ISO 8601 date; required by the namespace when the rule has COUNT."""
    complete: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Funding:
    """Where listeners can support the show."""

    link: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """Where an app or a directory has the show."""

    link: str
    name: str | None = None
    """None: what its address tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """Another feed, by its podcast:guid."""

    guid: str
    feed: str | None = None
    """Its address."""
    title: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternate:
    """A format that episodes are delivered in beside the enclosure's own."""

    format: str
    """A word of `formats.TABLE`."""
    bitrate_kbps: int | None = None
    """None: the format's own for one or two channels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mastering:
    """How the show wants its audio. Defaults: Apple Podcasts' audio requirements (Apple-893)."""

    loudness_lufs: float = -16.0
    peak_dbtp: float = -1.0
    """True peak of the decoded, delivered file."""
    rate_hz: int = 44100
    bitrate_mono_kbps: int = 96
    bitrate_stereo_kbps: int = 128
    highpass_hz: float | None = 60.0
    """Below this it is rumble, not voice; None leaves it in."""
    leveller: bool = False
    """Bring soft voices up to loud ones."""
    waveform_data: bool = False
    """Publish the peaks that the waveform is drawn from as well, for players of others."""
    trim_silence_s: float | None = None
    """Length to which silence at the head and tail is trimmed; None leaves it alone."""
    intro: Source | None = None
    outro: Source | None = None
    crossfade_s: float = 1.0
    codec: str = "mp3"
    """The enclosure's format, a word of `formats.TABLE`; the bitrates above are its."""
    also: tuple[Alternate, ...] = ()
    """Formats to deliver beside it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Show:
    """What `show.yaml` says."""

    title: str
    description: str
    language: str
    """BCP 47, such as `nl`."""
    author: str
    base_url: str
    """The public address of what is published, with its final slash."""
    guid: str
    """podcast:guid; assigned once, survives moves."""
    cover: Source
    categories: tuple[Category, ...]
    subtitle: str | None = None
    cover_alt: str | None = None
    owner: Owner | None = None
    explicit: bool = False
    kind: str = "episodic"
    """`episodic` or `serial` (Apple's itunes:type)."""
    complete: bool = False
    copyright: str | None = None
    timezone: str = "UTC"
    locked: bool = False
    medium: str = "podcast"
    new_feed_url: str | None = None
    hosts: tuple[Person, ...] = ()
    seasons: tuple[Season, ...] = ()
    update_frequency: UpdateFrequency | None = None
    colour: str = "#24476b"
    """The site's main colour, `#rrggbb`."""
    mastering: Mastering = Mastering()
    destination: str | None = field(default=None, compare=False, metadata=_LOCAL)
    """Where to publish when the command line and the environment name nothing."""
    masters: str | None = field(default=None, compare=False, metadata=_LOCAL)
    """Where recordings are kept that are not in the repository, when the environment names nothing."""
    block: bool = False
    """Directories should leave it out."""
    funding: tuple[Funding, ...] = ()
    locations: tuple[Location, ...] = ()
    license: License | None = None
    discussion: tuple[Discussion, ...] = ()
    """What comes first is shown first."""
    txt: tuple[Note, ...] = ()
    podping: bool = False
    """Apps may rely on podping to hear of new episodes: it is told of every change."""
    hubs: tuple[str, ...] = ()
    """WebSub hubs that are told of every change."""
    publisher: Elsewhere | None = None
    podroll: tuple[Elsewhere, ...] = ()
    """Shows that it recommends."""
    feeds: tuple[str, ...] = ()
    """`seasons`, `topics`: what has a feed of its own beside the main one."""
    listen_on: tuple[Listing, ...] = ()
    contact: str | None = None
    """Where listeners can write: an e-mail address or a web address."""
    theme: str | None = None
    """The folder in `templates/` that holds the show's theme; None: omroep's own."""
    podping_node: str | None = None
    """Where podpings are sent, where it is not podping.cloud."""
    chat: Chat | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where in the producers' files a record was written."""

    file: str
    """Relative to the show's root."""
    lines: Mapping[tuple[str | int, ...], int]
    """Line by path of keys, such as `("guests", 0, "name")`; the empty path is the top."""
    elsewhere: Mapping[str, "Origin"] = field(default_factory=dict)
    """Where the value of a key was written, for keys that name a file."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The file that was taken for a key, also where the key does not stand there."""

    def line(self, *path: str | int) -> int | None:
        """The line of `path`, or of the nearest thing around it."""
        return next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), None)

    def place(self, *path: str | int) -> tuple[str, int | None]:
        """The file in which the value of `path` was written, and its line there."""
        there = self.elsewhere.get(str(path[0]), self) if path else self
        return there.file, there.line(*path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalog:
    """Everything producers wrote, in order of publication."""

    show: Show
    episodes: tuple[Episode, ...]
    origins: Mapping[Slug | None, Origin] = field(default_factory=dict, compare=False, metadata=_LOCAL)
    """By episode; the show's own under None."""
    until: datetime | None = field(default=None, compare=False, metadata=_LOCAL)
    """When the next consent of a guest ends, and other things may be published."""


# --- what exists after audio and pictures were rendered ---------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that a listener would notice in a recording as the producer made it."""

    rule: str
    """Its row in the table of findings."""
    told: str
    """One plain sentence, its numbers filled in."""
    mended: bool
    """omroep does something about it; otherwise the producer may want to."""
    at_s: float | None = None
    """Where it is heard first, in seconds of the recording; None where it is everywhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendition:
    """The same episode in another format; every number is measured on the finished, decoded file."""

    key: Key
    sha256: Digest
    size: int
    type: str
    duration_s: float
    loudness_lufs: float
    """Integrated (EBU R128); mono counts as dual mono."""
    peak_dbtp: float
    bitrate_kbps: int
    """As asked of the encoder."""
    channels: int
    rate_hz: int
    file: Path | None = field(default=None, compare=False, metadata=_LOCAL)
    """The bytes, where this machine has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waveform:
    """How an episode's sound rises and falls, as a file: numbers for programs or a drawing for people."""

    key: Key
    sha256: Digest
    size: int
    type: str
    body: bytes | None = field(default=None, compare=False, repr=False, metadata=_LOCAL)
    """The bytes, unless the store already has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A delivered audio file; every number is measured on the finished, decoded file."""

    key: Key
    sha256: Digest
    size: int
    type: str
    duration_s: float
    loudness_lufs: float
    """Integrated (EBU R128); mono counts as dual mono."""
    range_lu: float
    peak_dbtp: float
    bitrate_kbps: int
    channels: int
    rate_hz: int
    shift_s: float
    """Added to a moment in the source to find it in this file (trimmed silence is negative, an intro positive)."""
    source_sha256: Digest
    recipe: Digest
    revision: int
    done: tuple[str, ...]
    """What mastering did, a sentence each."""
    findings: tuple[Finding, ...] = ()
    """What was noticed in the recording."""
    chapters: tuple[Chapter, ...] = ()
    """Found in the source, in its time; remembered here, for a later publish may not have the source."""
    alternates: tuple[Rendition, ...] = ()
    """The same in other formats, in the order in which the show asked for them."""
    waveform: tuple[Waveform, ...] = ()
    """Of what decodes from this file."""
    file: Path | None = field(default=None, compare=False, metadata=_LOCAL)
    """The bytes, where this machine has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A re-encoded picture of stated size."""

    key: Key
    sha256: Digest
    size: int
    type: str
    width: int
    height: int
    source_sha256: Digest
    body: bytes | None = field(default=None, compare=False, repr=False, metadata=_LOCAL)
    """The bytes, unless the store already has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An episode that listeners get, with its audio."""

    episode: Episode
    media: Media
    pictures: tuple[Picture, ...] = ()
    """Its own art, widest first; empty where the show's cover stands for it."""
    modern: tuple[Picture, ...] = ()
    """The same in a format that is smaller and that not every program knows, widest first."""
    share: Picture | None = None
    """What stands beside a link to it in messages and on social networks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Former:
    """A web name that an episode had before."""

    guid: Guid
    slug: Slug


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """What should be published, whole."""

    show: Show
    entries: tuple[Entry, ...]
    """Live episodes in order of publication, oldest first."""
    pictures: tuple[Picture, ...]
    """The show's cover, widest first."""
    modern: tuple[Picture, ...] = ()
    """The same in a format that is smaller and that not every program knows, widest first."""
    icons: tuple[Picture, ...] = ()
    """The cover as browsers and home screens show it, widest first."""
    share: Picture | None = None
    """What stands beside a link to the show in messages and on social networks."""
    withdrawn: tuple[Entry, ...] = ()
    """Episodes that were published once and taken back; what they were is kept, so that they can return unchanged."""
    portraits: tuple[Picture, ...] = ()
    """Guests' photos, each once; `source_sha256` tells whose."""
    left: tuple[Key, ...] = ()
    """Pages of guests whom earlier releases named and this one does not, and of all transcripts that they had."""
    moved: tuple[Former, ...] = ()
    """Where pages of its episodes were before, in the order in which they moved; each address once, and none in use."""


# --- what must be in the store ----------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What an object is to a listener, and so when it may be written (see `plan`)."""

    AUDIO = "audio"
    PICTURE = "picture"
    SIDECAR = "sidecar"
    ASSET = "asset"
    PAGE = "page"
    RECORD = "record"
    FEED = "feed"
    LOG = "log"


class Cache(StrEnum):
    """Cache-Control by kind of key."""

    IMMUTABLE = "public, max-age=31536000, immutable"
    SHORT = "public, max-age=300"
    NONE = "no-store"


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """One thing that the store must hold."""

    key: Key
    kind: Kind
    type: str
    """Media type, with its charset where it is text."""
    cache: Cache
    sha256: Digest
    size: int
    body: bytes | Path | None = field(default=None, compare=False, repr=False, metadata=_LOCAL)
    """None: this machine does not have the bytes, because the store has had them since an earlier release."""


def stored(made: Media | Rendition | Waveform | Picture) -> Object:
    """The object that holds a rendered file."""
    return Object(
        key=made.key,
        kind=_KINDS[type(made)],
        type=made.type,
        cache=Cache.IMMUTABLE,
        sha256=made.sha256,
        size=made.size,
        body=made.file if isinstance(made, Media | Rendition) else made.body,
    )


_KINDS: Mapping[type, Kind] = {
    Media: Kind.AUDIO,
    Rendition: Kind.AUDIO,
    Waveform: Kind.SIDECAR,
    Picture: Kind.PICTURE,
}
"""What a rendered file is to a listener."""


def rendered(media: Media) -> tuple[Media | Rendition | Waveform, ...]:
    """Every file that rendering an episode made: the enclosure, then what goes with it."""
    return (media, *media.alternates, *media.waveform)


def shown(edition: Edition) -> tuple[Picture, ...]:
    """Every picture of an edition."""
    within: tuple[Edition | Entry, ...] = (edition, *edition.entries, *edition.withdrawn)
    every = (picture for each in within for picture in (*each.pictures, *each.modern, each.share))
    return (*(picture for picture in every if picture), *edition.icons, *edition.portraits)


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """An immutable record of everything one publish made true; the live feed names it."""

    format: int
    id: Digest
    """Digest of all the rest: the same content is the same release, whoever publishes it and when."""
    edition: Edition
    """As published, less the text of transcripts (their sidecars hold it)."""
    objects: tuple[Object, ...]
    """Every object, the feed among them (digest of the feed before it is stamped with `id`), without bodies."""
    feed: str = ""
    """The feed before it is stamped, so that listeners can get it back byte for byte."""


# --- what to do about it ----------------------------------------------------------------------------------------------


class Stage(StrEnum):
    """The order of writing; nothing of a later stage is written before all of an earlier one is safe."""

    UNSEEN = "unseen"
    """Objects that nothing visible links to yet: audio, pictures, sidecars, assets."""
    NEW_PAGES = "new pages"
    RECORD = "record"
    SWITCH = "switch"
    """The feed: the one write that listeners notice."""
    LAGGING_PAGES = "lagging pages"
    MOVED_PAGES = "moved pages"
    """What leads on to where a page is now: later than that page, so that no two lead to each other."""
    LOG = "log"


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Put one object, and why."""

    stage: Stage
    object: Object
    reason: str
    over: bool = False
    """It is to be written over what lies under its key, though that should never change: it is damaged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something that listeners will notice."""

    kind: str
    """A word for programs, such as `new`, `title` or `leaves`."""
    told: str
    """One sentence."""
    guid: Guid | None = None
    """Of the episode it is about; None for the show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All writes that make a store hold exactly a release, in a safe order."""

    release: Release
    actions: tuple[Action, ...]
    feed_expected: Version | None
    """The live feed's token when the plan was made; the switch is refused if it has changed since."""
    log_seen: frozenset[Key]
    """The entries of the log when the plan was made; any other means that somebody else is at work."""
    cleared_seen: Version | None = None
    """Token of `history.CLEARED` when the plan was made; any other means that somebody has cleared away since."""
    kept: int
    """Objects that are there already."""
    changes: tuple[Change, ...]
    """What listeners will notice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What a publish wrote, each object checked by its SHA-256 when it was stored."""

    release: Digest
    written: tuple[Object, ...]
    """In the order of the stages."""
    kept: int
    guarded: bool
    """False: the store ignores conditions, so that two publishers at once could lose each other's episode."""
    feed_version: Version | None
    """Token of the feed that listeners have now."""
    log_seen: frozenset[Key]
    """The entries of the log now."""
