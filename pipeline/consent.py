"""What guests have agreed to: a catalogue in, one with only what may be published out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.model import Catalog, Cue, Episode, Person, Slug
from pipeline.names import folded

A_GUEST = "A guest"
"""Who speaks in a transcript, where the name is not to be told."""
KINDS = ("name", "photo", "transcript")


@dataclass(frozen=True, kw_only=True, slots=True)
class Withheld:
    """Something of a guest that is not published."""

    slug: Slug
    """Of the episode."""
    place: int
    """Of the guest in that episode's list."""
    person: Person
    kinds: tuple[str, ...]
    """Words of `KINDS`."""
    since: datetime | None
    """When the consent to it ended; None where it was never given."""


def given(person: Person, kind: str, now: datetime) -> bool:
    """Whether a person agrees at `now` to that of `KINDS`; who was not asked is published, as ever."""
    said = person.consent
    return said is None or (bool(getattr(said, kind)) and (said.until is None or now < said.until))


def withheld(catalog: Catalog, now: datetime) -> Iterator[Withheld]:
    """Everything that is not published at `now`, guest by guest."""
    for episode in catalog.episodes:
        for place, person in enumerate(episode.guests):
            said = person.consent
            never = tuple(kind for kind in KINDS if said and not getattr(said, kind))
            ended = tuple(kind for kind in KINDS if kind not in never and not given(person, kind, now))
            for kinds, since in ((never, None), (ended, said.until if said else None)):
                if kinds:
                    yield Withheld(slug=episode.slug, place=place, person=person, kinds=kinds, since=since)


def _next_end(catalog: Catalog, now: datetime) -> datetime | None:
    """The next moment at which a consent ends."""
    every = (person.consent for episode in catalog.episodes for person in episode.guests)
    return min((said.until for said in every if said and said.until and said.until > now), default=None)


def honoured(catalog: Catalog, now: datetime, stand_in: str) -> Catalog:
    """The catalogue with what may be published at `now`; `stand_in` speaks for guests who are not named."""
    episodes = tuple(_honoured(episode, now, stand_in) for episode in catalog.episodes)
    return replace(catalog, episodes=episodes, until=_next_end(catalog, now))


def _honoured(episode: Episode, now: datetime, stand_in: str) -> Episode:
    if all(person.consent is None for person in episode.guests):
        return episode
    unnamed = {folded(person.name) for person in episode.guests if not given(person, "name", now)}
    labels = _labels(unnamed, (*episode.guests, *episode.hosts))
    spoken = all(given(person, "transcript", now) for person in episode.guests)
    return replace(
        episode,
        guests=tuple(_seen(person, now) for person in episode.guests if folded(person.name) not in unnamed),
        transcript=tuple(_said(cue, labels, stand_in) for cue in episode.transcript) if spoken else (),
    )


def upheld(published: Episode, said: Episode, withheld: Iterable[Withheld], stand_in: str) -> Episode:
    """An episode as it was published, less whom its file (`said`) names no more, and less what is `withheld` of it."""
    found = [each for each in withheld if each.slug == said.slug]
    unnamed, faceless, unheard = ({folded(each.person.name) for each in found if kind in each.kinds} for kind in KINDS)
    named = {folded(person.name) for person in said.guests}
    labels = _labels(unnamed, (*said.guests, *said.hosts))
    return replace(
        published,
        guests=tuple(
            replace(person, image=None) if folded(person.name) in faceless else person
            for person in published.guests
            if folded(person.name) in named
        ),
        transcript=() if unheard else tuple(_said(cue, labels, stand_in) for cue in published.transcript),
    )


def _seen(person: Person, now: datetime) -> Person:
    return person if given(person, "photo", now) else replace(person, image=None)


def _labels(unnamed: set[str], people: Iterable[Person]) -> set[str]:
    """What a transcript may call those of `people` who are not named, folded: their names, or the first words of them.

    A first word that is all of another's name is that other's. One that two begin with is not published: nobody can
    tell whom it means.
    """
    others = {folded(person.name) for person in people} - unnamed
    return unnamed | ({name.partition(" ")[0] for name in unnamed} - others)


def _said(cue: Cue, labels: set[str], stand_in: str) -> Cue:
    return replace(cue, speaker=stand_in) if cue.speaker and folded(cue.speaker) in labels else cue
