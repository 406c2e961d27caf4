"""Which tag of a feed becomes which key of show.yaml and episode.md, as rows, and which tags nobody has to keep."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import urljoin, urlsplit

from pipeline import formats
from pipeline.catalog import podcast_guid
from pipeline.catalog.values import seconds
from pipeline.history import FEED
from pipeline.importer import markdown, moments
from pipeline.importer.tree import Node
from pipeline.importer.words import Words
from pipeline.model import Chapter
from pipeline.text import shorten, timestamp

_LONGEST_TITLE = 255
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Plain: TypeAlias = Any
"""Texts, lists and mappings of texts."""


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A show as its feed tells it."""

    channel: Node
    items: tuple[Node, ...]
    """Those that become episodes, in order of publication."""
    address: str
    """Where the feed is, or was; empty where that is not known."""
    base_url: str | None
    """Where the show will be."""
    cover: str
    """The name of the file."""

    @property
    def ours(self) -> bool:
        """Whether omroep wrote the feed."""
        return self.channel.said("generator") == "omroep"

    @cached_property
    def timezone(self) -> str | None:
        """The zone in which its moments were written."""
        found = (moments.moment(item.said("pubDate", "dc:date")) for item in self.items)
        return moments.zone(language(self.channel), (each for each in found if each))


@dataclass(frozen=True, kw_only=True)
class Piece:
    """An item, and what was brought of what it names."""

    whole: Whole
    item: Node
    words: Words
    audio: str
    """Names of files in the episode's folder, here and below; None where there is none."""
    chapters: tuple[Chapter, ...] = ()
    transcript: str | None = None
    image: str | None = None


Scope = TypeVar("Scope", Whole, Piece)


@dataclass(frozen=True, slots=True)
class Row(Generic[Scope]):
    """A key, the tags that it is made of with the attributes that it takes of each, and how."""

    key: str
    takes: Mapping[str, str]
    """By tag, those within another behind a slash; attributes with spaces between them."""
    value: Callable[[Scope], Plain]


# --- parts ------------------------------------------------------------------------------------------------------------


def language(channel: Node) -> str:
    """The language tag of a feed, with dashes."""
    return channel.said("language", "dc:language").replace("_", "-")


def _yes(text: str) -> str | None:
    return "yes" if text.lower() in {"yes", "true"} else None


def explicit(node: Node) -> str | None:
    """`yes` or `no`, in the words that Apple has had for it."""
    said = node.said("itunes:explicit", "googleplay:explicit").lower()
    return {"yes": "yes", "true": "yes", "explicit": "yes", "": None}.get(said, "no")


def _attributes(node: Node, **names: str) -> dict[str, str]:
    """Attributes that are there, each under a key."""
    return {key: value for key, name in names.items() if (value := node.attributes.get(name, "").strip())}


def _people(nodes: Iterable[Node], role: str) -> list[Plain]:
    return [_person(node, role) for node in nodes if node.text.strip()]


def _person(node: Node, role: str) -> Plain:
    told = _attributes(node, role="role", group="group", link="href")
    told = {
        key: value for key, value in told.items() if (key, value.lower()) not in {("role", role), ("group", "cast")}
    }
    return {"name": node.text.strip(), **told} if told else node.text.strip()


def _is_host(node: Node) -> bool:
    return node.attributes.get("role", "host").strip().lower() == "host"


def _same_people(piece: Piece) -> int:
    """How many of an item's persons, from the first, are the show's own, if all of these are there."""
    own = [_person(node, "host") for node in piece.whole.channel.all("podcast:person")]
    there = [_person(node, "host") for node in piece.item.all("podcast:person")]
    return len(own) if own and there[: len(own)] == own else 0


def _hosts(piece: Piece) -> list[Plain]:
    people = tuple(piece.item.all("podcast:person"))
    return [] if _same_people(piece) else _people((node for node in people if _is_host(node)), "host")


def _guests(piece: Piece) -> list[Plain]:
    people, own = tuple(piece.item.all("podcast:person")), _same_people(piece)
    return _people(people[own:] if own else (node for node in people if not _is_host(node)), "guest")


def hostless(piece: Piece) -> bool:
    """Whether it names people, and none of them is a host, though the show has hosts."""
    people = tuple(piece.item.all("podcast:person"))
    return bool(people and not any(map(_is_host, people)) and next(piece.whole.channel.all("podcast:person"), None))


def _categories(whole: Whole) -> list[str]:
    found = []
    for main in whole.channel.all("itunes:category"):
        name = main.attributes.get("text", "").strip()
        subs = [sub.attributes.get("text", "").strip() for sub in main.all("itunes:category")]
        found += [f"{name} > {sub}" for sub in subs] or [name]
    return [name for name in dict.fromkeys(found) if name]


def _owner(whole: Whole) -> Plain:
    owner = next(whole.channel.all("itunes:owner"), None)
    if not owner:
        return None
    email = owner.said("itunes:email")
    return {"name": owner.said("itunes:name") or whole.channel.said("itunes:author"), "email": email} if email else None


def _locations(node: Node) -> list[Plain]:
    return [
        {"name": each.text.strip(), **_attributes(each, rel="rel", geo="geo", osm="osm", country="country")}
        for each in node.all("podcast:location")
    ]


def _license(node: Node) -> Plain:
    told = next(node.all("podcast:license"), None)
    return {"name": told.text.strip(), **_attributes(told, link="url")} if told else None


def _notes(node: Node) -> list[Plain]:
    return [{"text": each.text.strip(), **_attributes(each, purpose="purpose")} for each in node.all("podcast:txt")]


def _discussion(node: Node) -> Plain:
    posts = sorted(node.all("podcast:socialInteract"), key=_priority)
    if any(post.attributes.get("protocol") == "disabled" for post in posts):
        return "no"
    keys = {"protocol": "protocol", "link": "uri", "account": "accountId", "account_link": "accountUrl"}
    return [_attributes(post, **keys) for post in posts]


def _chat(node: Node) -> Plain:
    keys = {"server": "server", "protocol": "protocol", "account": "accountId", "space": "space"}
    return next((_attributes(each, **keys) for each in node.all("podcast:chat")), None)


def _priority(post: Node) -> int:
    said = post.attributes.get("priority", "")
    return int(said) if said.isdecimal() else 1_000_000


def _frequency(whole: Whole) -> Plain:
    told = next(whole.channel.all("podcast:updateFrequency"), None)
    if not told:
        return None
    keys = _attributes(told, rrule="rrule", dtstart="dtstart", complete="complete")
    keys |= {"dtstart": keys["dtstart"][:10]} if "dtstart" in keys else {}
    return {"text": told.text.strip(), **keys}


def _elsewhere(node: Node) -> list[Plain]:
    return [
        _attributes(each, guid="feedGuid", feed="feedUrl", title="title") for each in node.all("podcast:remoteItem")
    ]


def _seasons(whole: Whole) -> list[Plain]:
    names = {
        int(number): name
        for item in whole.items
        for each in item.all("podcast:season")
        if (name := each.attributes.get("name", "").strip()) and (number := each.text.strip()).isdecimal()
    }
    return [{"number": str(number), "name": name} for number, name in sorted(names.items())]


def _alternates(whole: Whole) -> Plain:
    """The formats that every item is offered in beside its own, with their bitrates."""
    offered = [set(_others(item)) for item in whole.items]
    shared = sorted(set.intersection(*offered)) if offered else []
    return {"also": [dict(each) for each in shared]} if shared else None


def _others(item: Node) -> Iterator[tuple[tuple[str, str], ...]]:
    for node in item.all("podcast:alternateEnclosure"):
        if node.attributes.get("default") == "true":
            continue
        with suppress(KeyError, ValueError, OverflowError):  # a format that omroep does not make
            format = formats.of(node.attributes.get("type", ""))
            kbps = round(float(node.attributes.get("bitrate", "")) / 1000)
            usual = kbps in (format.mono_kbps, format.stereo_kbps)
            yield (("format", format.word), *(() if usual else (("bitrate", str(kbps)),)))


def _guid(whole: Whole) -> str | None:
    said = whole.channel.said("podcast:guid")
    if _UUID.fullmatch(said):
        return said
    return podcast_guid(whole.address) if whole.address else None


def _new_feed_url(whole: Whole) -> str | None:
    said = whole.channel.said("itunes:new-feed-url")
    return said if whole.base_url and said == whole.base_url + FEED else None


def moved_to(whole: Whole) -> str | None:
    """Where the feed says that it has moved, if that is somewhere else than where the show will be."""
    said = whole.channel.said("itunes:new-feed-url")
    return said if said and said not in {_new_feed_url(whole), whole.address} else None


def picture(node: Node, whole_address: str) -> str:
    """The address of the art of a channel or item; empty where it has none."""
    for image in node.all("itunes:image", "googleplay:image"):
        if href := image.attributes.get("href", "").strip():
            return urljoin(whole_address, href)
    artwork = (each for each in node.all("podcast:image") if "artwork" in each.attributes.get("purpose", "artwork"))
    href = next((each.attributes.get("href", "") for each in artwork), "")
    href = href or next((image.said("url") for image in node.all("image")), "")
    return urljoin(whole_address, href.strip()) if href else ""


def _alt(node: Node) -> str | None:
    return next((alt for each in node.all("podcast:image") if (alt := each.attributes.get("alt", "").strip())), None)


def enclosure(item: Node) -> Node | None:
    """The item's audio: its enclosure, else what media RSS has in its place."""
    found = (each for each in item.all("enclosure", "media:content") if each.attributes.get("url", "").strip())
    return next(found, None)


def guid(item: Node) -> str:
    """What apps know an item by: its guid to the letter, else the address of its audio."""
    said = next((each.text for each in item.all("guid") if each.text.strip()), "")
    there = enclosure(item)
    return said or (there.attributes["url"] if there else "")


def _date(piece: Piece) -> str | None:
    found = moments.moment(piece.item.said("pubDate", "dc:date"))
    return moments.written(found) if found else None


def _title(piece: Piece) -> str:
    return shorten(" ".join(title(piece.item).split()), _LONGEST_TITLE)


def title(item: Node) -> str:
    """What an item is called; without number or show name, where `itunes:title` has it so."""
    long, short = item.said("title"), item.said("itunes:title")
    return short if short and short in (long or short) else long or "(no title)"


def _number(piece: Piece) -> str:
    return piece.item.said("itunes:episode", "podcast:episode")


def _topics(piece: Piece) -> list[str]:
    named = [each.text for each in piece.item.all("category")]
    named = named or piece.item.said("itunes:keywords").split(",")
    return list(dict.fromkeys(name.strip() for name in named if name.strip()))


def _own_explicit(piece: Piece) -> str | None:
    own, shows = explicit(piece.item), explicit(piece.whole.channel) or "no"
    return own if own != shows else None


def _chapters(piece: Piece) -> list[Plain]:
    return [
        {"start": _clock(each), "title": each.title, "link": each.link} if each.link else f"{_clock(each)} {each.title}"
        for each in piece.chapters
    ]


def _clock(chapter: Chapter) -> str:
    return re.sub(r"^00:0?", "", timestamp(chapter.start_s)).removesuffix(".000")


def _soundbites(piece: Piece) -> list[Plain]:
    return [
        {**_moment(each, "start", "startTime"), **_moment(each, "duration", "duration"), "title": each.text.strip()}
        for each in piece.item.all("podcast:soundbite")
    ]


def _moment(node: Node, key: str, name: str) -> dict[str, str]:
    said = node.attributes.get(name, "").strip()
    whole, _, fraction = said.partition(".")
    try:
        seconds(short := f"{whole}.{fraction[:3]}" if fraction else whole)
    except ValueError:
        return {}
    return {key: short}


def _description(whole: Whole) -> str:
    said = whole.channel.said("description", "itunes:summary", "googleplay:description")
    return said if whole.ours else markdown.plain(said)


def _unless(node: Node, usual: str, tag: str) -> str:
    """What a tag says, unless it says what is so without it."""
    said = node.said(tag)
    return "" if said.lower() == usual else said


def _tag(name: str, attributes: str = "") -> dict[str, str]:
    return {name: attributes}


# --- the tables -------------------------------------------------------------------------------------------------------

_PERSON = _tag("podcast:person", "role group href")
_REMOTE = "feedGuid feedUrl title medium"
_IMAGES = {
    "itunes:image": "href",
    "googleplay:image": "href",
    "podcast:image": "href alt width height type purpose aspect-ratio",
    "podcast:images": "srcset",
    "image": "",
    **{f"image/{name}": "" for name in ("url", "title", "link", "width", "height", "description")},
}
_LOCATION = _tag("podcast:location", "rel geo osm country")
_LICENSE = _tag("podcast:license", "url")
_TXT = _tag("podcast:txt", "purpose")
_CHAT = _tag("podcast:chat", "server protocol accountId space")
_DISCUSSION = _tag("podcast:socialInteract", "protocol uri accountId accountUrl priority")

SHOW: tuple[Row[Whole], ...] = (
    Row("title", _tag("title"), lambda whole: whole.channel.said("title")),
    Row("subtitle", _tag("itunes:subtitle"), lambda whole: whole.channel.said("itunes:subtitle")),
    Row(
        "description",
        {"description": "", "itunes:summary": "", "googleplay:description": ""},
        _description,
    ),
    Row("language", {"language": "", "dc:language": ""}, lambda whole: language(whole.channel)),
    Row(
        "author",
        {"itunes:author": "", "googleplay:author": ""},
        lambda whole: whole.channel.said("itunes:author", "googleplay:author"),
    ),
    Row("owner", {"itunes:owner": "", "itunes:owner/itunes:name": "", "itunes:owner/itunes:email": ""}, _owner),
    Row("base_url", {}, lambda whole: whole.base_url),
    Row("guid", _tag("podcast:guid"), _guid),
    Row("cover", _IMAGES, lambda whole: whole.cover),
    Row("cover_alt", {}, lambda whole: _alt(whole.channel)),
    Row("categories", {"itunes:category": "text", "itunes:category/itunes:category": "text"}, _categories),
    Row("explicit", {"itunes:explicit": "", "googleplay:explicit": ""}, lambda whole: explicit(whole.channel)),
    Row("type", _tag("itunes:type"), lambda whole: _unless(whole.channel, "episodic", "itunes:type")),
    Row("complete", _tag("itunes:complete"), lambda whole: _yes(whole.channel.said("itunes:complete"))),
    Row("copyright", _tag("copyright"), lambda whole: whole.channel.said("copyright")),
    Row("timezone", {}, lambda whole: whole.timezone),
    Row("locked", _tag("podcast:locked", "owner"), lambda whole: _yes(whole.channel.said("podcast:locked"))),
    Row("medium", _tag("podcast:medium"), lambda whole: _unless(whole.channel, "podcast", "podcast:medium")),
    Row("new_feed_url", _tag("itunes:new-feed-url"), _new_feed_url),
    Row("hosts", _PERSON, lambda whole: _people(whole.channel.all("podcast:person"), "host")),
    Row("seasons", {}, _seasons),
    Row("update_frequency", _tag("podcast:updateFrequency", "rrule dtstart complete"), _frequency),
    Row(
        "funding",
        _tag("podcast:funding", "url"),
        lambda whole: [
            {"link": each.attributes.get("url", ""), "text": each.text.strip() or each.attributes.get("url", "")}
            for each in whole.channel.all("podcast:funding")
        ],
    ),
    Row("locations", _LOCATION, lambda whole: _locations(whole.channel)),
    Row("license", _LICENSE, lambda whole: _license(whole.channel)),
    Row("discussion", _DISCUSSION, lambda whole: _discussion(whole.channel)),
    Row("txt", _TXT, lambda whole: _notes(whole.channel)),
    Row("chat", _CHAT, lambda whole: _chat(whole.channel)),
    Row(
        "podping",
        _tag("podcast:podping", "usesPodping"),
        lambda whole: next(
            (_yes(each.attributes.get("usesPodping", "")) for each in whole.channel.all("podcast:podping")), None
        ),
    ),
    Row(
        "hubs",
        _tag("atom:link", "rel href type title"),
        lambda whole: [
            each.attributes.get("href", "")
            for each in whole.channel.all("atom:link")
            if each.attributes.get("rel") == "hub"
        ],
    ),
    Row(
        "publisher",
        {"podcast:publisher": "", "podcast:publisher/podcast:remoteItem": _REMOTE},
        lambda whole: next(
            (each for node in whole.channel.all("podcast:publisher") for each in _elsewhere(node)), None
        ),
    ),
    Row(
        "podroll",
        {"podcast:podroll": "", "podcast:podroll/podcast:remoteItem": _REMOTE},
        lambda whole: [found for each in whole.channel.all("podcast:podroll") for found in _elsewhere(each)],
    ),
    Row("block", _tag("itunes:block"), lambda whole: _yes(whole.channel.said("itunes:block"))),
    Row("audio", {}, _alternates),
)
"""The keys of show.yaml, in the order in which they are written."""

EPISODE: tuple[Row[Piece], ...] = (
    Row("title", {"title": "", "itunes:title": ""}, _title),
    Row("date", {"pubDate": "", "dc:date": ""}, _date),
    Row("guid", _tag("guid", "isPermaLink"), lambda piece: guid(piece.item)),
    Row("number", {"itunes:episode": "", "podcast:episode": ""}, _number),
    Row(
        "season",
        {"itunes:season": "", "podcast:season": "name"},
        lambda piece: piece.item.said("itunes:season", "podcast:season"),
    ),
    Row("type", _tag("itunes:episodeType"), lambda piece: _unless(piece.item, "full", "itunes:episodeType")),
    Row(
        "summary",
        {"itunes:summary": "", "itunes:subtitle": "", "description": "", "content:encoded": ""},
        lambda piece: piece.words.summary,
    ),
    Row("hosts", {}, _hosts),
    Row("guests", _PERSON, _guests),
    Row("topics", {"category": "domain", "itunes:keywords": ""}, _topics),
    Row("explicit", {"itunes:explicit": "", "googleplay:explicit": ""}, _own_explicit),
    Row("audio", _tag("enclosure", "url type length"), lambda piece: piece.audio),
    Row("transcript", _tag("podcast:transcript", "url type language rel"), lambda piece: piece.transcript),
    Row("image", _IMAGES, lambda piece: piece.image),
    Row("image_alt", {}, lambda piece: _alt(piece.item) if piece.image else None),
    Row("block", _tag("itunes:block"), lambda piece: _yes(piece.item.said("itunes:block"))),
    Row("soundbites", _tag("podcast:soundbite", "startTime duration"), _soundbites),
    Row("locations", _LOCATION, lambda piece: _locations(piece.item)),
    Row("license", _LICENSE, lambda piece: _license(piece.item)),
    Row("discussion", _DISCUSSION, lambda piece: _discussion(piece.item)),
    Row("txt", _TXT, lambda piece: _notes(piece.item)),
    Row("chat", _CHAT, lambda piece: _chat(piece.item)),
    Row(
        "chapters",
        {
            "podcast:chapters": "url type",
            "psc:chapters": "version",
            "psc:chapters/psc:chapter": "start title href",
        },
        _chapters,
    ),
)
"""The keys of an episode.md, in the order in which they are written."""

MADE: Mapping[str, str] = {
    "lastBuildDate": "",
    "pubDate": "",
    "generator": "",
    "docs": "",
    "ttl": "",
    "item": "*",
    "itunes:duration": "",
    "itunes:order": "",
    "atom:link": "rel href type title",
    "media:content": "*",
    "media:thumbnail": "*",
    "podcast:trailer": "*",
    "podcast:alternateEnclosure": "*",
}
"""What omroep makes itself of what it has; `*` stands for all attributes and all that is within."""


def rooted(address: str, base: str) -> str:
    """An address in a feed, which may be relative to that feed's own."""
    joined = urljoin(base, address.strip())
    return joined if urlsplit(joined).scheme in {"http", "https"} else ""
