"""The apps that people listen with, and the address by which each of them is asked to follow a show."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from pipeline.model import Listing, Show


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """An app or a directory."""

    name: str
    site: str
    """The host of its pages about shows."""
    systems: str = ""
    """What it runs on; empty: it hardly matters."""
    link: str | None = None
    """Its own address for a feed; None: it only knows shows that were handed in to it. `{feed}` is the feed's address,
    `{quoted}` that quoted, `{bare}` that without `https://`, `{title}` the show's title, quoted."""


APPS = (
    App(name="Apple Podcasts", site="podcasts.apple.com", systems="iPhone, iPad, Mac", link="podcast://{bare}"),
    App(name="Spotify", site="open.spotify.com"),
    App(name="Pocket Casts", site="pca.st", systems="iPhone, Android", link="pktc://subscribe/{bare}"),
    App(
        name="AntennaPod",
        site="antennapod.org",
        systems="Android",
        link="https://antennapod.org/deeplink/subscribe?url={quoted}&title={title}",
    ),
    App(name="Overcast", site="overcast.fm", systems="iPhone, iPad", link="overcast://x-callback-url/add?url={quoted}"),
    App(name="Castro", site="castro.fm", systems="iPhone, iPad", link="castros://subscribe/{bare}"),
    App(name="Podcast Addict", site="podcastaddict.com", systems="Android", link="podcastaddict://{bare}"),
    App(name="gPodder", site="gpodder.net", systems="Linux, Windows, Mac", link="gpodder://{bare}"),
    App(name="YouTube Music", site="music.youtube.com"),
    App(name="YouTube", site="www.youtube.com"),
    App(name="Amazon Music", site="music.amazon.com"),
    App(name="Deezer", site="www.deezer.com"),
    App(name="Castbox", site="castbox.fm"),
)
"""In the order in which listeners see them. The addresses are those of the apps' own documentation (AntennaPod: "Add on
AntennaPod"; Overcast: x-callback-url; gPodder: its desktop entry), or those that Podlove's Subscribe Button uses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way to follow a show."""

    name: str
    systems: str
    link: str


def ways(show: Show, feed: str) -> tuple[Way, ...]:
    """How to follow `show`, whose feed has the address `feed`: by app, those that the show names of itself among them.

    The page that an app has of the show comes before the app's own address for feeds, for it opens everywhere.
    """
    listed = {_site(each): each for each in show.listen_on}
    known = (
        Way(name=app.name, systems="" if app.site in listed else app.systems, link=link)
        for app in APPS
        if (link := listed[app.site].link if app.site in listed else _asked(app, show, feed))
    )
    sites = {app.site for app in APPS}
    others = (
        Way(name=each.name or _site(each), systems="", link=each.link)
        for each in show.listen_on
        if _site(each) not in sites
    )
    return (*known, *others)


def _asked(app: App, show: Show, feed: str) -> str | None:
    bare = feed.partition("://")[2]
    return app.link and app.link.format(bare=bare, quoted=quote(feed, safe=""), title=quote(show.title, safe=""))


def _site(listing: Listing) -> str:
    return urlsplit(listing.link).hostname or listing.link
