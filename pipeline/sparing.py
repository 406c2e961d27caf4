"""Going on with the rest: what is wrong with an episode stops neither the others nor what listeners have of it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline import consent, theme
from pipeline.catalog import EPISODES, Reading, files, front_matter, transcripts
from pipeline.consent import Withheld
from pipeline.errors import Problem, Refused, ShowError
from pipeline.history import Published
from pipeline.model import Catalog, Entry, Episode, Guid, Origin, Release, Slug, Status
from pipeline.standing import Apart
from pipeline.store import Store
from pipeline.text import slug_of

Held = Mapping[str, tuple[Problem, ...]]
"""Why an episode is left as it is, by its folder in `episodes/`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """A show whose episodes are told apart: nothing is wrong with some, and something is with others."""

    catalog: Catalog
    """Of those with which nothing is wrong."""
    held: Held
    known: tuple[Episode, ...]
    """Of the others, those that could be read, with what guests agree to have published."""
    withheld: tuple[Withheld, ...] = ()
    """What guests do not agree to have published."""
    advice: tuple[Problem, ...] = field(repr=False)


def sort(reading: Reading, held: Held) -> Sorted:
    """What was read of a show, and what is `held` for another reason.

    ShowError when something is wrong with the show as a whole.
    """
    wrong = [problem for problem in reading.problems if problem.fatal]
    if general := [problem for problem in wrong if not _folder(problem)]:
        raise ShowError(*general)
    if reading.catalog is None:
        raise ShowError(*wrong)
    apart = dict(held)
    for folder in dict.fromkeys(map(_folder, wrong)):
        apart[folder] = apart.get(folder, ()) + tuple(each for each in wrong if _folder(each) == folder)
    apart |= {folder: apart.get(folder, ()) for folder in _twins(reading.catalog.episodes)}
    return Sorted(
        catalog=replace(reading.catalog, episodes=_others(reading.catalog, apart)),
        held=apart,
        known=tuple(episode for episode in reading.catalog.episodes if episode.folder in apart),
        withheld=reading.withheld,
        advice=tuple(problem for problem in reading.problems if not problem.fatal and _folder(problem) not in apart),
    )


def further(found: Sorted, held: Held) -> Sorted:
    """The same, where something has turned out to be wrong with more of them."""
    more = (episode for episode in found.catalog.episodes if episode.folder in held)
    return replace(
        found,
        catalog=replace(found.catalog, episodes=_others(found.catalog, held)),
        held={**found.held, **held},
        known=(*found.known, *more),
    )


def whole(root: Path, found: Sorted, before: Published, store: Store) -> Catalog:
    """What listeners are to get: the good ones as they are now, the others as listeners have them, if they do.

    Whatever is wrong with one of the others: where its file can be read, guests are left out whom it does not let be
    published any more, and what it says is withdrawn is.

    Refused where a transcript that is published cannot be brought back to the byte.
    """
    here = {episode.guid for episode in found.catalog.episodes}
    claimed = {name for each in apart(root, found).values() for name in each.names}
    release = before.release
    kept = tuple(
        _withdrawn(entry, found) or _agreed(_as_published(entry, release, store), found)
        for entry in (release.edition.entries if release else ())
        if release and entry.episode.guid not in here and claimed & {entry.episode.guid, entry.episode.slug}
    )
    if not kept:
        return found.catalog
    origins = dict(found.catalog.origins)
    origins |= {episode.slug: Origin(file=EPISODES.as_posix(), lines={}) for episode in kept}
    order = sorted((*found.catalog.episodes, *kept), key=_order)
    return replace(found.catalog, episodes=tuple(order), origins=origins)


def _said(of: Guid, found: Sorted) -> tuple[Episode, ...]:
    """What the files say of a published episode; those of twins, each its own."""
    return tuple(episode for episode in found.known if episode.guid == of)


def _withdrawn(entry: Entry, found: Sorted) -> Episode | None:
    """The episode as its file has it, where that says that it is withdrawn; of twins, where all do."""
    said = _said(entry.episode.guid, found)
    return said[0] if said and all(each.status is Status.WITHDRAWN for each in said) else None


def _agreed(episode: Episode, found: Sorted) -> Episode:
    """A published episode with what its guests still agree to; of twins, with what they agree to in all."""
    stand_in = theme.spoken(found.catalog.show.language).gettext(consent.A_GUEST)
    for said in _said(episode.guid, found):
        episode = consent.upheld(episode, said, found.withheld, stand_in)
    return episode


def told(held: Held) -> tuple[Problem, ...]:
    """Every reason once."""
    return tuple(dict.fromkeys(problem for problems in held.values() for problem in problems))


def _folder(problem: Problem) -> str:
    """The episode's folder that a problem is about (or the loose file); empty where it is the whole show's."""
    top, _, rest = problem.file.partition("/")
    return rest.partition("/")[0] if top == EPISODES.as_posix() else ""


def _twins(episodes: Iterable[Episode]) -> Iterator[str]:
    """The folders of all that share a guid or a web address: nobody knows whose it is."""
    listed = tuple(episodes)
    count = Counter(name for episode in listed for name in {str(episode.guid), f"/{episode.slug}"})
    for episode in listed:
        if count[str(episode.guid)] > 1 or count[f"/{episode.slug}"] > 1:
            yield episode.folder


def _others(catalog: Catalog, held: Held) -> tuple[Episode, ...]:
    return tuple(episode for episode in catalog.episodes if episode.folder not in held)


def _order(episode: Episode) -> tuple[object, ...]:
    return (episode.published, episode.season or 0, episode.number or 0, episode.slug)


def apart(root: Path, found: Sorted) -> Mapping[str, Apart]:
    """What is left alone, why, and under which guids and web names it may be published."""
    names: dict[str, set[Guid | Slug]] = defaultdict(set)
    for episode in found.known:
        names[episode.folder] |= {episode.guid, episode.slug}
    for folder in found.held.keys() - names.keys():
        names[folder] |= {*_typed(root, folder), slug_of(folder)}
    return {
        folder: Apart(why=tuple(problem.what for problem in problems), names=frozenset(names[folder]))
        for folder, problems in found.held.items()
    }


def _typed(root: Path, folder: str) -> Iterator[Guid | Slug]:
    """What an `episode.md` that cannot be read seems to say that its guid and slug are."""
    body = files.text(root / EPISODES / folder / "episode.md", root)
    if isinstance(body, str):
        for name, value in _IDENTITY.findall(front_matter(body) or body):
            yield Guid(value) if name == "guid" else Slug(value)


_IDENTITY = re.compile(r"^(guid|slug):[ \t]*[\"']?([^\"'\n#]*[^\"'\n#\s])", re.MULTILINE)


def _as_published(entry: Entry, release: Release, store: Store) -> Episode:
    """The episode as it was published; Refused where its transcript cannot be brought back."""
    key = transcripts.published(entry, release)
    held = store.read(key) if key else None
    episode = transcripts.again(entry, key, held.body if held else None) if key else entry.episode
    if episode is None:
        title = entry.episode.title
        what = f"“{title}” cannot be left as it is: its transcript at {store.name} is lost or damaged."
        raise Refused(Problem(what=what, mend="Mend its episode.md, and publish with --repair."))
    return episode
