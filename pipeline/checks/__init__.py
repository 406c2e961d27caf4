"""What platforms and people demand of a show, as a table of rules, each with its source."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pipeline.checks import consents, dates, episodes, shows
from pipeline.checks.nearest import suggested
from pipeline.checks.rule import About, Demand, Platform, Rule, id_of
from pipeline.errors import Problem
from pipeline.model import Catalog, Edition, Slug, Status

READABLE = Demand(
    id="readable",
    asks="omroep can read the show's files: every key is known, every value is of its kind, every file is there.",
    source="omroep, docs/producers.md",
    platforms=frozenset(Platform),
    fatal=True,
    why="Nothing can be published of what cannot be read.",
    remedy="As it says.",
)
"""What is broken by a problem that names no rule."""
RULES: tuple[Demand, ...] = (
    READABLE,
    *shows.RULES,
    shows.ARTWORK,
    *episodes.RULES,
    *episodes.READ_RULES,
    *episodes.CATALOG_RULES,
    *episodes.ENTRY_RULES,
    *consents.RULES,
    *dates.RULES,
)
"""Every rule, in the order in which they are told and documented."""
_BY_ID: Mapping[str, Demand] = {rule.id: rule for rule in RULES}


def findings(catalog: Catalog) -> Iterator[Problem]:
    """Everything that the rules have to say about a catalogue, with file and line."""
    for rule in shows.RULES:
        yield from _problems(rule, catalog.show, catalog, None)
    for episode in catalog.episodes:
        if episode.status is Status.LIVE:
            for each in episodes.RULES:
                yield from _problems(each, episode, catalog, episode.slug)
    for one in episodes.CATALOG_RULES:
        yield from _problems(one, catalog, catalog, None)


def late(edition: Edition, catalog: Catalog) -> Iterator[Problem]:
    """Chapters and transcript lines that begin when the delivered audio is already over."""
    for entry in edition.entries:
        for rule in episodes.ENTRY_RULES:
            yield from _problems(rule, entry, catalog, entry.episode.slug)


def rule(id: str) -> Demand:
    """The rule of that id; ValueError, with the nearest one, where there is none."""
    if id not in _BY_ID:
        raise ValueError(f"`{id}` is not a rule. {suggested(id, _BY_ID)}")
    return _BY_ID[id]


def of(problem: Problem) -> Demand | None:
    """The rule that a problem breaks; None for one of another table, such as what is heard in a recording."""
    return _BY_ID.get(id_of(problem) or READABLE.id)


def of_platform(found: Iterable[Problem], platform: Platform) -> tuple[Problem, ...]:
    """The problems that count for a platform: those of its rules, and those of no table here."""
    return tuple(each for each in found if (broken := of(each)) is None or platform in broken.platforms)


def strictly(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems as they are where advice counts as well."""
    return tuple(replace(problem, fatal=True) for problem in found)


def _problems(rule: Rule[About], about: About, catalog: Catalog, slug: Slug | None) -> Iterator[Problem]:
    for found in rule.find(about, catalog):
        file, line = catalog.origins[found.of or slug].place(*found.where)
        yield rule.problem(found.what, file=file, line=line + found.below if line else line, mend=found.mend)
