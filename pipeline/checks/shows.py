"""What is asked of `show.yaml`."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pipeline.checks import languages, people, prose, talk, terms
from pipeline.checks.nearest import meant, suggested
from pipeline.checks.rule import EVERYONE, Demand, Finding, Platform, Rule
from pipeline.checks.vocabularies import APPLE_CATEGORIES, MEDIUMS
from pipeline.model import Catalog, Category, Show, Status

_KNOWN = [name for main, subs in APPLE_CATEGORIES.items() for name in (main, *(f"{main} > {sub}" for sub in subs))]
_SUBS = {sub: f"{main} > {sub}" for main, subs in APPLE_CATEGORIES.items() for sub in subs}
_AT_HOME = ("localhost", "127.0.0.1", "::1")
_FREQUENCIES = ("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = frozenset(
    (
        *("FREQ", "UNTIL", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY"),
        *("BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST"),
    )
)
_APPLE_LUFS, _APPLE_WITHIN_LU, _APPLE_DBTP = -16.0, 1.0, -1.0
_APPLE_KBPS = {"bitrate_mono": range(96, 129), "bitrate_stereo": range(128, 257)}


def _written(category: Category) -> str:
    return f"{category.main} > {category.sub}" if category.sub else category.main


def _categories(show: Show, _: Catalog) -> Iterator[Finding]:
    for place, category in enumerate(show.categories):
        written = _written(category)
        if written not in _KNOWN:
            near = meant(written, _KNOWN, others=_SUBS)
            mend = f"Did you mean `{near}`?" if near else f"Choose from: {', '.join(APPLE_CATEGORIES)}."
            yield Finding(
                where=("categories", place), what=f"`{written}` is not a category that Apple knows.", mend=mend
            )


def _category_twice(show: Show, _: Catalog) -> Iterator[Finding]:
    for place, category in enumerate(show.categories):
        if category in show.categories[:place]:
            yield Finding(where=("categories", place), what=f"`{_written(category)}` stands there twice.")


def _language(show: Show, _: Catalog) -> Iterator[Finding]:
    spelled = languages.spelled(show.language)
    if spelled != show.language:
        yield Finding(
            where=("language",),
            what=f"The language tag `{show.language}` is spelled in another case than apps expect.",
            mend=f"Write `{spelled}`.",
        )


def _owner(show: Show, _: Catalog) -> Iterator[Finding]:
    if not show.owner:
        yield Finding(where=("owner",), what="The show has no owner.")


def _locked(show: Show, _: Catalog) -> Iterator[Finding]:
    if show.locked and not show.owner:
        yield Finding(where=("locked",), what="The show is locked, and nobody can be asked to unlock it.")


def _cover_alt(show: Show, _: Catalog) -> Iterator[Finding]:
    if not show.cover_alt:
        yield Finding(where=("cover_alt",), what="The cover has no description.")


def _plain(show: Show, _: Catalog) -> Iterator[Finding]:
    texts = (("title", show.title), ("subtitle", show.subtitle or ""), ("description", show.description))
    return prose.marked_up(texts)


def _open(address: str) -> bool:
    """Whether anybody on the way there can read and change what is said."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname not in _AT_HOME


def _secure(show: Show, _: Catalog) -> Iterator[Finding]:
    if _open(show.base_url):
        yield Finding(where=("base_url",), what="The show is published at an address that begins with http://.")


def _medium(show: Show, _: Catalog) -> Iterator[Finding]:
    if show.medium not in MEDIUMS:
        what = f"`{show.medium}` is not a medium that apps know."
        yield Finding(where=("medium",), what=what, mend=suggested(show.medium, MEDIUMS))


def _season_twice(show: Show, _: Catalog) -> Iterator[Finding]:
    numbers = [season.number for season in show.seasons]
    for place, number in enumerate(numbers):
        if number in numbers[:place]:
            yield Finding(where=("seasons", place, "number"), what=f"Season {number} has two names.")


def _frequency(show: Show, _: Catalog) -> Iterator[Finding]:
    told = show.update_frequency
    if not told or not told.rrule:
        return
    parts = dict(re.findall(r"(?:^|;)(\w+)=([^;]+)", told.rrule))
    where = ("update_frequency", "rrule")
    for name in parts.keys() - _PARTS:
        yield Finding(
            where=where, what=f"`{name}` is no part of a recurrence rule.", mend=suggested(name, sorted(_PARTS))
        )
    frequency = parts.get("FREQ", "")
    if frequency not in _FREQUENCIES:
        what = f"`{told.rrule}` does not say how often."
        yield Finding(where=where, what=what, mend=_frequency_meant(frequency))
    if {"COUNT", "UNTIL"} <= parts.keys():
        yield Finding(where=where, what="The rule ends twice: COUNT and UNTIL.", mend="Keep one of them.")
    if "COUNT" in parts and not told.dtstart:
        mend = "Add `dtstart: ...` with the date of the first episode."
        yield Finding(where=where, what="The rule counts episodes, but not from when.", mend=mend)


def _frequency_meant(written: str) -> str:
    near = meant(written, _FREQUENCIES)
    return f"Did you mean `FREQ={near}`?" if near else "Begin it with FREQ=, such as FREQ=WEEKLY."


def _loudness(show: Show, _: Catalog) -> Iterator[Finding]:
    asked = show.mastering.loudness_lufs
    if abs(asked - _APPLE_LUFS) > _APPLE_WITHIN_LU:
        what = f"Episodes are made {asked:g} LUFS loud; Apple asks for {_APPLE_LUFS:g}, one up or down."
        yield Finding(where=("audio", "loudness"), what=what)


def _peak(show: Show, _: Catalog) -> Iterator[Finding]:
    asked = show.mastering.peak_dbtp
    if asked > _APPLE_DBTP:
        yield Finding(where=("audio", "peak"), what=f"Peaks may reach {asked:g} dBTP; Apple asks for {_APPLE_DBTP:g}.")


def _bitrates(show: Show, _: Catalog) -> Iterator[Finding]:
    mastering = show.mastering
    asked = {"bitrate_mono": mastering.bitrate_mono_kbps, "bitrate_stereo": mastering.bitrate_stereo_kbps}
    for key, kbps in asked.items():
        usual = _APPLE_KBPS[key]
        if mastering.codec == "mp3" and kbps not in usual:
            what = f"MP3 at {kbps} kbps; Apple asks for {usual[0]} to {usual[-1]}."
            mend = f"Write `{key}: {min(usual[-1], max(usual[0], kbps))}`."
            yield Finding(where=("audio", key), what=what, mend=mend)


def _hubs(show: Show, _: Catalog) -> Iterator[Finding]:
    for place, hub in enumerate(show.hubs):
        if _open(hub):
            yield Finding(where=("hubs", place), what=f"The hub {hub} is not at an https:// address.")
        if hub in show.hubs[:place]:
            yield Finding(where=("hubs", place), what=f"The hub {hub} stands there twice.", mend="Remove one.")


def _podping(show: Show, _: Catalog) -> Iterator[Finding]:
    if show.podping_node and _open(show.podping_node):
        yield Finding(where=("podping",), what=f"The podping node {show.podping_node} is not at an https:// address.")


def _publisher(show: Show, _: Catalog) -> Iterator[Finding]:
    if show.publisher and not show.publisher.feed:
        yield Finding(where=("publisher",), what="The publisher's feed has no address, only a guid.")


def _podroll(show: Show, _: Catalog) -> Iterator[Finding]:
    guids = [each.guid for each in show.podroll]
    for place, guid in enumerate(guids):
        if guid == show.guid.lower():
            yield Finding(where=("podroll", place), what="The show recommends itself.")
        elif guid in guids[:place]:
            yield Finding(where=("podroll", place), what="The same show is recommended twice.")


def _feeds(show: Show, catalog: Catalog) -> Iterator[Finding]:
    live = [episode for episode in catalog.episodes if episode.status is Status.LIVE]
    there = {"seasons": any(each.season for each in live), "topics": any(each.topics for each in live)}
    for place, asked in enumerate(show.feeds):
        if live and not there[asked]:
            what = f"Each of its {asked} should have a feed, and no episode has `{_OF_AN_EPISODE[asked]}`."
            yield Finding(where=("feeds", place), what=what)


_OF_AN_EPISODE = {"seasons": "season", "topics": "topics"}
"""Where an episode says what there may be a feed of."""


def _empty(_: Show, catalog: Catalog) -> Iterator[Finding]:
    if not any(episode.status is Status.LIVE for episode in catalog.episodes):
        draft = next((each.title for each in catalog.episodes if each.status is Status.DRAFT), None)
        still = f"; “{draft}” is still a draft" if draft else ""
        yield Finding(where=(), what=f"The show has no episode that listeners could get{still}.")


ARTWORK = Demand(
    id="artwork",
    asks="Covers and episodes' art are square JPEG or PNG pictures of 1400 to 3000 pixels, in RGB.",
    source="Apple-guide, artwork",
    platforms=frozenset({Platform.APPLE, Platform.SPOTIFY, Platform.PSP}),
    fatal=True,
    why="Apple Podcasts would refuse it.",
    remedy="Export it as a square JPEG or PNG of 1400 to 3000 pixels, in RGB.",
)
"""Judged where pictures are opened."""

RULES: tuple[Rule[Show], ...] = (
    Rule(
        id="show-description-length",
        asks="The show's description takes at most 4000 bytes.",
        source="PSP-1, channel description",
        platforms=frozenset({Platform.APPLE, Platform.PSP}),
        fatal=True,
        why="Directories would cut it off.",
        remedy="Shorten it.",
        find=lambda show, _: prose.too_long("description", show.description),
    ),
    Rule(
        id="show-plain",
        asks="Title, subtitle and description are plain text, without tags or character references.",
        source="RSS Best Practices Profile, character data",
        platforms=frozenset({Platform.RSS, Platform.APPLE}),
        why="Listeners would read the markup itself.",
        remedy="Write the words and signs themselves: &, not &amp;.",
        find=_plain,
    ),
    Rule(
        id="show-language-form",
        asks="The language is a tag in its usual case: nl, nl-BE, zh-Hans.",
        source="BCP 47 (RFC 5646), section 2.1.1",
        platforms=frozenset({Platform.RSS, Platform.APPLE, Platform.PSP, Platform.ACCESS}),
        why="A program that compares letter by letter would not know the language, for its voice or its list.",
        remedy="Write it as in nl-BE.",
        find=_language,
    ),
    Rule(
        id="show-category",
        asks="Categories are Apple's, in its own spelling.",
        source="Apple-guide, itunes:category",
        platforms=frozenset({Platform.APPLE, Platform.SPOTIFY, Platform.PSP}),
        fatal=True,
        why="Apple Podcasts would refuse the show.",
        remedy="Choose from Apple's list, as in `Business > Careers`.",
        find=_categories,
    ),
    Rule(
        id="show-category-twice",
        asks="Each category is named once.",
        source="Apple-guide, itunes:category",
        platforms=frozenset({Platform.APPLE, Platform.PSP}),
        why="Nobody would find the show in a place more for it.",
        remedy="Remove one, or choose another.",
        find=_category_twice,
    ),
    Rule(
        id="show-owner",
        asks="The show has an owner with an e-mail address.",
        source="Apple-guide, itunes:owner",
        platforms=frozenset({Platform.APPLE, Platform.SPOTIFY}),
        why="Directories send their confirmation there.",
        remedy="Add `owner:` with `name:` and `email:`.",
        find=_owner,
    ),
    Rule(
        id="show-locked-owner",
        asks="A locked show has an owner who can be asked.",
        source="ns locked, attribute owner",
        platforms=frozenset({Platform.PODCASTING, Platform.PSP}),
        why="Should you ever move, the new host has no address to ask at, and listeners stay behind.",
        remedy="Add `owner:` with `name:` and `email:`, or write `locked: no`.",
        find=_locked,
    ),
    Rule(
        id="show-cover-alt",
        asks="The cover has a description.",
        source="WCAG 2.2, 1.1.1; ns image, attribute alt",
        platforms=frozenset({Platform.ACCESS, Platform.PODCASTING}),
        why="A listener with a screen reader would not know what it shows.",
        remedy="Add `cover_alt:` saying what it shows.",
        find=_cover_alt,
    ),
    Rule(
        id="show-https",
        asks="The show is published at an https:// address.",
        source="W3C Mixed Content",
        platforms=EVERYONE,
        why="Players on web pages would not load the audio, and others may warn.",
        remedy="Get a certificate for the site and write https:// in `base_url`; the old address should lead there.",
        find=_secure,
    ),
    Rule(
        id="show-medium",
        asks="The medium is one of the namespace's.",
        source="ns medium",
        platforms=frozenset({Platform.PODCASTING}),
        why="Apps that sort by medium would not show it.",
        remedy="Write `medium: podcast`, or leave the line out.",
        find=_medium,
    ),
    Rule(
        id="show-season-twice",
        asks="A season has one name.",
        source="ns season, attribute name",
        platforms=frozenset({Platform.PODCASTING}),
        why="Apps would show one of the names, and not always the same one.",
        remedy="Remove one of them, or correct its number.",
        find=_season_twice,
    ),
    Rule(
        id="show-frequency",
        asks="How often episodes come is a rule that calendars understand.",
        source="ns updateFrequency; RFC 5545, section 3.3.10",
        platforms=frozenset({Platform.PODCASTING}),
        why="Apps could not tell when the next episode is due.",
        remedy="Write it as in `rrule: FREQ=WEEKLY;BYDAY=TU`.",
        find=_frequency,
    ),
    Rule(
        id="show-credits",
        asks="Hosts have a role and group of the Podcast Taxonomy.",
        source="ns person, attributes role and group",
        platforms=frozenset({Platform.PODCASTING, Platform.PSP}),
        why="Apps would not show who does what.",
        remedy="Choose from the taxonomy: `omroep rules show-credits` lists it.",
        find=people.of_show,
    ),
    Rule(
        id="show-license",
        asks="A licence is one that apps know, or has a link to its text.",
        source="ns license",
        platforms=frozenset({Platform.PODCASTING}),
        why="Nobody could tell what may be done with the show.",
        remedy="Write a name such as cc-by-4.0, or `name:` and `link:`.",
        find=terms.of_show,
    ),
    Rule(
        id="show-discussion",
        asks="Posts and rooms in which listeners talk are of a protocol that apps know.",
        source="ns social-interact and ns chat, attribute protocol",
        platforms=frozenset({Platform.PODCASTING}),
        why="Apps would not show what is said there.",
        remedy="Write the protocol and not the name of the site: activitypub for Mastodon, atproto for Bluesky.",
        find=talk.of_show,
    ),
    Rule(
        id="show-publisher",
        asks="The publisher's feed has its address.",
        source="ns publisher; ns remote-item, attribute feedUrl",
        platforms=frozenset({Platform.PODCASTING}),
        why="Apps that look up no guids would not lead listeners to the publisher's other shows.",
        remedy="Add `feed:` with the address of that feed below `publisher:`.",
        find=_publisher,
    ),
    Rule(
        id="show-podroll",
        asks="A recommended show is another one, and named once.",
        source="ns podroll",
        platforms=frozenset({Platform.PODCASTING}),
        why="Listeners would be led to what they listen to already.",
        remedy="Remove it.",
        find=_podroll,
    ),
    Rule(
        id="show-hubs",
        asks="Each WebSub hub is named once, at an https:// address.",
        source="WebSub, section 8",
        platforms=frozenset({Platform.RSS, Platform.PODCASTING}),
        why="Anybody on the way could keep the news from listeners' apps, or send them something else.",
        remedy="Write https:// if the hub has it, or choose another hub.",
        find=_hubs,
    ),
    Rule(
        id="show-podping",
        asks="The podping node is at an https:// address.",
        source="omroep",
        platforms=frozenset({Platform.PODCASTING}),
        fatal=True,
        why="Your token would travel there in the open, and others could announce what they like in your name.",
        remedy="Write its https:// address, or `podping: yes` for podping.cloud.",
        find=_podping,
    ),
    Rule(
        id="show-feeds",
        asks="Of what has a feed of its own there is something in an episode.",
        source="omroep, docs/producers.md",
        platforms=EVERYONE,
        why="Nobody would find such a feed: there is none.",
        remedy="Give episodes that key, or leave the word out of `feeds`.",
        find=_feeds,
    ),
    Rule(
        id="show-loudness",
        asks="Episodes are -16 LUFS loud, one up or down.",
        source="Apple-893, loudness",
        platforms=frozenset({Platform.APPLE}),
        why="Listeners would reach for the volume after another show.",
        remedy="Write `loudness: -16`, or leave the line out.",
        find=_loudness,
    ),
    Rule(
        id="show-peak",
        asks="True peaks stay under -1 dBTP.",
        source="Apple-893, true peak",
        platforms=frozenset({Platform.APPLE}),
        why="Some players would distort the loudest moments.",
        remedy="Write `peak: -1`, or leave the line out.",
        find=_peak,
    ),
    Rule(
        id="show-bitrate",
        asks="MP3 takes 96 to 128 kbps for one channel, 128 to 256 for two.",
        source="Apple-893, bit rate",
        platforms=frozenset({Platform.APPLE}),
        why="Less can be heard as a metallic edge; more costs listeners data and gives them nothing.",
        remedy="Leave the line out.",
        find=_bitrates,
    ),
    Rule(
        id="show-empty",
        asks="The show has at least one episode, be it a trailer.",
        source="Apple-823, episodes",
        platforms=frozenset({Platform.APPLE, Platform.SPOTIFY, Platform.PSP}),
        why="Directories refuse a show without any.",
        remedy="Write one with `status: live`, or a trailer with `type: trailer`.",
        find=_empty,
    ),
)
