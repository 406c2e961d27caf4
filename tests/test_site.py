"""What the site has around its episodes: how to follow the show, who makes it, older ones, what programs read."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import feedparser
import lxml.etree
import lxml.html
import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from pipeline import addresses, channels, feed, text
from pipeline.model import Edition, Elsewhere, Entry, Funding, Guid, Key, License, Listing, Person, Season, Slug
from pipeline.pages import shelves, wording
from tests.test_pages import (
    BASE,
    EDITION,
    FIRST,
    HOSTILE,
    SECOND,
    SHOW,
    content,
    entry,
    episode,
    every,
    hostile,
    html_pages,
    only,
    parsed,
    picture,
    site,
    words,
)

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
FULL = replace(
    EDITION,
    show=replace(
        SHOW,
        contact="hallo@example.org",
        hosts=(Person(name="Ria", link="https://ria.example/", organisation="Qidos", role="host"),),
        funding=(Funding(link="https://steun.example/", text="Word vriend"),),
        license=License(name="cc-by-nc-4.0"),
        podroll=(Elsewhere(guid="x", feed="https://andere.example/feed.xml", title="Andere show"),),
    ),
)


def told(edition: Edition, key: str) -> dict[str, Any]:
    """The JSON-LD of a page."""
    block = only(parsed(edition, key), "//head/script[@type='application/ld+json']")
    found = json.loads(block.text_content())
    assert isinstance(found, dict)
    return found


def numbered(number: int, **changes: Any) -> Entry:
    """The episode of a day of a daily show."""
    made = replace(
        episode(1, f"Titel {number}"),
        number=number,
        slug=Slug(f"aflevering-{number}"),
        guid=Guid(f"guid-{number}"),
        published=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number),
        summary="Een zin of twee over deze aflevering. " * 4,
        guests=(Person(name=f"Gast Achternaam {number}", organisation="Organisatie"),),
        topics=(f"onderwerp {number % 30}",),
    )
    return entry(replace(made, **changes))


def long_show(count: int) -> Edition:
    """A show of `count` episodes, one a day."""
    shown = replace(SHOW, kind="episodic")
    return replace(EDITION, show=shown, entries=tuple(numbered(number) for number in range(1, count + 1)), withdrawn=())


# --- following it -----------------------------------------------------------------------------------------------------


def links(edition: Edition) -> Mapping[str, str]:
    """The apps on the page about subscribing, by name."""
    apps = every(parsed(edition, "subscribe.html"), "//ul[@class='apps']//a")
    return {words(every(link, "./span")[0]): link.get("href", "") for link in apps}


def test_every_app_gets_the_address_of_the_feed() -> None:
    """As its own documentation has it; apps that take no address are left out."""
    bare = "opendeuren.example.org/feed.xml"
    whole = quote(f"https://{bare}", safe="")
    assert links(EDITION) == {
        "Apple Podcasts": f"podcast://{bare}",
        "Pocket Casts": f"pktc://subscribe/{bare}",
        "AntennaPod": f"https://antennapod.org/deeplink/subscribe?url={whole}&title=Open%20Deuren%20voor%20Inclusie",
        "Overcast": f"overcast://x-callback-url/add?url={whole}",
        "Castro": f"castros://subscribe/{bare}",
        "Podcast Addict": f"podcastaddict://{bare}",
        "gPodder": f"gpodder://{bare}",
    }


def test_an_apps_own_page_of_the_show_comes_first() -> None:
    """In place of the feed's address where there is one, in the usual order, and unknown directories last."""
    own = (
        Listing(link="https://www.npoluister.nl/podcasts/x", name="NPO Luister"),
        Listing(link="https://luister.example/x"),
        Listing(link="https://open.spotify.com/show/1"),
        Listing(link="https://podcasts.apple.com/nl/podcast/id1"),
    )
    found = links(replace(EDITION, show=replace(SHOW, listen_on=own)))
    assert list(found)[:2] == ["Apple Podcasts", "Spotify"]
    assert list(found)[-2:] == ["NPO Luister", "luister.example"]
    assert found["Apple Podcasts"] == "https://podcasts.apple.com/nl/podcast/id1"
    assert found["Pocket Casts"].startswith("pktc:")


def test_the_code_leads_to_the_page() -> None:
    """Its modules, read from the drawing, are those that another encoder makes of the page's address."""
    drawn = only(parsed(EDITION, "subscribe.html"), "//*[@class='qr']/svg")
    side = int(drawn.get("viewbox", drawn.get("viewBox", "")).split()[2])
    dark = {
        (int(x) + step, int(y))
        for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", only(drawn, "./path").get("d", ""))
        for step in range(int(run))
    }
    corners = [(4, 4), (side - 11, 4), (4, side - 11)]  # finder patterns: seven dark modules in a row, twice
    for x, y in corners:
        assert {(x + step, y) for step in range(7)} <= dark
        assert {(x + step, y + 6) for step in range(7)} <= dark
    assert min(x for x, _ in dark) == min(y for _, y in dark) == 4
    assert max(x for x, _ in dark) == side - 5


def test_home_leads_to_every_way() -> None:
    """The apps are on the home page too, and the rest a link away."""
    home = parsed(EDITION, "index.html")
    assert len(every(home, "//section[@id='subscribe']//ul[@class='apps']/li")) == len(links(EDITION))
    assert [link.get("href") for link in every(home, "//section[@id='subscribe']/p/a")] == ["subscribe.html"]


# --- about ------------------------------------------------------------------------------------------------------------


def test_about_says_what_the_show_says_of_itself() -> None:
    """Description, makers, contact, support, terms, other shows; each with its link."""
    page = parsed(FULL, "about.html")
    text = words(only(page, "//main"))
    for said in ("Hoe zet je de deur open?", "Op naar de 100.000 banen", "Qidos", "CC BY-NC 4.0", "© 2026 De makers"):
        assert said in text
    found = {words(link): link.get("href") for link in every(page, "//main//a")}
    assert found == {
        "hallo@example.org": "mailto:hallo@example.org",
        "Word vriend": "https://steun.example/",
        "Ria": "https://ria.example/",
        "CC BY-NC 4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
        "Andere show": "https://andere.example/feed.xml",
    }


def test_about_is_silent_about_what_is_not_said() -> None:
    """No heading without anything under it, and no owner's address that nobody asked to show."""
    page = parsed(replace(EDITION, show=replace(SHOW, copyright=None)), "about.html")
    assert [words(heading) for heading in every(page, "//main//h2")] == ["Gemaakt door"]
    assert "@" not in words(only(page, "//main"))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cc0-1.0", ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/")),
        ("cc-by-sa-4.0", ("CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/")),
        ("arr", ("All rights reserved", None)),
        ("pod-v4v-1.0", ("pod-v4v-1.0", None)),
    ],
)
def test_licences_as_people_write_them(word: str, expected: tuple[str, str | None]) -> None:
    """With a link to the text where that is known."""
    shown = wording.licence(License(name=word))
    assert (shown.name, shown.link) == expected


# --- older episodes, seasons, many names ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "on_home", "archive"),
    [(29, 29, 0), (30, 15, 1), (44, 29, 1), (130, 25, 7), (209, 29, 12), (210, 15, 13), (230, 5, 15)],
)
def test_a_long_show_has_pages_of_older_episodes(count: int, on_home: int, archive: int) -> None:
    """Home keeps the newest 15 to 29, of very many 5 to 19; every episode is listed exactly once."""
    listed = {
        key: [words(title) for title in every(page, "//*[@class='row-title']")]
        for key, page in html_pages(long_show(count))
        if key == "index.html" or re.match(r"archive/\d", key)
    }
    assert (len(listed["index.html"]), len(listed) - 1) == (on_home, archive)
    every_title = [title for titles in listed.values() for title in titles]
    assert sorted(every_title) == sorted(f"Titel {number}" for number in range(1, count + 1))
    assert listed["index.html"][0] == f"Titel {count}"


def test_a_new_episode_changes_no_page_of_older_ones() -> None:
    """But one in fifteen, which fills a page; the map for search engines stays as well when nobody new is in it."""
    shown = long_show(60)
    after = replace(shown, entries=(*shown.entries, numbered(61, guests=(), topics=())))
    old, new = site(shown), site(after)
    assert {key for key in new if new[key] != old.get(key)} == {
        "index.html",
        "episodes/aflevering-61.html",
        "episodes/aflevering-61.oembed.json",
        "episodes/aflevering-60.html",
    }


def test_pages_of_older_episodes_that_are_no_more_say_so() -> None:
    """When so many were withdrawn that a page is not needed, nothing of them is left on it."""
    shown = long_show(31)
    fewer = replace(shown, entries=shown.entries[2:], withdrawn=shown.entries[:2])
    assert [words(title) for title in every(parsed(shown, "archive/1.html"), "//*[@class='row-title']")]
    page = parsed(fewer, "archive/1.html")
    assert only(page, "//meta[@name='robots']").get("content") == "noindex"
    assert "Titel" not in words(page)


def test_seasons_can_be_jumped_to() -> None:
    """An episodic show with seasons is listed by season, the newest first, each a link away."""
    two = replace(
        EDITION,
        show=replace(SHOW, kind="episodic", seasons=(Season(number=1, name="Vijf"), Season(number=2))),
        entries=(entry(FIRST), entry(replace(SECOND, season=2))),
    )
    home = parsed(two, "index.html")
    assert [words(shelf) for shelf in every(home, "//*[@class='shelf']")] == ["Seizoen 2", "Seizoen 1: Vijf"]
    jumps = every(home, "//nav[@aria-label='Seizoenen']//a")
    assert [link.get("href") for link in jumps] == ["#season-2", "#season-1"]
    assert [only(home, f"//*[@id='season-{number}']").tag for number in (1, 2)] == ["h3", "h3"]


@pytest.fixture(scope="module")
def great() -> tuple[Edition, dict[str, str]]:
    """A show that has been daily for four years, with 200 guests, and its site."""
    names = [(Person(name=f"{'ABÇdÉ'[number % 5]}chternaam {number % 200}"),) for number in range(1534)]
    entries = tuple(numbered(number + 1, guests=guests) for number, guests in enumerate(names))
    shown = replace(EDITION, show=replace(SHOW, kind="episodic"), entries=entries, withdrawn=())
    return shown, site(shown)


def test_pages_are_light(great: tuple[Edition, dict[str, str]]) -> None:
    """At most 60 kB before audio and art, with 1,534 episodes and 200 guests too: each page with its style and scripts.

    Of those sizes of a show this is the one with the most episodes on its home page.
    """
    made = great[1]
    sizes = {key: len(text.encode()) for key, text in made.items()}
    style = next(size for key, size in sizes.items() if key.startswith("assets/style."))
    heavy = {}
    for key in (key for key in made if key.endswith(".html")):
        scripts = {f"assets/{name}" for name in re.findall(r'<script src="[^"]*assets/([^"]+)"', made[key])}
        if sizes[key] + style + sum(sizes[name] for name in scripts) > 60_000:
            heavy[key] = sizes[key]
    assert heavy == {}
    home = lxml.html.document_fromstring(made["index.html"])
    assert len(every(home, "//*[@class='row-title']")) == 19
    assert len(every(home, "//head/script[@src]")) == 2


def test_very_many_older_pages_have_a_list(great: tuple[Edition, dict[str, str]]) -> None:
    """Home names the newest of them and that list, which names all, newest first."""
    home, listed = (lxml.html.document_fromstring(great[1][key]) for key in ("index.html", "archive/index.html"))
    near = [link.get("href") for link in every(home, "//nav[@class='archive']//a")]
    assert near == [*(f"archive/{number}.html" for number in range(101, 89, -1)), "archive/index.html"]
    assert [link.get("href") for link in every(listed, "//main//ul//a")] == [
        f"{number}.html" for number in range(101, 0, -1)
    ]
    fewer = replace(great[0], entries=great[0].entries[:200], withdrawn=great[0].entries[200:])
    assert only(parsed(fewer, "archive/index.html"), "//meta[@name='robots']").get("content") == "noindex"


def test_many_guests_are_found_by_letter(great: tuple[Edition, dict[str, str]]) -> None:
    """In the order of a dictionary, whatever the case and accents."""
    page = lxml.html.document_fromstring(great[1]["guests/index.html"])
    assert [words(heading) for heading in every(page, "//main//h2")] == ["A", "B", "C", "D", "E"]
    assert len(every(page, "//main//li/a")) == 200
    assert words(every(page, "//main//li")[0]) == "Achternaam 0"


# --- what programs read -----------------------------------------------------------------------------------------------


def test_search_engines_are_told_of_an_episode() -> None:
    """A PodcastEpisode in its series, with its file and its chapters as Clips, in delivered time."""
    found = told(EDITION, "episodes/aflevering-1.html")
    page = f"{BASE}episodes/aflevering-1.html"
    assert (found["@type"], found["url"], found["name"]) == ("PodcastEpisode", page, "Draagvlak & jobcoaching")
    assert found["datePublished"] == "2026-03-01T23:30:00+00:00"
    assert found["timeRequired"] == "PT65S"
    assert found["partOfSeries"]["webFeed"] == f"{BASE}feed.xml"
    assert found["associatedMedia"]["contentUrl"] == f"{BASE}{EDITION.entries[0].media.key}"
    assert [person["name"] for person in found["actor"]] == ["Martijn de Wildt", "Frans Coenen"]
    assert [
        (clip["@type"], clip["name"], clip["startOffset"], clip["endOffset"], clip["url"]) for clip in found["hasPart"]
    ] == [
        ("Clip", "Welkom", 2.5, 12.5, f"{page}#t=2.5"),
        ("Clip", "Tafel", 12.5, 65.4, f"{page}#t=12.5"),
    ]


def test_search_engines_are_told_of_the_show() -> None:
    """A PodcastSeries, with where else it is found."""
    shown = replace(EDITION, show=replace(SHOW, listen_on=(Listing(link="https://open.spotify.com/show/1"),)))
    found = told(shown, "index.html")
    assert (found["@type"], found["name"]) == ("PodcastSeries", SHOW.title)
    assert found["sameAs"] == ["https://open.spotify.com/show/1"]
    assert found == told(shown, "about.html")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_told_to_programs_is_only_data(text: str) -> None:
    """Nothing ends the element early, and what was said is read back letter by letter."""
    plain = re.sub(r"[\x00\x0b\ufffe]", "", text)
    made = site(hostile(text))
    for key in ("index.html", "episodes/aflevering-1.html"):
        (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', made[key], re.DOTALL)
        assert not re.search("[<>&]", block)
        assert json.loads(block)["name"] == plain
    assert json.loads(made["site.webmanifest"])["name"] == text


def test_the_map_and_the_feed_name_every_page(great: tuple[Edition, dict[str, str]]) -> None:
    """Every page that may be found, absolutely, in one of the two that robots.txt names; none that is gone."""
    shown, made = great
    root = lxml.etree.fromstring(made["sitemap.xml"].encode())
    found = [str(loc.text) for loc in root.iter(LOC)]
    newest = [f"{BASE}{addresses.page(each.episode.slug)}" for each in channels.main(shown).edition.entries]
    indexed = {BASE + key for key, text in made.items() if key.endswith(".html") and 'content="noindex"' not in text}
    assert set(found) | set(newest) == indexed
    assert not set(found) & set(newest)
    fed = feedparser.parse(content(feed.compose(EDITION, None)))
    assert {item.link for item in fed.entries} == {BASE + addresses.page(each.episode.slug) for each in EDITION.entries}
    robots = re.findall("^Sitemap: (.*)$", made["robots.txt"], re.MULTILINE)
    assert robots == [f"{BASE}sitemap.xml", f"{BASE}feed.xml"]


def test_icons_and_manifest() -> None:
    """Each size is offered once, a home screen's apart; the manifest names those for Android, relative to itself."""
    icons = tuple(replace(picture("icon", width), type="image/png") for width in (512, 192, 180, 48))
    shown = replace(EDITION, icons=icons)
    page = parsed(shown, "episodes/aflevering-1.html")
    assert [(link.get("sizes"), link.get("href")) for link in every(page, "//link[@rel='icon']")] == [
        (f"{icon.width}x{icon.width}", f"../{icon.key}") for icon in (icons[3], icons[1], icons[0])
    ]
    assert only(page, "//link[@rel='apple-touch-icon']").get("href") == f"../{icons[2].key}"
    assert only(page, "//link[@rel='manifest']").get("href") == "../site.webmanifest"
    manifest = json.loads(site(shown)["site.webmanifest"])
    assert [(icon["src"], icon["sizes"]) for icon in manifest["icons"]] == [
        (icons[0].key, "512x512"),
        (icons[1].key, "192x192"),
    ]
    assert (manifest["name"], manifest["lang"], manifest["start_url"]) == (SHOW.title, "nl", "index.html")


def test_a_link_is_shown_with_its_card() -> None:
    """The image of the page itself, large; the show's on every other page."""
    card = replace(picture("share", 1200), height=630)
    one = replace(EDITION.entries[0], share=card)
    shown = replace(
        EDITION, entries=(one, *EDITION.entries[1:]), share=replace(card, key=Key("images/cover-share.x.jpg"))
    )
    for key, expected in (("episodes/aflevering-1.html", card.key), ("about.html", "images/cover-share.x.jpg")):
        page = parsed(shown, key)
        found = {meta.get("property"): meta.get("content") for meta in every(page, "//meta[@property]")}
        assert found["og:image"] == BASE + expected
        assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
        assert only(page, "//meta[@name='twitter:card']").get("content") == "summary_large_image"


def test_smaller_pictures_are_offered_to_browsers_that_know_them() -> None:
    """With the same sizes, and the JPEG for all others; width and height are those of the JPEG, and nothing jumps."""
    small = tuple(replace(picture("modern", width), type="image/webp") for width in (600, 300))
    shown = replace(EDITION, modern=small)
    art = every(parsed(shown, "index.html"), "//picture")[0]
    source, image = only(art, "./source"), only(art, ".//img")
    assert source.get("srcset") == f"{small[0].key} 600w, {small[1].key} 300w"
    assert (source.get("type"), source.get("sizes")) == ("image/webp", image.get("sizes"))
    assert (image.get("width"), image.get("height")) == ("600", "600")


def test_a_topic_tells_of_its_feed() -> None:
    """Browsers and readers find it on the page of the topic."""
    page = parsed(replace(EDITION, show=replace(SHOW, feeds=("topics",))), "topics/draagvlak.html")
    found = [link.get("href") for link in every(page, "//link[@type='application/rss+xml']")]
    assert found == ["../feed.xml", "../feeds/topic-draagvlak.xml"]


@pytest.mark.parametrize(
    ("tag", "expected"), [("nl", "nl_NL"), ("nl-BE", "nl_BE"), ("en", "en_US"), ("ar", "ar_EG"), ("pt", "pt_BR")]
)
def test_languages_as_opengraph_has_them(tag: str, expected: str) -> None:
    """With a territory."""
    assert wording.og_locale(Locale.parse(tag, sep="-")) == expected


@given(st.integers(min_value=0, max_value=250), st.integers(min_value=0, max_value=60))
def test_every_episode_has_one_place(live: int, gone: int) -> None:
    """On home or on one page of older ones, however many there are; a page that could have been is never forgotten."""
    shown = replace(EDITION, entries=EDITION.entries[:1] * live, withdrawn=EDITION.withdrawn * gone)
    placed = [len(page.entries) for page in shelves.older(shown)]
    assert sum(placed) + sum(len(shelf.entries) for shelf in shelves.home(shown)) == live
    assert all(count == shelves.SLICE for count in placed)
    before = shelves.older(replace(shown, entries=EDITION.entries[:1] * (live + gone), withdrawn=()))
    now = {page.key for page in shelves.older(shown)} | set(shelves.emptied(shown))
    assert {page.key for page in before} == now - {shelves.LIST}
    assert (shelves.LIST in now) == (len(before) > shelves.FEW >= len(placed))


@pytest.mark.parametrize(
    ("seconds", "facts", "player"),
    [(59.9, "59 sec", "0:59"), (60.6, "1 min", "1:00"), (599.9, "9 min 59 sec", "9:59"), (2472.0, "41 min", "41:12")],
)
def test_a_length_is_what_the_player_counts_to(seconds: float, facts: str, player: str) -> None:
    """An episode's facts tell the seconds that its player shows at the end; from ten minutes, the nearest minute."""
    said = wording.duration(seconds, Locale("nl")).replace("\xa0", " ")
    assert (said, text.clock(seconds)) == (facts, player)
