"""Who is named, and as what: persons' roles and groups, and names that differ by a typing error."""

from collections.abc import Iterable, Iterator

from pipeline.checks.nearest import meant, suggested
from pipeline.checks.rule import Finding
from pipeline.checks.vocabularies import ROLES
from pipeline.model import Catalog, Episode, Person, Show


def of_show(show: Show, _: Catalog) -> Iterator[Finding]:
    """Roles and groups of the show's hosts that apps do not know."""
    return _unknown("hosts", show.hosts)


def of_episode(episode: Episode, catalog: Catalog) -> Iterator[Finding]:
    """The same of an episode's hosts, where it has its own, and guests."""
    if episode.hosts != catalog.show.hosts:
        yield from _unknown("hosts", episode.hosts)
    yield from _unknown("guests", episode.guests)


def twice(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """Guests who are named already, as guest or host."""
    seen = {person.name.casefold() for person in episode.hosts}
    for place, guest in enumerate(episode.guests):
        name = guest.name.casefold()
        if name in seen:
            yield Finding(where=("guests", place), what=f"{guest.name} is named twice.")
        seen.add(name)


def misspelt(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """Speakers in the transcript whose names are nearly those of a host or guest."""
    people = {person.name for person in (*episode.hosts, *episode.guests)}
    speakers = dict.fromkeys(cue.speaker for cue in episode.transcript if cue.speaker)
    for speaker in speakers:
        near = meant(speaker, people)
        if speaker not in people and near:
            what = f"“{speaker}” speaks in the transcript, “{near}” stands in episode.md."
            yield Finding(where=("transcript",), what=what, mend="Spell the name alike in both.")


def _unknown(key: str, people: Iterable[Person]) -> Iterator[Finding]:
    for place, person in enumerate(people):
        role, group = person.role.lower(), person.group.lower()
        if group not in ROLES:
            what = f"The group `{person.group}` of {person.name} is not one that apps know."
            yield Finding(where=(key, place, "group"), what=what, mend=suggested(group, ROLES))
        elif role not in ROLES[group]:
            what = f"The role `{person.role}` of {person.name} is not one of the group `{group}`."
            yield Finding(where=(key, place, "role"), what=what, mend=_role(role, group))


def _role(role: str, group: str) -> str:
    homes = [name for name, roles in ROLES.items() if role in roles]
    if homes:
        return f"Add `group: {homes[0]}`, where that role belongs."
    near = meant(role, ROLES[group])
    if near:
        return f"Did you mean `{near}`?"
    away = meant(role, (word for roles in ROLES.values() for word in roles))
    home = next((name for name, roles in ROLES.items() if away in roles), "")
    return f"Did you mean `{away}`, with `group: {home}`?" if away else suggested(role, ROLES[group])
