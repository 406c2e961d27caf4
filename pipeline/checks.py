"""What platforms and people demand of a show, as a table of rules, each with its source."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Generic, TypeVar

from pipeline import notes, sidecars
from pipeline.errors import Problem
from pipeline.model import Catalog, Category, Edition, Episode, Show, Slug, Status
from pipeline.text import clock

APPLE_CATEGORIES: dict[str, tuple[str, ...]] = {
    "Arts": ("Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"),
    "Business": ("Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit"),
    "Comedy": ("Comedy Interviews", "Improv", "Stand-Up"),
    "Education": ("Courses", "How To", "Language Learning", "Self-Improvement"),
    "Fiction": ("Comedy Fiction", "Drama", "Science Fiction"),
    "Government": (),
    "History": (),
    "Health & Fitness": ("Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality"),
    "Kids & Family": ("Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"),
    "Leisure": (
        "Animation & Manga",
        "Automotive",
        "Aviation",
        "Crafts",
        "Games",
        "Hobbies",
        "Home & Garden",
        "Video Games",
    ),
    "Music": ("Music Commentary", "Music History", "Music Interviews"),
    "News": (
        "Business News",
        "Daily News",
        "Entertainment News",
        "News Commentary",
        "Politics",
        "Sports News",
        "Tech News",
    ),
    "Religion & Spirituality": ("Buddhism", "Christianity", "Hinduism", "Islam", "Judaism", "Religion", "Spirituality"),
    "Science": (
        *("Astronomy", "Chemistry", "Earth Sciences", "Life Sciences", "Mathematics", "Natural Sciences", "Nature"),
        *("Physics", "Social Sciences"),
    ),
    "Society & Culture": ("Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships"),
    "Sports": (
        *("Baseball", "Basketball", "Cricket", "Fantasy Sports", "Football", "Golf", "Hockey", "Rugby", "Running"),
        *("Soccer", "Swimming", "Tennis", "Volleyball", "Wilderness", "Wrestling"),
    ),
    "Technology": (),
    "True Crime": (),
    "TV & Film": ("After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"),
}
"""Apple Podcasts categories; upper and lower case count."""
_LONGEST = 4000

Where = tuple[str | int, ...]
Finding = tuple[Where, str, str]
"""Which key, what is wrong with it, and how to mend it."""
About = TypeVar("About", Show, Episode)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(Generic[About]):
    """One demand: who makes it, whether breaking it stops a publish, and what a listener would notice."""

    id: str
    source: str
    fatal: bool
    why: str
    find: Callable[[About, Catalog], Iterable[Finding]]


def findings(catalog: Catalog) -> Iterator[Problem]:
    """Everything that the rules have to say about a catalogue, with file and line."""
    for rule in SHOW_RULES:
        yield from _problems(rule, catalog.show, catalog, None)
    for episode in catalog.episodes:
        if episode.status is Status.LIVE:
            for each in EPISODE_RULES:
                yield from _problems(each, episode, catalog, episode.slug)


def late(edition: Edition, catalog: Catalog) -> Iterator[Problem]:
    """Chapters and transcript lines that begin when the delivered audio is already over."""
    for entry in edition.entries:
        episode, origin = entry.episode, catalog.origins[entry.episode.slug]
        end = entry.media.duration_s - entry.media.shift_s
        parts = (("chapters", episode.chapters), ("transcript", episode.transcript))
        for key, moments in parts:
            if count := sum(moment.start_s >= end for moment in moments):
                file, line = origin.place(key)
                yield Problem(
                    what=f"“{episode.title}” lasts {clock(end)}; {count} of its {key} begin later.",
                    file=file,
                    line=line,
                    why="They are left out.",
                    mend="Check that they belong to this recording.",
                    fatal=False,
                    rule="episode-late (omroep)",
                )


def _problems(rule: Rule[About], about: About, catalog: Catalog, slug: Slug | None) -> Iterator[Problem]:
    origin = catalog.origins[slug]
    for path, what, mend in rule.find(about, catalog):
        file, line = origin.place(*path)
        yield Problem(
            what=what,
            file=file,
            line=line,
            why=rule.why,
            mend=mend,
            fatal=rule.fatal,
            rule=f"{rule.id} ({rule.source})",
        )


def _too_long(key: str, text: str) -> Iterator[Finding]:
    size = len(text.encode())
    if size > _LONGEST:
        yield (key,), f"`{key}` takes {size} bytes; at most {_LONGEST} are shown.", "Shorten it."


def _categories(show: Show, _: Catalog) -> Iterator[Finding]:
    known = [f"{main} > {sub}" for main, subs in APPLE_CATEGORIES.items() for sub in subs] + list(APPLE_CATEGORIES)
    for place, category in enumerate(show.categories):
        written = _written(category)
        if written not in known:
            near = get_close_matches(written, known, n=1, cutoff=0.4)
            mend = f"Did you mean `{near[0]}`?" if near else f"Choose from: {', '.join(APPLE_CATEGORIES)}."
            yield ("categories", place), f"`{written}` is not a category that Apple knows.", mend


def _written(category: Category) -> str:
    return f"{category.main} > {category.sub}" if category.sub else category.main


def _numbered(episode: Episode, catalog: Catalog) -> Iterator[Finding]:
    if catalog.show.kind == "serial" and episode.kind == "full" and episode.number is None:
        yield (), "The episode has no number, but the show is serial.", "Add a line `number: ...`."


def _same_number(episode: Episode, catalog: Catalog) -> Iterator[Finding]:
    place = (episode.season, episode.number, episode.kind)
    for other in catalog.episodes:
        if other is episode:
            return
        if episode.number is not None and place == (other.season, other.number, other.kind):
            what = f"Number {episode.number} is already that of “{other.title}”."
            yield ("number",), what, "Give one of them another number."


def _title(episode: Episode, catalog: Catalog) -> Iterator[Finding]:
    if re.match(r"(?i)(#|afl(evering|\.)?|ep(isode|\.)?|folge|nr\.?)?\s*\d+\s*[:.\-–|]", episode.title):
        yield ("title",), "The title begins with a number.", "Leave it out: apps show `number` themselves."
    if catalog.show.title.lower() in episode.title.lower():
        yield ("title",), "The title repeats the name of the show.", "Leave it out: apps show both."


def _too_many(episode: Episode, _: Catalog) -> Iterator[Finding]:
    count = len(episode.chapters)
    if count > sidecars.MOST_CHAPTERS:
        what = f"The episode has {count} chapters; at most {sidecars.MOST_CHAPTERS} can be listed in its file."
        yield ("chapters",), what, "Leave some out."


def _chapters(episode: Episode, _: Catalog) -> Iterator[Finding]:
    starts = [chapter.start_s for chapter in episode.chapters]
    if starts and starts[0] > 0:
        yield ("chapters", 0), "The first chapter does not begin at 0:00.", "Add one that does."
    if len(set(starts)) < len(starts):
        yield ("chapters",), "Two chapters begin at the same time.", "Move or remove one of them."


def _speakers(episode: Episode, _: Catalog) -> Iterator[Finding]:
    if episode.transcript and not any(cue.speaker for cue in episode.transcript):
        yield ("transcript",), "The transcript does not say who speaks.", "Use voice tags: <v Name>text."


def _missing(key: str, value: object, what: str, mend: str) -> Iterator[Finding]:
    if not value:
        yield (key,), what, mend


SHOW_RULES: tuple[Rule[Show], ...] = (
    Rule(
        id="show-description-length",
        source="PSP-1",
        fatal=True,
        why="Directories would cut it off.",
        find=lambda show, _: _too_long("description", show.description),
    ),
    Rule(
        id="show-category",
        source="Apple-guide",
        fatal=True,
        why="Apple Podcasts would refuse the show.",
        find=_categories,
    ),
    Rule(
        id="show-owner",
        source="Apple-guide",
        fatal=False,
        why="Directories send their confirmation there.",
        find=lambda show, _: _missing(
            "owner", show.owner, "The show has no owner.", "Add `owner:` with `name:` and `email:`."
        ),
    ),
    Rule(
        id="show-cover-alt",
        source="WCAG 1.1.1",
        fatal=False,
        why="A listener with a screen reader would not know what it shows.",
        find=lambda show, _: _missing(
            "cover_alt", show.cover_alt, "The cover has no description.", "Add `cover_alt:` saying what it shows."
        ),
    ),
)


def _notes(episode: Episode, _: Catalog) -> Iterator[Finding]:
    try:
        notes.html(episode.notes)
    except ValueError as error:
        yield (), f"The show notes cannot be shown: {error}.", "Shorten or simplify them."


EPISODE_RULES: tuple[Rule[Episode], ...] = (
    Rule(
        id="episode-number",
        source="Apple-guide",
        fatal=True,
        why="Apps could not put the episodes in order.",
        find=_numbered,
    ),
    Rule(
        id="episode-number-twice",
        source="Apple-guide",
        fatal=False,
        why="Apps would show the episodes in the wrong order.",
        find=_same_number,
    ),
    Rule(id="episode-title", source="Apple-823", fatal=False, why="It takes room on small screens.", find=_title),
    Rule(
        id="episode-summary-length",
        source="PSP-1",
        fatal=True,
        why="Apps would cut it off.",
        find=lambda episode, _: _too_long("summary", episode.summary),
    ),
    Rule(
        id="episode-notes-shown",
        source="omroep",
        fatal=True,
        why="They would make every page slow.",
        find=_notes,
    ),
    Rule(
        id="episode-notes",
        source="PSP-1",
        fatal=False,
        why="Listeners choose an episode by its description.",
        find=lambda episode, _: _missing(
            "summary",
            episode.summary or episode.notes,
            "The episode has no summary and no notes.",
            "Write some below the second ---.",
        ),
    ),
    Rule(
        id="episode-transcript",
        source="WCAG 1.2.1",
        fatal=False,
        why="Listeners who hear badly could not follow it.",
        find=lambda episode, _: _missing(
            "transcript", episode.transcript, "The episode has no transcript.", "Put a .vtt file in its folder."
        ),
    ),
    Rule(
        id="episode-speakers",
        source="WCAG 1.2.1",
        fatal=False,
        why="A reader of the transcript would not know who says what.",
        find=_speakers,
    ),
    Rule(
        id="episode-chapters",
        source="ns chapters",
        fatal=False,
        why="Players would show the wrong chapter at the start.",
        find=_chapters,
    ),
    Rule(
        id="episode-chapters-count",
        source="ID3v2 Chapter Frame Addendum 1.0",
        fatal=True,
        why="Players would lose the others.",
        find=_too_many,
    ),
)
