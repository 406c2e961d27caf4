"""An episode's player inside other people's pages: where it is, the code that puts it there, and its oEmbed card."""

from collections.abc import Mapping

from markupsafe import Markup

from pipeline.model import Episode, Key, Picture, Show
from pipeline.text import xml_safe

WIDTH, HEIGHT = 640, 300
"""In CSS pixels. It fills any width from 300, where nothing of it needs to be scrolled to at this height."""


def key(episode: Episode) -> Key:
    """Where its player is."""
    return Key(f"embed/{episode.slug}.html")


def card_key(episode: Episode) -> Key:
    """Where its oEmbed card is."""
    return Key(f"embed/{episode.slug}.json")


def code(show: Show, episode: Episode) -> Markup:
    """HTML that shows the player, whatever the page it is put in."""
    title = xml_safe(f"{episode.title} – {show.title}")
    return Markup('<iframe src="{}" title="{}" width="100%" height="{}" loading="lazy"></iframe>').format(
        show.base_url + key(episode), title, HEIGHT
    )


def card(show: Show, episode: Episode, picture: Picture | None) -> Mapping[str, object]:
    """What a site that is given an episode's address shows of it (oEmbed 1.0, sections 2.3.4 and 2.3.4.4)."""
    thumbnail = {
        "thumbnail_url": show.base_url + picture.key,
        "thumbnail_width": picture.width,
        "thumbnail_height": picture.height,
    } if picture else {}  # fmt: skip
    return {
        **_named(show, episode, "rich"),
        "html": str(code(show, episode)),
        "width": WIDTH,
        "height": HEIGHT,
        **thumbnail,
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
