"""An episode's player inside other people's pages: the code that puts it there, and the oEmbed card that offers it."""

from collections.abc import Mapping

from markupsafe import Markup

from pipeline.model import Episode, Key, Picture, Show
from pipeline.text import xml_safe

WIDTH, HEIGHT = 640, 300
"""In CSS pixels. It fills any width from 300, where nothing of it needs to be scrolled to at this height."""
_ALONE = "#embed"
"""Makes an episode's page show nothing but its player: the id of its body (`style.css`)."""


def code(show: Show, episode: Episode, page: Key) -> Markup:
    """HTML that shows the player of the episode whose page is `page`, whatever it is put in."""
    title = xml_safe(f"{episode.title} – {show.title}")
    return Markup('<iframe src="{}" title="{}" width="100%" height="{}" loading="lazy"></iframe>').format(
        show.base_url + page + _ALONE, title, HEIGHT
    )


def card(show: Show, episode: Episode, page: Key, picture: Picture | None) -> Mapping[str, object]:
    """What a site that is given an episode's address shows of it (oEmbed 1.0, sections 2.3.4 and 2.3.4.4)."""
    return {
        **_named(show, episode, "rich"),
        "html": str(code(show, episode, page)),
        "width": WIDTH,
        "height": HEIGHT,
        **(_thumbnail(show, picture) if picture else {}),
    }


def withdrawn_card(show: Show, episode: Episode) -> Mapping[str, object]:
    """The card of an episode that can no longer be heard: its name, and nothing to show."""
    return _named(show, episode, "link")


def _named(show: Show, episode: Episode, kind: str) -> dict[str, object]:
    return {
        "version": "1.0",
        "type": kind,
        "title": xml_safe(episode.title),
        "author_name": xml_safe(show.author),
        "provider_name": xml_safe(show.title),
        "provider_url": show.base_url,
    }


def _thumbnail(show: Show, picture: Picture) -> dict[str, object]:
    return {
        "thumbnail_url": show.base_url + picture.key,
        "thumbnail_width": picture.width,
        "thumbnail_height": picture.height,
    }
