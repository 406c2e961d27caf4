"""What is asked where guests said what may be published of them: what ends, and who is named still."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline import consent
from pipeline.checks.rule import EVERYONE, Demand, Where
from pipeline.errors import Problem
from pipeline.model import Catalog, Episode, Slug, Status
from pipeline.names import folded

_SOON = timedelta(days=30)
ENDING = Demand(
    id="guest-consent",
    asks="A guest's `consent` has not ended, and does not end within 30 days.",
    source="omroep, docs/producers.md; GDPR, article 7(3)",
    platforms=EVERYONE,
    why="What the guest no longer agrees to is left out from that moment on.",
    remedy="Ask the guest, and write the new date; or let it go.",
)
NAMED = Demand(
    id="guest-unnamed",
    asks="Who does not want to be named is named nowhere: not in notes, titles, chapters, topics or the transcript.",
    source="omroep, docs/producers.md; GDPR, article 7(3)",
    platforms=EVERYONE,
    fatal=True,
    why="Everybody could read it.",
    remedy="Write it without the name; omroep does not change your words.",
)
STILL_NAMED = Demand(
    id="guest-still-named",
    asks="Whose consent to be named has ended is named nowhere either.",
    source=NAMED.source,
    platforms=EVERYONE,
    why=NAMED.why,
    remedy=NAMED.remedy,
)
ELSEWHERE = Demand(
    id="guest-named-elsewhere",
    asks="Who does not want to be named in one episode has a `consent` in every other as well.",
    source=NAMED.source,
    platforms=EVERYONE,
    why="Everybody can read the name there.",
    remedy="Is that meant? Then write `consent: yes` there; else what may be published.",
)
RULES = (ENDING, NAMED, STILL_NAMED, ELSEWHERE)


def findings(catalog: Catalog, now: datetime) -> Iterator[Problem]:
    """What there is to say at `now` of a catalogue as producers wrote it."""
    zone = ZoneInfo(catalog.show.timezone)
    episodes = {episode.slug: episode for episode in catalog.episodes if episode.status is not Status.DRAFT}
    for each in consent.withheld(catalog, now):
        if each.slug in episodes and each.since:
            day = f"{each.since.astimezone(zone):%Y-%m-%d %H:%M}"
            what = f"The consent of {each.person.name} ended on {day}; left out: {', '.join(each.kinds)}."
            yield _problem(ENDING, catalog, each.slug, ("guests", each.place, "consent"), what)
        if each.slug in episodes and "name" in each.kinds:
            rule = STILL_NAMED if each.since else NAMED
            yield from _named(rule, catalog, episodes[each.slug], each.person.name)
    yield from _elsewhere(catalog, tuple(episodes.values()))
    yield from _soon(catalog, tuple(episodes.values()), now, zone)


def _elsewhere(catalog: Catalog, episodes: tuple[Episode, ...]) -> Iterator[Problem]:
    """Guests who were asked nothing in one episode, and in another said that they do not want to be named."""
    guests = [(episode, place, person) for episode in episodes for place, person in enumerate(episode.guests)]
    unnamed = {
        folded(person.name): episode
        for episode, _, person in guests
        if person.consent is not None and not person.consent.name
    }
    for episode, place, person in guests:
        other = unnamed.get(folded(person.name))
        if other and person.consent is None:
            what = f"{person.name} is named here, and does not want to be named in `{other.folder}`."
            yield _problem(ELSEWHERE, catalog, episode.slug, ("guests", place), what)


def _soon(catalog: Catalog, episodes: tuple[Episode, ...], now: datetime, zone: ZoneInfo) -> Iterator[Problem]:
    for episode in episodes:
        for place, person in enumerate(episode.guests):
            until = person.consent.until if person.consent else None
            if until and now < until <= now + _SOON:
                what = f"The consent of {person.name} ends on {until.astimezone(zone):%Y-%m-%d %H:%M}."
                yield _problem(ENDING, catalog, episode.slug, ("guests", place, "consent"), what)


def _named(rule: Demand, catalog: Catalog, episode: Episode, name: str) -> Iterator[Problem]:
    pattern = re.compile(rf"(?<!\w){re.escape(folded(name))}(?!\w)")
    for where, text in _texts(episode):
        if pattern.search(folded(text)):
            what = f"{name} does not want to be named, but is in `{where[0]}`."
            yield _problem(rule, catalog, episode.slug, where, what)


def _texts(episode: Episode) -> Iterator[tuple[Where, str]]:
    """Every text of an episode that listeners may read, with where it was written."""
    yield from ((("title",), episode.title), (("summary",), episode.summary), (("notes",), episode.notes))
    yield (("slug",), episode.slug.replace("-", " "))
    yield (("image_alt",), episode.image_alt or "")
    yield from ((("chapters", place), each.title) for place, each in enumerate(episode.chapters))
    yield from ((("topics", place), each) for place, each in enumerate(episode.topics))
    yield from ((("soundbites", place), each.title or "") for place, each in enumerate(episode.soundbites))
    yield (("transcript",), " ".join(cue.text for cue in episode.transcript))


def _problem(rule: Demand, catalog: Catalog, slug: Slug, where: Where, what: str) -> Problem:
    file, line = catalog.origins[slug].place(*where)
    return rule.problem(what, file=file, line=line)
