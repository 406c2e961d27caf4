"""What search engines are told of a show and its episodes, as JSON-LD in the words of schema.org."""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from markupsafe import Markup

from pipeline.history import FEED
from pipeline.model import Chapter, Entry, Key, Person, Picture, Show
from pipeline.pages.wording import fragment
from pipeline.text import whole_seconds, xml_safe

_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def series(show: Show, picture: Picture | None) -> Markup:
    """The show as a PodcastSeries."""
    return _script({"@context": "https://schema.org", **_series(show), **_more(show, picture)})


def episode(
    entry: Entry,
    show: Show,
    *,
    page: Key,
    summary: str,
    chapters: tuple[Chapter, ...],
    picture: Picture | None,
) -> Markup:
    """An episode as a PodcastEpisode, with its chapters as Clips."""
    said = entry.episode
    told: Mapping[str, Any] = {
        "@context": "https://schema.org",
        "@type": "PodcastEpisode",
        "url": _at(show, page),
        "name": said.title,
        "description": summary,
        "datePublished": said.published.astimezone(UTC).isoformat(),
        "inLanguage": show.language,
        "episodeNumber": said.number,
        "partOfSeason": {"@type": "PodcastSeason", "seasonNumber": said.season} if said.season else None,
        "timeRequired": _length(entry.media.duration_s),
        "isFamilyFriendly": not said.explicit,
        "image": _at(show, picture.key) if picture else None,
        "actor": [_person(person) for person in said.guests],
        "keywords": ", ".join(said.topics),
        "associatedMedia": {
            "@type": "AudioObject",
            "contentUrl": _at(show, entry.media.key),
            "encodingFormat": entry.media.type,
            "contentSize": str(entry.media.size),
            "duration": _length(entry.media.duration_s),
        },
        "hasPart": _clips(chapters, entry, _at(show, page)),
        "partOfSeries": _series(show),
    }
    return _script(told)


def _at(show: Show, key: str) -> str:
    return show.base_url + key


def _series(show: Show) -> dict[str, Any]:
    return {
        "@type": "PodcastSeries",
        "@id": _at(show, "index.html"),
        "url": _at(show, "index.html"),
        "name": show.title,
        "webFeed": _at(show, FEED),
    }


def _more(show: Show, picture: Picture | None) -> dict[str, Any]:
    return {
        "description": show.description,
        "inLanguage": show.language,
        "author": {"@type": "Organization", "name": show.author},
        "image": _at(show, picture.key) if picture else None,
        "sameAs": [each.link for each in show.listen_on],
        "license": show.license.link if show.license else None,
        "actor": [_person(person) for person in show.hosts],
    }


def _clips(chapters: tuple[Chapter, ...], entry: Entry, page: str) -> list[dict[str, Any]]:
    ends = [chapter.start_s for chapter in chapters[1:]] + [entry.media.duration_s]
    return [
        {
            "@type": "Clip",
            "name": chapter.title,
            "startOffset": chapter.start_s,
            "endOffset": end,
            "url": f"{page}#t={fragment(chapter.start_s)}",
        }
        for chapter, end in zip(chapters, ends, strict=False)
    ]


def _person(person: Person) -> dict[str, Any]:
    firm = {"@type": "Organization", "name": person.organisation} if person.organisation else None
    return {"@type": "Person", "name": person.name, "affiliation": firm}


def _length(seconds: float) -> str:
    """ISO 8601, whole seconds."""
    return f"PT{whole_seconds(seconds)}S"


def _script(told: Mapping[str, Any]) -> Markup:
    """A data block that nothing said in it can end (HTML 4.12.1, restrictions for contents of script elements)."""
    text = json.dumps(_stated(told), ensure_ascii=False, separators=(",", ":"))
    for char, escape in _ESCAPED.items():
        text = text.replace(char, escape)
    return Markup(f'<script type="application/ld+json">{text}</script>')  # noqa: S704 (escaped above)


def _stated(value: Any) -> Any:
    """Without what is not known, and without what no page can carry."""
    match value:
        case str():
            return xml_safe(value)
        case dict():
            return {name: _stated(item) for name, item in value.items() if item not in (None, "", [], ())}
        case list():
            return [_stated(item) for item in value]
        case _:
            return value
