"""The site: an edition and a theme in, every page and asset out."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import Markup

from pipeline import addresses, channels, digest, names, sidecars
from pipeline.history import FEED
from pipeline.model import Cache, Chapter, Digest, Edition, Entry, Episode, Guid, Key, Kind, Object, Person, Season
from pipeline.names import Named, Names, folded
from pipeline.pages import apps, embed, linked, look, parts, qr, search, shelves, templates, transcripts
from pipeline.pages.colour import palette
from pipeline.pages.filters import blurb, fitting
from pipeline.pages.lean import lean
from pipeline.pages.look import Asset, Theme
from pipeline.pages.parts import Asked, Memory, Parts, Run, in_turn

_Context = Mapping[str, Any]
_Pages = Iterator[tuple[Key, _Context]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A kind of page."""

    template: str
    pages: Callable[[Edition, Names], _Pages]
    """Key and own context of each page of this kind; `base.html` and `_common` say what all of them have."""
    anywhere: bool = False
    """It is shown at other addresses than its own, so that its links begin at the root of the host."""


def _home(edition: Edition, _: Names) -> _Pages:
    yield (
        Key("index.html"),
        {
            "shelves": shelves.home(edition),
            "archive": shelves.older(edition)[::-1][: shelves.FEW],
            "search_fresh": search.fresh(edition),
        },
    )


def _archive(edition: Edition, _: Names) -> _Pages:
    every = shelves.older(edition)
    for page, before, after in zip(every, (None, *every), (*every[1:], None), strict=False):
        listed = shelves.shelves(edition, page.entries)
        yield page.key, {"page_of": page, "shelves": listed, "before": before, "after": after}


def _archive_list(edition: Edition, _: Names) -> _Pages:
    if shelves.are_many(edition):
        yield shelves.LIST, {"archive": shelves.older(edition)[::-1]}


def _transcript_lists(edition: Edition, _: Names) -> _Pages:
    every = transcripts.listed(edition)
    for page in every:
        yield page.key, {"page_of": page, "others": every[::-1]}


def _cards(edition: Edition, _: Names) -> _Pages:
    """One under every address that an episode has and had: who kept an old one gets what it is now."""
    live = _live(edition)
    for slug, entry in addresses.homes(edition).items():
        told = _card if entry.episode.guid in live else _withdrawn_card
        yield addresses.card(slug), {"card": told(edition, entry)}


def _card(edition: Edition, entry: Entry) -> Mapping[str, object]:
    pictures = entry.pictures or edition.pictures
    picture = fitting(pictures, _THUMBNAIL) if pictures else None
    return embed.card(edition.show, entry.episode, addresses.page(entry.episode.slug), picture)


def _withdrawn_card(edition: Edition, entry: Entry) -> Mapping[str, object]:
    return embed.withdrawn_card(edition.show, entry.episode)


def _withdrawn(edition: Edition, _: Names) -> _Pages:
    """Under every address that a withdrawn episode had, and no live one has."""
    live = _live(edition)
    for slug, entry in addresses.homes(edition).items():
        if entry.episode.guid not in live:
            yield addresses.page(slug), {"episode": entry.episode}


def _moved(edition: Edition, _: Names) -> _Pages:
    for key, episode in _leading_on(edition).items():
        home, card = addresses.page(episode.slug), addresses.card(episode.slug)
        yield key, {"episode": episode, "home": home, "embed_card": card}


def _leading_on(edition: Edition) -> Mapping[Key, Episode]:
    """Where the page of a live episode was before, and pages of its transcript; which episode's that was."""
    live = _live(edition)
    homes = {
        slug: entry.episode
        for slug, entry in addresses.homes(edition).items()
        if entry.episode.guid in live and entry.episode.slug != slug
    }
    read = {key: homes[slug] for key in edition.left if (slug := transcripts.whose(key)) in homes}
    return {addresses.page(slug): episode for slug, episode in homes.items()} | read


def _live(edition: Edition) -> frozenset[Guid]:
    return frozenset(entry.episode.guid for entry in edition.entries)


def _guests(_: Edition, named: Names) -> _Pages:
    return ((guest.key, {"guest": guest}) for guest in named.guests.values() if guest.entries)


def _topics(_: Edition, named: Names) -> _Pages:
    return ((topic.key, {"topic": topic}) for topic in named.topics.values() if topic.entries)


def _emptied(edition: Edition, named: Names) -> _Pages:
    """Guests, topics and older episodes of which only withdrawn ones are left, or none, and transcripts that are no
    more: they say nothing any more.
    """
    every = (*named.guests.values(), *named.topics.values())
    yield from ((each.key, {}) for each in every if not each.entries)
    moved = _leading_on(edition)
    yield from ((key, {}) for key in (*shelves.emptied(edition), *edition.left) if key not in moved)


def _subscribe(edition: Edition, _: Names) -> _Pages:
    yield SUBSCRIBE, {"code": qr.drawn(edition.show.base_url + SUBSCRIBE)}


def _once(key: str) -> Callable[[Edition, Names], _Pages]:
    return lambda edition, named: iter([(Key(key), {})])


TABLE = (
    Row(template="index.html", pages=_home),
    Row(template="archive.html", pages=_archive),
    Row(template="archives.html", pages=_archive_list),
    Row(template="transcripts.html", pages=_transcript_lists),
    Row(template="oembed.json", pages=_cards),
    Row(template="withdrawn.html", pages=_withdrawn),
    Row(template="moved.html", pages=_moved),
    Row(template="guests.html", pages=_once("guests/index.html")),
    Row(template="guest.html", pages=_guests),
    Row(template="topics.html", pages=_once("topics/index.html")),
    Row(template="topic.html", pages=_topics),
    Row(template="gone.html", pages=_emptied),
    Row(template="subscribe.html", pages=_subscribe),
    Row(template="about.html", pages=_once("about.html")),
    Row(template="404.html", pages=_once("404.html"), anywhere=True),
    Row(template="sitemap.xml", pages=_once("sitemap.xml")),
    Row(template="robots.txt", pages=_once("robots.txt")),
    Row(template="site.webmanifest", pages=_once("site.webmanifest")),
)
"""Every kind of page but those of one episode; a new one is a row here and a template."""
_EPISODE = "episode.html"
_TRANSCRIPT = "transcript.html"

SUBSCRIBE = Key("subscribe.html")

SMALL_SHOW = 50
"""Episodes up to which the lists of guests and topics tell how many or which episodes each has; of more, names only: it
stays readable, and a new episode does not change them."""

_THUMBNAIL = 600
"""Width in pixels of the picture beside an episode that others show."""

_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".xml": "application/xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What a browser shows."""

    objects: tuple[Object, ...]
    """Every asset, then every page; those of pages that were known have no body."""
    memory: Memory

    @property
    def made(self) -> Mapping[Digest, Object]:
        """What may be known the next time, by what it is made of."""
        return self.memory.made


def compose(edition: Edition, theme: Theme, run: Run = in_turn) -> tuple[Object, ...]:
    """Every page and asset of the site, assets first; the same arguments give the same bytes, whoever has it `run`.

    Links are relative, so that the site works under any address and from a folder; those of `404.html`, which is served
    at every depth, have the path of `show.base_url`, and what others read (canonical addresses, OpenGraph, the sitemap)
    has all of it.
    Raises ShowError for a template that cannot be rendered, ValueError for notes that `notes.html` refuses or a colour
    that is not `#rrggbb`.
    """
    return site(edition, theme, {}, "", run).objects


def site(edition: Edition, theme: Theme, known: Mapping[Digest, Object], program: str, run: Run = in_turn) -> Site:
    """The same; pages of episodes and transcripts that are `known`, made of the same by the same `program`, are not
    made again.

    Where a show has templates of its own, nobody knows what they name: then all are made.
    """
    jinja = templates.environment(edition, theme)
    assets = _assets(edition, theme, jinja)
    frame = _frame(edition, theme, {name: asset.key for name, asset in assets.items()})
    ours = look.ours(theme)
    common = [frame["edition"], frame["has"], [asset.key for asset in assets.values()], theme.sources, program]
    memory, named = Memory(known if ours else {}, common, run), names.both(edition)
    wide = {**frame, **_wide(edition, theme, named)}
    indexed = search.blocks(edition, memory)
    alone = memory.have((*indexed, *_of_episodes(jinja, edition, named, frame if ours else wide, memory)))
    blocks, of_episodes = alone[: len(indexed)], alone[len(indexed) :]
    read = [page.key for page in of_episodes if transcripts.is_page(page.key)]
    spoken = [*(page.key for page in transcripts.listed(edition)), *read]
    edition = replace(edition, left=tuple(key for key in edition.left if key not in set(spoken)))
    wide |= {"edition": edition, "transcript_pages": spoken, "search_blocks": blocks}
    whole = memory.have(
        Asked(make=partial(_whole, jinja, edition, row, key, wide, own))
        for row in TABLE
        for key, own in row.pages(edition, named)
    )
    return Site(objects=(*assets.values(), *blocks, *whole, *of_episodes), memory=memory)


def feed_style(site: Iterable[Object]) -> Key | None:
    """Where the style sheet lies by which a browser shows a feed."""
    styles = (made.key for made in site if made.kind is Kind.ASSET and posixpath.dirname(made.key) == "assets")
    return next((key for key in styles if re.fullmatch(r"assets/feed\.[0-9a-f]{16}\.css", key)), None)


def _is_style(asset: Asset) -> bool:
    return asset.name.endswith(".css")


def _assets(edition: Edition, theme: Theme, jinja: Environment) -> Mapping[str, Object]:
    """Assets by name; style sheets are rendered last, as they may name the others."""
    wanted = (asset for asset in theme.assets if asset.name != addresses.SCRIPT or edition.moved)
    made = {asset.name: _asset(asset, asset.body) for asset in wanted if not _is_style(asset)}
    context = {
        **palette(edition.show.colour),
        **_links(edition, "style.css", Key("assets/style.css")),
        "asset": {name: posixpath.basename(made[name].key) for name in made},
        "edition": edition,
        "show": edition.show,
        "direction": theme.locale.text_direction,
    }
    styles = (asset for asset in theme.assets if _is_style(asset))
    return made | {
        style.name: _asset(style, templates.rendered(jinja, f"assets/{style.name}", context)) for style in styles
    }


def _asset(asset: Asset, body: bytes) -> Object:
    body = lean(asset.name, body)
    stem, ending = posixpath.splitext(asset.name)
    key = Key(f"assets/{stem}.{digest.of_bytes(body)[:16]}{ending}")
    return _object(key, Kind.ASSET, asset.type, Cache.IMMUTABLE, body)


def _frame(edition: Edition, theme: Theme, assets: Mapping[str, Key]) -> _Context:
    """What every template may name, besides the links of `_links`: of the show, and nothing of any episode."""
    return {
        "edition": parts.frame(edition),
        "show": edition.show,
        "has": {
            "episodes": bool(edition.entries),
            "guests": any(entry.episode.guests for entry in edition.entries),
            "topics": any(entry.episode.topics for entry in edition.entries),
            "transcripts": any(map(sidecars.is_spoken, edition.entries)),
        },
        "small_show": SMALL_SHOW,
        "long_list": 2 * shelves.SLICE,
        "locale": theme.locale,
        "colours": palette(edition.show.colour),
        "assets": assets,
        "feed": FEED,
    }


def _wide(edition: Edition, theme: Theme, named: Names) -> _Context:
    """What the templates of all pages but those of episodes may name too; a show's own templates, everywhere."""

    def guest(person: Person) -> Named:
        return named.guests[folded(person.name)]

    def topic(name: str) -> Named:
        return named.topics[folded(name)]

    return {
        "edition": edition,
        "season_feeds": _season_feeds(edition, theme),
        "series": linked.series(edition.show, edition.share or next(iter(edition.pictures), None)),
        "ways": apps.ways(edition.show, edition.show.base_url + FEED),
        "older": shelves.older(edition),
        "older_list": shelves.LIST if shelves.are_many(edition) else None,
        "beyond_feed": edition.entries[: -len(channels.main(edition).edition.entries) or None],
        "topic_feed": lambda named: channels.topic_feed(edition.show, named),
        "guest_of": guest,
        "topic_of": topic,
        "guests": [each for each in named.guests.values() if each.entries],
        "topics": [each for each in named.topics.values() if each.entries],
    }


def _season_feeds(edition: Edition, theme: Theme) -> tuple[tuple[Season, Key], ...]:
    """Every season that has something to hear and a feed of its own."""
    return tuple(
        (season, key)
        for season, entries in channels.seasons(edition, theme.translations.gettext)
        if entries and (key := channels.season_feed(edition.show, season.number))
    )


def _links(edition: Edition, template: str, key: Key, anywhere: bool = False) -> _Context:
    """`to(key)`: the address of an object as seen from this page; `absolute(key)`: as seen from everywhere.

    `to` gives the same on all pages that have the same `here`.
    """
    here, up = key[: key.rfind("/") + 1], "../" * key.count("/")

    def absolute(target: str) -> str:
        return edition.show.base_url + target

    def rooted(target: str) -> str:
        return urlsplit(edition.show.base_url).path + target  # another host that shows a copy may load these too

    def relative(target: str) -> str:
        return target.removeprefix(here) if target.startswith(here) else up + target  # keys have no `.` or `..` parts

    return {
        "key": key,
        "kind": template,
        "here": "/" if anywhere else here,
        "absolute": absolute,
        "to": rooted if anywhere else relative,
        "page": lambda episode: (rooted if anywhere else relative)(addresses.page(episode.slug)),
    }


def _whole(
    jinja: Environment, edition: Edition, row: Row, key: Key, common: _Context, own: _Context
) -> tuple[Object, ...]:
    """A page that may name all of the edition."""
    links = _links(edition, row.template, key, row.anywhere)
    return (_page(jinja, row.template, key, {**common, **links, **own}),)


def _of_episodes(
    jinja: Environment, edition: Edition, named: Names, common: _Context, memory: Memory
) -> Iterator[Asked]:
    """The page of each episode, after those of its transcript where that is long."""
    said = _Said()
    for each in parts.each(edition, named):
        if transcripts.is_long(each.entry):
            yield memory.several(each.entry, partial(_transcript, jinja, edition, each.entry, common, said))
        yield memory.page(each, partial(_episode_page, jinja, edition, each, common, said))


class _Said:
    """What the pages of an episode need of what is said in it, worked out once where they are made in turn."""

    def __init__(self) -> None:
        self._entry: Entry | None = None
        self._found: _Context = {}

    def of(self, entry: Entry) -> _Context:
        """Its chapters, its transcript as it is laid out, and the file that players read."""
        if entry is not self._entry:
            chapters, cues = sidecars.moved_chapters(entry), sidecars.moved_cues(entry)
            self._entry, self._found = (
                entry,
                {
                    "chapters": chapters,
                    "transcript": transcripts.laid_out(entry, chapters, cues),
                    "captions": sidecars.written(entry, cues),
                },
            )
        return self._found


def _episode_page(
    jinja: Environment, edition: Edition, made_of: Parts, common: _Context, said: _Said
) -> tuple[Object, ...]:
    key = addresses.page(made_of.entry.episode.slug)
    own = _episode(parts.frame(edition), made_of, said.of(made_of.entry))
    return (_page(jinja, _EPISODE, key, {**own, **common, **_links(edition, _EPISODE, key)}),)


def _transcript(
    jinja: Environment, edition: Edition, entry: Entry, common: _Context, said: _Said
) -> tuple[Object, ...]:
    """The pages of a long transcript."""
    own = {"entry": entry, "episode": entry.episode, **said.of(entry)}
    every = own["transcript"].parts
    return tuple(
        _page(
            jinja,
            _TRANSCRIPT,
            part.key,
            {
                **common,
                **_links(edition, _TRANSCRIPT, part.key),
                **own,
                **{"part": part, "before": before, "after": after},
            },
        )
        for part, before, after in zip(every, (None, *every), (*every[1:], None), strict=False)
    )


def _episode(frame: Edition, made_of: Parts, said: _Context) -> _Context:
    entry, episode = made_of.entry, made_of.entry.episode
    guests = {folded(person.name): guest for person, guest in zip(episode.guests, made_of.guests, strict=True)}
    topics = {folded(name): topic for name, topic in zip(episode.topics, made_of.topics, strict=True)}
    return {
        "guest_of": lambda person: guests[folded(person.name)],
        "topic_of": lambda name: topics[folded(name)],
        "entry": entry,
        "episode": episode,
        "season": made_of.season,
        "before": made_of.before,
        "after": made_of.after,
        **said,
        "data": _told(frame, entry, said["chapters"]),
        "embed_code": embed.code(frame.show, episode, addresses.page(episode.slug)),
        "embed_card": addresses.card(episode.slug),
    }


def _told(edition: Edition, entry: Entry, chapters: tuple[Chapter, ...]) -> Markup:
    return linked.episode(
        entry,
        edition.show,
        page=addresses.page(entry.episode.slug),
        summary=blurb(entry.episode),
        chapters=chapters,
        picture=entry.share or next(iter(entry.pictures or edition.pictures), None),
    )


def _page(jinja: Environment, template: str, key: Key, context: _Context) -> Object:
    media_type = _TYPES[posixpath.splitext(key)[1]]
    return _object(key, Kind.PAGE, media_type, Cache.SHORT, templates.rendered(jinja, template, context))


def _object(key: Key, kind: Kind, media_type: str, cache: Cache, body: bytes) -> Object:
    sha256 = digest.of_bytes(body)
    return Object(key=key, kind=kind, type=media_type, cache=cache, sha256=sha256, size=len(body), body=body)
