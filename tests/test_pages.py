"""The site: every page read back as a browser would, with texts that mean harm."""

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urldefrag
from zoneinfo import ZoneInfo

import lxml.etree
import lxml.html
import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from pipeline import digest, pages, rehearsal, sidecars, theme
from pipeline.errors import ShowError
from pipeline.model import (
    Cache,
    Chapter,
    Cue,
    Digest,
    Edition,
    Entry,
    Episode,
    Guid,
    Key,
    Kind,
    Media,
    Object,
    Person,
    Picture,
    Rendition,
    Season,
    Show,
    Slug,
    Source,
    Waveform,
)
from pipeline.pages import apps, colour
from pipeline.pages.look import Theme
from pipeline.pages.once import Once

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
DUTCH = theme.load(ROOT, "nl")
SOURCE = Source(sha256=Digest("0" * 64), size=1)
BASE = "https://opendeuren.example.org/"
APPS = tuple(app.link.split("{")[0] for app in apps.APPS if app.link)
"""How the addresses begin by which apps are asked to follow a show."""
HOSTILE = (
    "<script>alert(1)</script>",
    '"onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "{{7*7}}{% raw %}",
    "</title></style><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "om\u202egekeerd",
    "Arbeidsongeschiktheidsverzekeringsmaatschappijmedewerkersvereniging",
    "nul\x00 en \x0b en \ufffe",
)


def picture(name: str, width: int) -> Picture:
    """A picture without bytes."""
    return Picture(
        key=Key(f"images/{name}-{width}.0123456789abcdef.jpg"),
        sha256=SOURCE.sha256,
        size=width,
        type="image/jpeg",
        width=width,
        height=width,
        source_sha256=SOURCE.sha256,
    )


def episode(number: int, title: str, **changes: object) -> Episode:
    """An episode of March 2026, late in the evening in UTC."""
    made = Episode(
        guid=Guid(f"guid-{number}"),
        slug=Slug(f"aflevering-{number}"),
        title=title,
        published=datetime(2026, 3, number, 23, 30, tzinfo=UTC),
        audio=SOURCE,
        number=number,
        season=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def entry(made: Episode, *pictures: Picture) -> Entry:
    """An episode with audio that begins 2.5 seconds later than its source."""
    media = Media(
        key=Key(f"audio/{made.slug}.0123456789abcdef.mp3"),
        sha256=SOURCE.sha256,
        size=1_234_567,
        type="audio/mpeg",
        duration_s=65.4,
        loudness_lufs=-16.0,
        range_lu=3.0,
        peak_dbtp=-1.5,
        bitrate_kbps=96,
        channels=1,
        rate_hz=44100,
        shift_s=2.5,
        source_sha256=SOURCE.sha256,
        recipe=SOURCE.sha256,
        revision=1,
        done=(),
    )
    return Entry(episode=made, media=media, pictures=pictures)


SHOW = Show(
    title="Open Deuren voor Inclusie",
    description="Hoe zet je de deur open?\n\nEn hoe houd je hem open?",
    language="nl",
    author="Op naar de 100.000 banen",
    base_url=BASE,
    guid="dcf22b13-7760-59db-80ef-b542730bfdf2",
    cover=SOURCE,
    categories=(),
    cover_alt="Vijf open deuren.",
    kind="serial",
    copyright="© 2026 De makers",
    timezone="Europe/Amsterdam",
    seasons=(Season(number=1, name="Vijf open deuren"),),
    colour="#2a1a5e",
)
FIRST = episode(
    1,
    "Draagvlak & jobcoaching",
    summary="Een goede start begint bij het team.",
    notes="Over **draagvlak**.\n\n## Verder lezen\n\n- [Voorbeeld](https://voorbeeld.nl/)",
    guests=(
        Person(name="Martijn de Wildt", organisation="Qidos", link="https://qidos.example/"),
        Person(name="Frans Coenen"),
    ),
    topics=("draagvlak", "jobcoaching"),
    chapters=(Chapter(start_s=0, title="Welkom"), Chapter(start_s=10, title="Tafel", link="https://voorbeeld.nl/")),
    transcript=(
        Cue(start_s=0.5, end_s=3, text="Welkom bij", speaker="Presentatie"),
        Cue(start_s=3, end_s=5, text="Open Deuren.", speaker="Presentatie"),
        Cue(start_s=9.8, end_s=12, text="Dank je.", speaker="Martijn"),
    ),
)
SECOND = episode(
    2, "Online werving", guests=(Person(name="martijn  DE WILDT", organisation="Onbeperkt"),), explicit=True
)
GONE = episode(3, "Teruggetrokken", guests=(Person(name="Vertrokken Gast"),), notes="geheim", summary="geheim")
EDITION = Edition(
    show=SHOW,
    entries=(entry(FIRST), entry(SECOND, picture("werving", 1400), picture("werving", 300))),
    pictures=(picture("cover", 3000), picture("cover", 600), picture("cover", 96)),
    withdrawn=(entry(GONE),),
)


def hostile(text: str) -> Edition:
    """An edition that says `text` wherever anybody can say anything."""
    person = Person(name=text, organisation=text, link=text)
    made = episode(
        1,
        text,
        summary=text,
        notes=text,
        guests=(person,),
        hosts=(person,),
        topics=(text,),
        chapters=(Chapter(start_s=0, title=text, link=text),),
        transcript=(Cue(start_s=0, end_s=9, text=text, speaker=text),),
        image_alt=text,
    )
    show = replace(
        SHOW,
        title=text,
        description=text,
        author=text,
        subtitle=text,
        copyright=text,
        cover_alt=text,
        hosts=(person,),
        seasons=(Season(number=1, name=text),),
    )
    withdrawn = replace(made, slug=Slug("weg"), guid=Guid("weg"))
    pictures = (picture("werving", 600),)
    return Edition(
        show=show, entries=(entry(made, *pictures),), pictures=EDITION.pictures, withdrawn=(entry(withdrawn),)
    )


EDITIONS: Mapping[str, Edition] = {
    "example": EDITION,
    "episodic": replace(EDITION, show=replace(SHOW, kind="episodic")),
    "empty": Edition(show=replace(SHOW, copyright=None, cover_alt=None), entries=(), pictures=()),
    **{f"hostile {number}": hostile(text) for number, text in enumerate(HOSTILE)},
}


def site(edition: Edition, look: Theme = DUTCH) -> dict[str, str]:
    """Pages and assets by key."""
    composed = pages.compose(edition, look)
    assert len({made.key for made in composed}) == len(composed)
    return {made.key: content(made).decode() for made in composed}


def content(made: Object) -> bytes:
    """The bytes of a composed object."""
    assert isinstance(made.body, bytes)
    return made.body


def html_pages(edition: Edition) -> Iterator[tuple[str, lxml.html.HtmlElement]]:
    """Every page by key, parsed."""
    for key, text in site(edition).items():
        if key.endswith(".html"):
            yield key, lxml.html.document_fromstring(text)


def words(element: lxml.html.HtmlElement) -> str:
    """Text as it is read: white space collapsed."""
    return " ".join(element.text_content().split())


def every(page: lxml.html.HtmlElement, path: str) -> list[lxml.html.HtmlElement]:
    """The elements at an XPath."""
    found = page.xpath(path)
    assert isinstance(found, list)
    return [element for element in found if isinstance(element, lxml.html.HtmlElement)]


def only(page: lxml.html.HtmlElement, path: str) -> lxml.html.HtmlElement:
    """The one element at an XPath."""
    (found,) = every(page, path)
    return found


def parsed(edition: Edition, key: str) -> lxml.html.HtmlElement:
    """One page of an edition."""
    return lxml.html.document_fromstring(site(edition)[key])


def addresses(page: lxml.html.HtmlElement) -> Iterator[str]:
    """Everything that a page links to or loads."""
    for element in page.iter():
        yield from (element.attrib[name] for name in ("href", "src") if name in element.attrib)
        if "srcset" in element.attrib:
            yield from (part.split()[0] for part in element.attrib["srcset"].split(", "))


def known(edition: Edition) -> set[str]:
    """Every key of the edition, by whomever it is composed."""
    pictures = [*edition.pictures, *(own for made in edition.entries for own in made.pictures)]
    return (
        {made.key for made in (*pages.compose(edition, DUTCH), *sidecars.compose(edition))}
        | {made.media.key for made in edition.entries}
        | {own.key for own in pictures}
        | {"feed.xml"}
    )


@pytest.mark.parametrize("name", EDITIONS)
def test_every_link_resolves(name: str) -> None:
    """A link of ours is relative and leads to an object; any other is absolute and of the web."""
    keys = known(EDITIONS[name])
    for key, page in html_pages(EDITIONS[name]):
        for address in addresses(page):
            target, fragment = urldefrag(address)
            if address.startswith("#"):
                assert every(page, f"//*[@id='{fragment}']"), f"{key}: {address}"
            elif target.startswith("/"):
                assert (key, target[1:] in keys) == ("404.html", True), address
            elif target.startswith(BASE):
                assert target.removeprefix(BASE) in keys, f"{key}: {address}"
            elif not target.startswith(("https://voorbeeld.nl/", "https://qidos.example/", *APPS)):
                assert posixpath.normpath(posixpath.join(posixpath.dirname(key), target)) in keys, f"{key}: {address}"


def test_fragments_on_other_pages_exist() -> None:
    """`index.html#subscribe` and its like lead to an element."""
    home = parsed(EDITION, "index.html")
    fragments = {
        urldefrag(link)[1] for _, page in html_pages(EDITION) for link in addresses(page) if "index.html#" in link
    }
    assert fragments == {"episodes", "search"}
    assert fragments <= {element.get("id") for element in every(home, "//*[@id]")}


@pytest.mark.parametrize("name", EDITIONS)
def test_pages_are_sound(name: str) -> None:
    """Unique ids, one h1, no level skipped, language, title, policy, landmarks, alternatives for pictures."""
    for key, page in html_pages(EDITIONS[name]):
        ids = [element.get("id") for element in every(page, "//*[@id]")]
        levels = [int(heading.tag[1]) for heading in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
        assert len(ids) == len(set(ids)), key
        assert (levels.count(1), levels[0]) == (1, 1), key
        assert all(below - above <= 1 for above, below in pairwise(levels)), f"{key}: {levels}"
        assert page.get("lang") == "nl"
        assert words(only(page, "//head/title"))
        assert "default-src 'none'" in only(page, "//meta[@http-equiv]").get("content", "")
        assert [len(every(page, f"//{mark}")) for mark in ("main", "body/footer")] == [1, 1]
        assert every(page, "//img[not(@alt) or not(@width) or not(@height)]") == []
        assert every(page, "//link[@rel='alternate' and @type='application/rss+xml']")
        assert only(page, "//a[@class='skip']").get("href") == "#main"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_only_text(text: str) -> None:
    """No script, no handler, no address of theirs; and what they wrote is there to be read, literally."""
    plain = re.sub(r"[\x00\x0b\ufffe]", "", text)
    tame = {tag for _, page in html_pages(EDITION) for tag in (element.tag for element in page.iter())} | {"a"}
    for key, page in html_pages(hostile(text)):
        elements = list(page.iter())
        assert {element.tag for element in elements} <= tame, key
        assert [script for script in every(page, "//script[@src]") if script.text_content()] == [], key
        assert every(page, "//script[not(@src) and not(@type='application/ld+json')]") == [], key
        assert all(json.loads(block.text_content()) for block in every(page, "//script[@type]")), key
        assert not [name for element in elements for name in element.attrib if name.startswith("on")], key
        assert not [name for element in elements for name in element.attrib if name in {"style", "autofocus"}], key
        assert not [link for link in addresses(page) if re.match(r"\s*(javascript|data):", link, re.IGNORECASE)], key
    title = only(parsed(hostile(text), "episodes/aflevering-1.html"), "//h1")
    assert title.text_content() == plain


def test_nothing_is_fetched_from_elsewhere() -> None:
    """No page loads anything of a third party; a script is a file of ours, only where there is something to hear."""
    for key, page in html_pages(EDITION):
        assert every(page, "//iframe | //object | //embed | //form[@action] | //style | //base") == [], key
        code = every(page, "//script[not(@type='application/ld+json')]")
        scripts = [(script.get("src", ""), script.text_content()) for script in code]
        assert not [text for _, text in scripts if text], key
        names = [re.sub(r"^(\.\./)*assets/(\w+)\.[0-9a-f]{16}\.js$", r"\2", src) for src, _ in scripts]
        wanted = ["player", "search"] if key == "index.html" else ["framed", "player"]
        assert names == (wanted if every(page, "//audio") else []), key
        loaded = every(page, "//*[@src] | //link[@rel='stylesheet' or @rel='icon']")
        for address in (element.get("src") or element.get("href", "") for element in loaded):
            assert not address.startswith("//")
            assert "://" not in address or key == "404.html"
    for key, text in site(EDITION).items():
        if key.endswith(".css"):
            assert "@import" not in text
            for address in re.findall(r"url\((.*?)\)", text):
                assert posixpath.normpath(posixpath.join("assets", address.strip('"'))) in known(EDITION)


def test_the_keys() -> None:
    """Exactly these, in any language."""
    assert {key for key in site(EDITION) if not key.startswith("assets/")} == {
        "index.html",
        "404.html",
        "about.html",
        "subscribe.html",
        "site.webmanifest",
        "sitemap.xml",
        "robots.txt",
        "episodes/aflevering-1.html",
        "episodes/aflevering-2.html",
        "episodes/aflevering-3.html",
        *(f"episodes/aflevering-{number}.oembed.json" for number in (1, 2, 3)),
        "guests/index.html",
        "guests/martijn-de-wildt.html",
        "guests/frans-coenen.html",
        "guests/vertrokken-gast.html",
        "topics/index.html",
        "topics/draagvlak.html",
        "topics/jobcoaching.html",
        "transcripts/index.html",
    }


def test_objects_say_what_they_are() -> None:
    """Kind, type, caching, digest and size of a page, an asset and the sitemap."""
    composed = {made.key: made for made in pages.compose(EDITION, DUTCH)}
    for made in composed.values():
        assert (made.sha256, made.size) == (digest.of_bytes(content(made)), len(content(made)))
    feed_style, find, framed, script, search, stemmer, style = sorted(
        (made for made in composed.values() if made.kind is Kind.ASSET), key=lambda made: made.key
    )
    assert pages.feed_style(composed.values()) == feed_style.key == f"assets/feed.{feed_style.sha256[:16]}.css"
    assert (style.key, style.type, style.cache) == (
        f"assets/style.{style.sha256[:16]}.css",
        "text/css; charset=utf-8",
        Cache.IMMUTABLE,
    )
    assert (script.key, script.type) == (
        f"assets/player.{script.sha256[:16]}.js",
        "text/javascript; charset=utf-8",
    )
    assert {made.type for made in (find, framed, search, stemmer)} == {script.type}
    kinds = {(made.kind, made.cache) for made in composed.values() if made.kind is not Kind.ASSET}
    assert kinds == {(Kind.PAGE, Cache.SHORT)}
    assert composed[Key("index.html")].type == "text/html; charset=utf-8"
    assert composed[Key("sitemap.xml")].type == "application/xml; charset=utf-8"


def test_an_episode_page_offers_every_format() -> None:
    """Each with its size, MP3 first for players too; the drawing of the sound is there for eyes alone."""
    first = EDITION.entries[0]
    base = first.media
    other = [
        Rendition(
            key=Key(f"audio/aflevering-1.0123456789abcdef.{ending}"),
            sha256=SOURCE.sha256,
            size=size,
            type=media_type,
            duration_s=65.4,
            loudness_lufs=-16.0,
            peak_dbtp=-1.5,
            bitrate_kbps=32,
            channels=1,
            rate_hz=48000,
        )
        for ending, media_type, size in (("m4a", "audio/x-m4a", 812_000), ("opus", "audio/ogg", 345_678))
    ]
    drawings = tuple(
        Waveform(key=Key(f"waveforms/een.0123.{ending}"), sha256=SOURCE.sha256, size=1, type=media_type)
        for ending, media_type in (("json", "application/json"), ("svg", "image/svg+xml"))
    )
    entry = replace(first, media=replace(base, alternates=tuple(other), waveform=drawings))
    page = parsed(replace(EDITION, entries=(entry, *EDITION.entries[1:])), "episodes/aflevering-1.html")
    assert [(words(link), link.get("href")) for link in every(page, "//a[@download]")] == [
        ("Downloaden MP3 (1,2 MB)", f"../{base.key}"),
        ("Downloaden M4A (812 kB)", f"../{other[0].key}"),
        ("Downloaden Opus (346 kB)", f"../{other[1].key}"),
    ]
    assert [source.get("type") for source in every(page, "//audio//source")] == [
        "audio/mpeg",
        "audio/x-m4a",
        "audio/ogg",
    ]
    drawing = only(page, "//img[@class='waveform']")
    assert (drawing.get("src"), drawing.get("alt")) == ("../waveforms/een.0123.svg", "")
    assert drawing.get("data-waveform") == "../waveforms/een.0123.json"
    assert every(parsed(EDITION, "episodes/aflevering-1.html"), "//img[@class='waveform']") == []


def test_an_episode_page() -> None:
    """What a listener looks for is there, in Dutch, in the delivered file's time and the show's zone."""
    page = parsed(EDITION, "episodes/aflevering-1.html")
    audio = "../audio/aflevering-1.0123456789abcdef.mp3"
    assert words(only(page, "//h1")) == "Draagvlak & jobcoaching"
    assert words(only(page, "//article//p[@class='eyebrow']")) == "Vijf open deuren Aflevering 1"
    assert words(only(page, "//p[@class='facts']")) == "2 maart 2026 Duur: 1 min 5 sec"
    assert only(page, "//time").get("datetime") == "2026-03-02"
    assert (only(page, "//audio").get("preload"), only(page, "//audio/source").get("src")) == ("none", audio)
    assert only(page, "//track").get("src") == f"../{sidecars.compose(EDITION)[1].key}"
    assert words(only(page, "//a[@download]")) == "Downloaden (1,2 MB)"
    assert [(words(link), link.get("href")) for link in every(page, "//ol[@class='chapters']//a")] == [
        ("0:02 Welkom", f"{audio}#t=2.5"),
        ("0:12 Tafel", f"{audio}#t=12.5"),
        ("Meer hierover: Tafel", "https://voorbeeld.nl/"),
    ]
    assert [words(link) for link in every(page, "//ul[@class='people']/li/div")] == [
        "Martijn de Wildt Qidos",
        "Frans Coenen",
    ]
    assert [
        words(part) for part in every(page, "//details[@class='transcript']//*[self::summary or self::h3 or self::p]")
    ] == [
        "Lees het hele gesprek",
        "Welkom",
        "Presentatie 0:03 Welkom bij Open Deuren.",
        "Tafel",
        "Martijn 0:12 Dank je.",
        "Ook als ondertitelbestand (WebVTT)",
    ]
    assert [words(title) for title in every(page, "//*[@class='notes']/h3")] == ["Verder lezen"]
    assert only(page, "//link[@rel='canonical']").get("href") == f"{BASE}episodes/aflevering-1.html"


def test_the_policy_of_every_page() -> None:
    """What is of this site, and nothing else of any kind; no exception for what is inline."""
    expected = {
        "default-src": "'none'",
        **dict.fromkeys(("script-src", "style-src", "img-src", "media-src", "connect-src", "manifest-src"), "'self'"),
        **dict.fromkeys(("base-uri", "form-action"), "'none'"),
    }
    for key, page in html_pages(EDITION):
        policy = only(page, "//meta[@http-equiv='Content-Security-Policy']").get("content", "")
        assert dict(rule.split(" ", 1) for rule in policy.split("; ")) == expected, key


def test_the_player_speaks_the_language_of_the_show() -> None:
    """What it will say waits in the page, translated; the speeds are written as numbers are."""
    waiting = only(parsed(EDITION, "episodes/aflevering-1.html"), "//*[@class='player']/template")
    assert [button.get("aria-label") for button in every(waiting, ".//button")] == [
        "15 seconden terug",
        "Afspelen",
        "30 seconden vooruit",
        "Geluid uit",
    ]
    assert words(only(waiting, ".//select")).startswith("0,75× 1× 1,25×")
    assert only(waiting, ".//input[@class='seek']").get("data-text") == "{now} van {length}"


def card(edition: Edition, slug: str) -> dict[str, object]:
    """The oEmbed card to which an episode's page leads."""
    page = parsed(edition, f"episodes/{slug}.html")
    link = only(page, "//link[@type='application/json+oembed']")
    assert link.get("rel") == "alternate"
    found = json.loads(site(edition)[link.get("href", "").removeprefix(BASE)])
    assert isinstance(found, dict)
    return found


def test_an_episode_tells_how_it_can_be_shown_elsewhere() -> None:
    """What oEmbed 1.0 asks for (sections 2.3.4 and 2.3.4.4), with the episode's own picture or the show's."""
    first, second = (card(EDITION, f"aflevering-{number}") for number in (1, 2))
    assert first == {
        "version": "1.0",
        "type": "rich",
        "title": "Draagvlak & jobcoaching",
        "author_name": "Op naar de 100.000 banen",
        "provider_name": "Open Deuren voor Inclusie",
        "provider_url": BASE,
        "html": first["html"],
        "width": 640,
        "height": 300,
        "thumbnail_url": f"{BASE}images/cover-600.0123456789abcdef.jpg",
        "thumbnail_width": 600,
        "thumbnail_height": 600,
    }
    assert second["thumbnail_url"] == f"{BASE}images/werving-1400.0123456789abcdef.jpg"
    page = parsed(EDITION, "episodes/aflevering-1.html")
    assert only(page, "//details[@class='share']//textarea").text_content() == first["html"]
    assert only(page, "//details[@class='share']//input[@readonly]").get("value") == f"{BASE}episodes/aflevering-1.html"


@pytest.mark.parametrize("text", HOSTILE)
def test_the_code_to_embed_is_one_frame(text: str) -> None:
    """Whatever the episode is called, in a page of somebody else it is a frame of ours with that title, and no more."""
    given = str(card(hostile(text), "aflevering-1")["html"])
    (frame,) = lxml.html.fragments_fromstring(given)
    plain = re.sub(r"[\x00\x0b\ufffe]", "", text)
    assert (frame.tag, list(frame), frame.text, frame.tail) == ("iframe", [], None, None)
    assert sorted(frame.attrib) == ["height", "loading", "src", "title", "width"]
    assert frame.get("src") == f"{BASE}episodes/aflevering-1.html#embed"
    assert frame.get("title") == f"{plain} – {plain}"


def test_only_an_episode_can_be_shown_alone() -> None:
    """A page that says that it is withdrawn is whole in a frame: its letters are as dark as the player's ground."""
    alone = {key for key, page in html_pages(EDITION) if every(page, "//*[@id='embed']")}
    assert alone == {f"episodes/{entry.episode.slug}.html" for entry in EDITION.entries}
    assert EDITION.withdrawn


def test_a_withdrawn_episode_is_withdrawn_elsewhere_too() -> None:
    """oEmbed has its title and nothing to show."""
    gone = json.loads(site(EDITION)["episodes/aflevering-3.oembed.json"])
    assert (gone["type"], gone["title"]) == ("link", "Teruggetrokken")
    assert not {"html", "thumbnail_url"} & gone.keys()


def test_an_episode_without_a_picture_shows_that_of_the_show() -> None:
    """It is marked as such, as a small screen has it in the masthead already; a picture of its own always stays."""
    without, own = (parsed(EDITION, f"episodes/aflevering-{number}.html") for number in (1, 2))
    shown = [only(page, "//article//div[starts-with(@class, 'opening-art')]") for page in (without, own)]
    assert [picture.get("class") for picture in shown] == ["opening-art of-show", "opening-art"]
    assert "/werving-" in only(shown[1], ".//img").get("src", "")


def test_the_address_of_the_feed_is_whole() -> None:
    """What a listener copies is the address, wherever it may be broken into lines."""
    address = only(parsed(EDITION, "subscribe.html"), "//p[@class='address']/a")
    assert (address.text_content(), address.get("href")) == (f"{BASE}feed.xml", "feed.xml")


def test_the_navigation_says_where_it_is() -> None:
    """Only on the pages that it leads to."""
    marked = {
        key: [words(link) for link in every(page, "//*[@aria-current='page']")] for key, page in html_pages(EDITION)
    }
    assert {key: links for key, links in marked.items() if links} == {
        "about.html": ["Over"],
        "guests/index.html": ["Gasten"],
        "subscribe.html": ["Abonneren"],
        "topics/index.html": ["Onderwerpen"],
    }


def test_a_page_as_others_show_it() -> None:
    """OpenGraph with absolute addresses, and the episode's own picture where it has one."""
    page = parsed(EDITION, "episodes/aflevering-2.html")
    found = {meta.get("property"): meta.get("content") for meta in every(page, "//meta[@property]")}
    assert found == {
        "og:site_name": "Open Deuren voor Inclusie",
        "og:locale": "nl_NL",
        "og:type": "article",
        "og:title": "Online werving – Open Deuren voor Inclusie",
        "og:description": "",
        "og:url": f"{BASE}episodes/aflevering-2.html",
        "og:image": f"{BASE}images/werving-1400.0123456789abcdef.jpg",
        "og:image:type": "image/jpeg",
        "og:image:width": "1400",
        "og:image:height": "1400",
        "og:audio": f"{BASE}audio/aflevering-2.0123456789abcdef.mp3",
        "og:audio:type": "audio/mpeg",
    }


def test_neighbours() -> None:
    """Each episode leads to the one before and the one after it, in order of publication."""
    first, second = (parsed(EDITION, f"episodes/aflevering-{number}.html") for number in (1, 2))
    neighbours = [every(page, "//nav/a[@rel]") for page in (first, second)]
    assert [[(link.get("rel"), link.get("href")) for link in links] for links in neighbours] == [
        [("next", "aflevering-2.html")],
        [("prev", "aflevering-1.html")],
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("serial", ["Draagvlak & jobcoaching", "Online werving"]),
        ("episodic", ["Online werving", "Draagvlak & jobcoaching"]),
    ],
)
def test_home_lists_as_the_show_is_told(kind: str, expected: list[str]) -> None:
    """A serial from its beginning, any other from its newest; the newest is on top of the page in both."""
    home = lxml.html.document_fromstring(site(replace(EDITION, show=replace(SHOW, kind=kind)))["index.html"])
    assert expected == [words(title) for title in every(home, "//*[@class='row-title']")]
    assert words(only(home, "//h2[@id='latest-title']")) == "Online werving"
    assert len(every(home, "//h3[@class='shelf']")) == (1 if kind == "serial" else 0)


def test_seasons_are_told_apart() -> None:
    """Two seasons without names get their numbers; a single one without a name is not mentioned (Apple-guide)."""
    nameless = replace(EDITION, show=replace(SHOW, seasons=()))
    two = replace(nameless, entries=(EDITION.entries[0], entry(replace(SECOND, season=2))))
    shelves = [
        [words(shelf) for shelf in every(parsed(edition, "index.html"), "//*[@class='shelf']")]
        for edition in (nameless, two)
    ]
    assert shelves == [[], ["Seizoen 1", "Seizoen 2"]]


def test_a_withdrawn_episode_says_so_and_no_more() -> None:
    """Same address, its title, no sound, no notes, not to be indexed; nothing else links to it."""
    made = site(EDITION)
    page = lxml.html.document_fromstring(made["episodes/aflevering-3.html"])
    assert words(only(page, "//h1")) == "Teruggetrokken"
    assert "niet meer beschikbaar" in words(only(page, "//main"))
    assert only(page, "//meta[@name='robots']").get("content") == "noindex"
    assert every(page, "//audio | //a[@download]") == []
    assert "geheim" not in made["episodes/aflevering-3.html"]
    assert not [key for key, text in made.items() if "aflevering-3" in text and key != "episodes/aflevering-3.html"]
    assert not [key for key, text in made.items() if "Vertrokken" in text]


def test_a_withdrawn_episode_that_is_back_is_live() -> None:
    """A slug is one page; the live one wins."""
    made = site(replace(EDITION, withdrawn=(entry(replace(FIRST, guid=Guid("oud"))),)))
    assert "<audio" in made["episodes/aflevering-1.html"]


def test_404_works_at_any_depth() -> None:
    """It is served at whatever address was mistyped, so all its links begin at the root; not indexed."""
    page = parsed(EDITION, "404.html")
    assert all(address.startswith(("/", "#")) for address in addresses(page))
    below = parsed(replace(EDITION, show=replace(SHOW, base_url=f"{BASE}show/")), "404.html")
    assert all(address.startswith(("/show/", "#")) for address in addresses(below))
    assert only(page, "//meta[@name='robots']").get("content") == "noindex"


def named(*names: str) -> list[tuple[str, str]]:
    """Heading and key of the guest pages of one episode with these guests."""
    guests = tuple(Person(name=name) for name in names)
    edition = replace(EDITION, entries=(entry(episode(1, "x", guests=guests)),), withdrawn=())
    return [
        (words(only(page, "//h1")), key)
        for key, page in html_pages(edition)
        if key.startswith("guests/") and key != "guests/index.html"
    ]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Zoë", "ZOE"), [("ZOE", "guests/zoe.html")]),
        (("A-B", "A B", "A.B"), [("A-B", "a-b"), ("A B", "a-b-2"), ("A.B", "a-b-3")]),
        (("A B 2", "A-B", "A B"), [("A B 2", "a-b-2"), ("A-B", "a-b"), ("A B", "a-b-3")]),
        (("Index",), [("Index", "index-2")]),
        (("李明", "王芳"), [("李明", "x-aa227102"), ("王芳", "x-8ac9540b")]),
    ],
)
def test_each_name_has_its_page(names: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    """Spellings share a page, different names never do, and every name has an address."""
    keys = [(name, key if "/" in key else f"guests/{key}.html") for name, key in expected]
    assert sorted(keys) == sorted(named(*names))


def test_a_guest_page_gathers_spellings() -> None:
    """Both episodes, the newest spelling, both organisations."""
    page = parsed(EDITION, "guests/martijn-de-wildt.html")
    assert words(only(page, "//h1")) == "martijn DE WILDT"
    assert [words(line) for line in every(page, "//header//p[@class='lead']")] == ["Onbeperkt", "Qidos"]
    assert [words(title) for title in every(page, "//*[@class='row-title']")] == [
        "Online werving",
        "Draagvlak & jobcoaching",
    ]


def test_the_same_input_gives_the_same_bytes() -> None:
    """Twice here, and with moments in another zone that are equal."""
    elsewhere = replace(FIRST, published=FIRST.published.astimezone(ZoneInfo("Asia/Tokyo")))
    moved = replace(EDITION, entries=(replace(EDITION.entries[0], episode=elsewhere), EDITION.entries[1]))
    assert site(EDITION) == site(EDITION) == site(moved)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_gives_the_same_bytes(seed: str) -> None:
    """Whatever the hash seed, the zone and the language of the machine."""
    script = "from tests.test_pages import *; print(digest.of_record(pages.compose(EDITION, DUTCH)))"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, check=True, timeout=60
    )
    assert run.stdout.decode().strip() == digest.of_record(pages.compose(EDITION, DUTCH))


TEXT_ON = [
    *((text, behind) for text in ("ink", "soft", "link") for behind in ("paper", "wash")),
    *((text, "bold") for text in ("onbold", "softbold")),
]


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_any_colour_can_be_read(number: int) -> None:
    """Text has at least WCAG's contrast on what is behind it, by day and by night."""
    for scheme, colours in colour.palette(f"#{number:06x}").items():
        for text, behind in TEXT_ON:
            assert colour.contrast(colours[text], colours[behind]) >= colour.READABLE, (scheme, text, behind)


def test_a_readable_colour_is_kept() -> None:
    """The show's own colour is the masthead's, and what is not a colour is refused."""
    assert colour.palette("#2a1a5e")["light"]["bold"] == "#2a1a5e"
    assert colour.contrast("#000000", "#ffffff") == pytest.approx(21)
    with pytest.raises(ValueError, match="#rrggbb"):
        colour.palette("red;}")


def messages() -> set[str | tuple[str, ...]]:
    """Everything that the templates say in English."""
    jinja = Environment(extensions=["jinja2.ext.i18n", Once])
    jinja.policies["ext.i18n.trimmed"] = True
    found: set[str | tuple[str, ...]] = {*rehearsal.MARKS}
    for path in (*TEMPLATES.glob("*.*"), *TEMPLATES.glob("assets/*.css")):
        for _, function, said in extract_from_ast(jinja.parse(path.read_text("utf-8")), ("_", "gettext", "ngettext")):
            texts = tuple(text for text in (said if isinstance(said, tuple) else (said,)) if isinstance(text, str))
            found.add(texts[:2] if function == "ngettext" else texts[0])
    return found


def test_dutch_is_complete() -> None:
    """Every English text of the templates has a Dutch one, with the same places to fill in, and none is left over."""
    with (TEMPLATES / "locale" / "nl.po").open("rb") as file:
        catalogue = [message for message in read_po(file, abort_invalid=True) if message.id]
    assert messages() == {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalogue}
    for message in catalogue:
        spoken = [message.string] if isinstance(message.string, str) else list(message.string or ())
        english = message.id if isinstance(message.id, str) else message.id[0]
        assert all(spoken)
        assert not message.fuzzy
        assert all(re.findall(r"%\(\w+\)s", text) == re.findall(r"%\(\w+\)s", english) for text in spoken)


@pytest.mark.parametrize(
    ("language", "word", "locale"),
    [
        ("nl", "Gasten", "nl"),
        ("nl-BE", "Gasten", "nl_BE"),
        ("en", "Guests", "en"),
        ("de-AT", "Guests", "de_AT"),
        ("tlh-XX", "Guests", "en"),
        ("../../etc", "Guests", "en"),
        ("", "Guests", "en"),
    ],
)
def test_the_language_of_a_theme(language: str, word: str, locale: str) -> None:
    """The closest that there is, in words and in dates; else English."""
    found = theme.load(ROOT, language)
    assert (found.translations.gettext("Guests"), str(found.locale)) == (word, locale)


def test_a_show_overrides_what_it_likes(tmp_path: Path) -> None:
    """One template, one asset and one word of its own; all else stays as it is."""
    own = tmp_path / "templates"
    (own / "locale").mkdir(parents=True)
    (own / "assets").mkdir()
    (own / "404.html").write_text('{% extends "plain.html" %}{% block heading %}Oeps{% endblock %}', "utf-8")
    (own / "assets" / "deur.svg").write_text("<svg/>", "utf-8")
    (own / "assets" / ".DS_Store").write_bytes(b"\xff")
    (own / "locale" / "nl.po").write_text('msgid "Guests"\nmsgstr "Aan tafel"\n', "utf-8")
    found = theme.load(tmp_path, "nl")
    assert {asset.name for asset in found.assets} == {
        "deur.svg",
        "feed.css",
        "player.js",
        "find.js",
        "framed.js",
        "moved.js",
        "search.js",
        "stemmer.js",
        "style.css",
    }
    assert "<h1>Oeps</h1>" in site(EDITION, found)["404.html"]
    assert "<h1>Aan tafel</h1>" in site(EDITION, found)["guests/index.html"]
    assert "Onderwerpen" in site(EDITION, found)["guests/index.html"]


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("index.html", "{% if %}", r"templates/index\.html:1: .*Expected an expression"),
        ("index.html", "{{ shwo }}", r"templates/index\.html: .*'shwo' is undefined"),
        ("index.html", '{% extends "weg.html" %}', r"weg\.html"),
        ("assets/style.css", "a { color: {{ lihgt }} }", r"templates/assets/style\.css: .*'lihgt' is undefined"),
        ("assets/x.exe", "", r"templates/assets/x\.exe: .*cannot be an asset"),
        ("locale/nl.po", "onzin", r"templates/locale/nl\.po: .*not a translation file"),
    ],
)
def test_a_broken_theme_names_its_file(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    """What a show's own template gets wrong is said of that file."""
    path = tmp_path / "templates" / file
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    with pytest.raises(ShowError, match=complaint):
        pages.compose(EDITION, theme.load(tmp_path, "nl"))


def test_bytes_that_are_not_text_are_named(tmp_path: Path) -> None:
    """A template in another encoding is refused, by name."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "index.html").write_bytes(b"\xff\xfe")
    with pytest.raises(ShowError, match=r"index\.html is not UTF-8"):
        theme.load(tmp_path, "nl")


def test_no_template_leads_out_of_the_show(tmp_path: Path) -> None:
    """A link to a file elsewhere would publish that file."""
    (tmp_path / "geheim.svg").write_text("geheim", "utf-8")
    assets = tmp_path / "show" / "templates" / "assets"
    assets.mkdir(parents=True)
    (assets / "deur.svg").symlink_to(tmp_path / "geheim.svg")
    with pytest.raises(ShowError, match="leads to a file outside the show"):
        theme.load(tmp_path / "show", "nl")


def test_a_copy_of_the_theme_is_the_theme(tmp_path: Path) -> None:
    """Where a show's templates lie makes no difference to its pages."""
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    assert site(EDITION) == site(EDITION, theme.load(tmp_path, "nl"))
