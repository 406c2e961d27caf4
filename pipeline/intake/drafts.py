"""The draft that a recording becomes: its folder, its front matter, and what goes where."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from pipeline.intake import front_matter, naming, rhythm
from pipeline.intake.front_matter import Value
from pipeline.intake.naming import Said, same
from pipeline.intake.parcels import Kind, Parcel
from pipeline.model import Chapter, Guid
from pipeline.text import slug_of, slugify


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """An episode that is there already."""

    published: datetime
    number: int | None = None
    season: int | None = None
    full: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """What a new episode has to fit in with."""

    zone: ZoneInfo
    now: datetime
    episodes: tuple[Before, ...] = ()
    """In order of publication."""
    folders: frozenset[str] = frozenset()
    """Names of folders in `episodes/`, as `naming.same` has them."""
    slugs: frozenset[str] = frozenset()

    @property
    def last(self) -> Before | None:
        """The newest full episode."""
        return next((each for each in reversed(self.episodes) if each.full), None)

    def next_number(self, season: int | None) -> int | None:
        """One more than the highest of that season; None in a show that numbers nothing."""
        if self.episodes and not any(each.number for each in self.episodes):
            return None
        return max((each.number or 0 for each in self.episodes if each.season == season), default=0) + 1

    def moments(self) -> tuple[datetime, ...]:
        """When the full episodes came or come out."""
        return tuple(each.published for each in self.episodes if each.full)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """An episode that has no recording yet."""

    folder: str
    title: str
    """The folder's name where it has none that can be read."""
    named: str | None = None
    """The recording that its front matter names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An episode to be made, or to be given its recording."""

    folder: str
    title: str
    keys: Mapping[str, Value]
    """Of the front matter; for a draft that is there, those to add where they lack."""
    recording: str = ""
    beside: tuple[str, ...] = ()
    """Files that come with it."""
    bare: bool = True
    """Whether these lie in `episodes/` and are to be moved into the folder."""
    new: bool = True
    unsure: tuple[str, ...] = ()
    """Keys whose values are guessed from little: `title`, `date`."""
    published: datetime | None = field(default=None, compare=False)


def expected(shelf: Shelf, waiting: tuple[Waiting, ...], parcel: Parcel) -> Waiting | None:
    """The episode that this recording was made for: the one that names it, else that of the same title or folder."""
    for each in waiting:
        if each.named and same(each.named) == same(parcel.recording):
            return each
    stem = PurePosixPath(parcel.recording).stem
    called = {slugify(_said(parcel, shelf).title), slugify(stem), slug_of(stem)} - {""}
    return next((each for each in waiting if not each.named and called & _names(each)), None)


def _names(waiting: Waiting) -> set[str]:
    return {slugify(waiting.title), slugify(waiting.folder), slug_of(waiting.folder)}


def given(waiting: Waiting, parcel: Parcel, art: str | None) -> Draft:
    """An episode that gets its recording, and picture `art` where that may be one."""
    keys: dict[str, Value] = {"audio": parcel.recording}
    keys |= {"image": art} if art else {}
    keys |= {"chapters": chapters} if (chapters := parcel.only(Kind.CHAPTERS)) else {}
    return Draft(
        folder=waiting.folder,
        title=waiting.title,
        keys=keys,
        recording=parcel.recording,
        beside=tuple(each.name for each in parcel.beside),
        new=False,
    )


def made(
    parcel: Parcel, tags: Said, chapters: tuple[Chapter, ...], art: str | None, shelf: Shelf, guid: Guid, fallback: str
) -> Draft:
    """A new episode for a recording; `fallback` is the title of one that has none, with `{number}` in it."""
    said = _merged(_said(parcel, shelf), replace(tags, day=None))  # that is of the day on which it was recorded
    season = said.season or (shelf.last.season if shelf.last else None)
    number = said.number or shelf.next_number(season)
    title = said.title or " ".join(fallback.format(number=number or "").split())
    moment, sure = _moment(said, tags, shelf)
    folder = parcel.folder or _folder(number, title, shelf)
    keys: dict[str, Value] = _keys(title, number, season, rhythm.written(moment, shelf.zone), guid)
    keys["audio"] = parcel.recording
    for key, name in (("transcript", parcel.only(Kind.TRANSCRIPT)), ("image", art)):
        keys |= {key: name} if name else {}
    keys |= {"image_alt": None} if art else {}
    if own := parcel.only(Kind.CHAPTERS):
        keys["chapters"] = own
    elif chapters:
        keys["chapters"] = [front_matter.chapter(chapter) for chapter in chapters]
    return Draft(
        folder=folder,
        title=title,
        keys=keys,
        recording=parcel.recording,
        beside=tuple(each.name for each in parcel.beside),
        bare=parcel.folder is None,
        unsure=(*([] if said.title else ["title"]), *([] if sure else ["date"])),
        published=moment.replace(tzinfo=shelf.zone),
    )


def begun(title: str, shelf: Shelf, guid: Guid) -> Draft:
    """A new episode that has a title and nothing else."""
    season = shelf.last.season if shelf.last else None
    number = shelf.next_number(season)
    moment, _ = _moment(Said(), Said(), shelf)
    keys = _keys(title, number, season, rhythm.written(moment, shelf.zone), guid)
    return Draft(folder=_folder(number, title, shelf), title=title, keys=keys, bare=False, unsure=("date",))


def beside(shelf: Shelf, draft: Draft) -> Shelf:
    """The shelf with one more episode on it."""
    number, season = draft.keys.get("number"), draft.keys.get("season")
    more = Before(
        published=draft.published or shelf.now,
        number=number if isinstance(number, int) else None,
        season=season if isinstance(season, int) else None,
    )
    return replace(
        shelf,
        episodes=tuple(sorted((*shelf.episodes, more), key=lambda each: each.published)),
        folders=shelf.folders | {same(draft.folder)},
        slugs=shelf.slugs | {slug_of(draft.folder)},
    )


def _said(parcel: Parcel, shelf: Shelf) -> Said:
    next_number = shelf.next_number(shelf.last.season if shelf.last else None)
    own = naming.read(PurePosixPath(parcel.recording).stem, expected=next_number)
    return _merged(naming.read(parcel.folder, expected=next_number), own) if parcel.folder else own


def _merged(first: Said, second: Said) -> Said:
    """What the first says, and the second where it says nothing."""
    return Said(
        title=first.title or second.title,
        number=first.number or second.number,
        season=first.season or (second.season if first.number is None else None),
        day=first.day or second.day,
    )


def _moment(said: Said, tags: Said, shelf: Shelf) -> tuple[datetime, bool]:
    """When it may come out, in local time, and whether somebody said so."""
    if said.day:
        return rhythm.on(said.day, shelf.moments(), shelf.zone), True
    if following := rhythm.following(shelf.moments(), shelf.now, shelf.zone):
        return following, False
    day = tags.day or shelf.now.astimezone(shelf.zone).date()
    return rhythm.on(day, (), shelf.zone), False


def _keys(title: str, number: int | None, season: int | None, date: str, guid: Guid) -> dict[str, Value]:
    numbers: dict[str, Value] = {
        key: value for key, value in (("number", number), ("season", season)) if value is not None
    }
    start: dict[str, Value] = {"title": title}
    return start | numbers | {"date": date, "guid": guid, "status": "draft", "summary": None, "guests": None}


def _folder(number: int | None, title: str, shelf: Shelf) -> str:
    """`03-detachering`, or with `-2` behind it where that folder or its web address is taken."""
    slug = slugify(title) or "x"
    head = f"{number:02}-" if number else ""
    tries = (f"{head}{slug}{f'-{count}' if count > 1 else ''}" for count in range(1, len(shelf.folders) + 3))
    free = (name for name in tries if same(name) not in shelf.folders and slug_of(name) not in shelf.slugs)
    return next(free)
