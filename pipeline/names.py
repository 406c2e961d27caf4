"""The guests and topics of an edition, each with one page of its own."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipeline import digest
from pipeline.model import Digest, Edition, Entry, Episode, Key, Person, Picture
from pipeline.text import slugify, web_link


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A guest or a topic."""

    name: str
    """As spelled in the newest episode."""
    key: Key
    entries: tuple[Entry, ...]
    """The live episodes, oldest first; empty where all were withdrawn."""
    organisations: tuple[str, ...] = ()
    """A guest's, newest first."""
    link: str | None = None
    """A guest's own site: `http` or `https`."""
    portrait: Picture | None = None
    """A guest's newest photo."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """All guests and topics of an edition, by folded name, in order of first appearance."""

    guests: Mapping[str, Named]
    topics: Mapping[str, Named]


@lru_cache(maxsize=4096)  # a guest is looked for in every episode, by every list
def folded(name: str) -> str:
    """What two spellings of one name have in common: all but case, diacritics and white space."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())


def is_guest(key: Key) -> bool:
    """Whether that is the page of a guest."""
    return key.startswith("guests/") and key.endswith(".html") and key != "guests/index.html"


def portraits(edition: Edition) -> Mapping[Digest, Picture]:
    """Guests' photos as they are published, by the SHA-256 of their sources."""
    return {picture.source_sha256: picture for picture in edition.portraits}


def guests(edition: Edition) -> Mapping[str, Named]:
    """Everybody who was a guest, by folded name, in order of first appearance, guests of withdrawn episodes included.

    The latter keep the key of their page, so that what listeners have bookmarked never becomes somebody else's.
    """
    return _named(edition, "guests", lambda episode: episode.guests)


def topics(edition: Edition) -> Mapping[str, Named]:
    """Every topic, as `guests`."""
    return _named(edition, "topics", lambda episode: [Person(name=topic) for topic in episode.topics])


def both(edition: Edition) -> Names:
    """Its guests and its topics, for who asks for them again and again."""
    return Names(guests=guests(edition), topics=topics(edition))


def _named(edition: Edition, folder: str, of: Callable[[Episode], Iterable[Person]]) -> Mapping[str, Named]:
    live = {entry.episode.guid: entry for entry in edition.entries}
    every = [entry.episode for entry in (*edition.entries, *edition.withdrawn)]
    heard: dict[str, list[tuple[Episode, Person]]] = {}
    for episode in sorted(every, key=lambda episode: episode.published):
        for person in of(episode):
            heard.setdefault(folded(person.name), []).append((episode, person))
    slugs = _slugs(list(heard))
    photos = portraits(edition)
    return {
        name: _one(
            [person for _, person in times],
            Key(f"{folder}/{slugs[name]}.html"),
            tuple(live[guid] for guid in dict.fromkeys(episode.guid for episode, _ in times) if guid in live),
            photos,
        )
        for name, times in heard.items()
    }


def _one(spellings: list[Person], key: Key, entries: tuple[Entry, ...], photos: Mapping[Digest, Picture]) -> Named:
    newest_first = spellings[::-1]
    return Named(
        name=newest_first[0].name,
        key=key,
        entries=entries,
        organisations=tuple(dict.fromkeys(person.organisation for person in newest_first if person.organisation)),
        portrait=next(
            (photos[one.image.sha256] for one in newest_first if one.image and one.image.sha256 in photos), None
        ),
        link=next((link for person in newest_first if (link := web_link(person.link))), None),
    )


def _slugs(names: list[str]) -> Mapping[str, str]:
    """A slug for each name; those that are taken get a number, earlier names first. `index` is the list's own page."""
    slugs: dict[str, str] = {}
    taken = {"index"}
    for name in names:
        base = slugify(name) or f"x-{digest.of_bytes(name.encode('utf-8', 'surrogatepass'))[:8]}"
        slug, number = base, 1
        while slug in taken:
            number += 1
            slug = f"{base}-{number}"
        slugs[name] = slug
        taken.add(slug)
    return slugs
