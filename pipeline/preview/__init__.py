"""How an episode will read to a listener: in a list, while it plays, and in a directory."""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pipeline import notes, sidecars
from pipeline.model import Catalog, Chapter, Entry, Episode, Media, Person, Show
from pipeline.preview.fitting import Fit, fit, seen
from pipeline.text import clock

NO_LENGTH = "no length yet"
"""Of what is not published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """How much an app shows on a phone of usual size, in columns and lines.

    Apps cut by the width of their letters and by the listener's text size: these are what fits of ordinary text at
    the usual size (industry; estimated, no app promises them).
    """

    name: str
    wide: int
    """Columns of a line in a list."""
    title_lines: int
    summary_lines: int
    playing_wide: int
    """Columns of the one line with the title while it plays."""


APPS: tuple[App, ...] = (
    App(name="Apple Podcasts", wide=38, title_lines=2, summary_lines=2, playing_wide=30),
    App(name="Spotify", wide=36, title_lines=2, summary_lines=2, playing_wide=28),
)
DIRECTORY_WIDE, DIRECTORY_LINES, CHAPTER_WIDE = 60, 4, 40
"""A directory's page before `more` is pressed; titles of chapters as Spotify asks for them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A row in an app's list of episodes."""

    app: str
    label: str
    """Such as `6 Oct 2020 · Season 1, episode 2`."""
    title: Fit
    summary: Fit
    length: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Playing:
    """An app's screen while the episode plays."""

    app: str
    title: Fit
    show: Fit
    chapter: Fit
    """The first; no lines where there is none."""
    length: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """The episode's page in a directory."""

    title: Fit
    label: str
    length: str
    text: Fit
    """Notes, or the summary where there are none, without markup."""
    people: tuple[str, ...]
    chapters: tuple[tuple[str, Fit], ...]
    """Each with its time."""
    art: str
    """What the picture shows, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """An episode on every screen."""

    show: str
    title: str
    language: str
    lists: tuple[Listed, ...]
    playing: tuple[Playing, ...]
    directory: Directory
    advice: tuple[str, ...]
    """What is not seen of it, and what is not known yet, a sentence each."""


def compose(catalog: Catalog, episode: Episode, media: Media | None) -> Preview:
    """An episode as listeners will see it.

    `media` is its delivered audio; None where there is none yet: then it has no length, and its chapters are those
    of `episode.md`, at the times of the recording.
    """
    show = catalog.show
    length = clock(media.duration_s) if media else NO_LENGTH
    label = " · ".join((_day(episode, show), *_numbers(episode, catalog)))
    chapters = _chapters(episode, media)
    first = chapters[0].title if chapters else ""
    text = notes.text(episode.notes)
    lists = tuple(_listed(app, episode, text, label=label, length=length) for app in APPS)
    playing = tuple(_playing(app, episode, show, first, length=length) for app in APPS)
    directory = Directory(
        title=fit(episode.title, wide=DIRECTORY_WIDE, lines=2),
        label=label,
        length=length,
        text=fit(text or episode.summary, wide=DIRECTORY_WIDE, lines=DIRECTORY_LINES),
        people=tuple(_person(person) for person in (*episode.hosts, *episode.guests)),
        chapters=tuple((clock(each.start_s), fit(each.title, wide=CHAPTER_WIDE, lines=1)) for each in chapters),
        art=_art(episode, show),
    )
    return Preview(
        show=seen(show.title),
        title=seen(episode.title),
        language=show.language,
        lists=lists,
        playing=playing,
        directory=directory,
        advice=(*_unseen(lists, playing, directory), *_unknown(episode, media)),
    )


def _listed(app: App, episode: Episode, text: str, *, label: str, length: str) -> Listed:
    return Listed(
        app=app.name,
        label=label,
        title=fit(episode.title, wide=app.wide, lines=app.title_lines),
        summary=fit(episode.summary or text, wide=app.wide, lines=app.summary_lines),
        length=length,
    )


def _playing(app: App, episode: Episode, show: Show, chapter: str, *, length: str) -> Playing:
    return Playing(
        app=app.name,
        title=fit(episode.title, wide=app.playing_wide, lines=1),
        show=fit(show.title, wide=app.playing_wide, lines=1),
        chapter=fit(chapter, wide=app.playing_wide, lines=1),
        length=length,
    )


def _day(episode: Episode, show: Show) -> str:
    day = episode.published.astimezone(ZoneInfo(show.timezone))
    return f"{day.day} {day:%b} {day.year}"


def _numbers(episode: Episode, catalog: Catalog) -> Iterator[str]:
    """Season and number as apps show them: seasons only once there are two (Apple-guide, itunes:season)."""
    seasons = {each.season for each in catalog.episodes if each.season is not None}
    if episode.kind != "full":
        yield episode.kind
    if episode.season is not None and len(seasons) > 1:
        yield f"season {episode.season}"
    if episode.number is not None:
        yield f"episode {episode.number}"


def _chapters(episode: Episode, media: Media | None) -> tuple[Chapter, ...]:
    return sidecars.moved_chapters(Entry(episode=episode, media=media)) if media else episode.chapters


def _person(person: Person) -> str:
    where = f", {person.organisation}" if person.organisation else ""
    return seen(f"{person.name}{where} ({person.role.lower()})")


def _art(episode: Episode, show: Show) -> str:
    said = episode.image_alt if episode.image else show.cover_alt
    return seen(said or "") or "a picture without a description"


def _unseen(lists: tuple[Listed, ...], playing: tuple[Playing, ...], directory: Directory) -> Iterator[str]:
    titles = [screen.app for screen in lists if screen.title.cut]
    if titles:
        yield f"The title is cut in the lists of {' and '.join(titles)}: put what tells it apart first."
    running = [screen.app for screen in playing if screen.title.cut]
    if running:
        yield f"While it plays, {' and '.join(running)} cannot show the whole title at once."
    if all(not screen.summary.lines for screen in lists):
        yield "There is nothing to read below the title: write a summary or notes."
    long = sum(title.cut for _, title in directory.chapters)
    if long:
        yield f"{long} chapter title{'s are' if long > 1 else ' is'} longer than a line."


def _unknown(episode: Episode, media: Media | None) -> Iterator[str]:
    if not media:
        yield "It is not published yet: its length is not known."
        if episode.chapters:
            yield "Times of chapters are those of the recording; trimmed silence or an intro will move them."
