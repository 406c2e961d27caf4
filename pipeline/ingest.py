"""The story from a recording that lies in `episodes/` to a draft, and of a draft that begins without one."""

import filecmp
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline import catalog, pictures, placing, theme
from pipeline.audio import ffmpeg, inspect, labels, whole
from pipeline.audio.deliver import Studio
from pipeline.audio.labels import Labels
from pipeline.catalog import (
    EPISODES,
    amended,
    chapter_files,
    chapter_formats,
    files,
    located,
    transcripts,
    values,
)
from pipeline.catalog.ledger import Ledger
from pipeline.errors import AudioError, Problem, ShowError
from pipeline.intake import drafts, front_matter, parcels, words
from pipeline.intake.drafts import Before, Draft, Shelf, Waiting
from pipeline.intake.naming import Said, same
from pipeline.intake.parcels import Kind, Left, Lying, Parcel, Why
from pipeline.model import NO_AUDIO, Catalog, Episode, Guid, Status
from pipeline.text import printable, slug_of

EPISODE_FILE = "episode.md"
SETTLED_S = 1.0
"""A file that changed less than this ago may be growing still, and is looked at again after as long."""
_PICTURES = (".jpg", ".jpeg", ".png")
Gettext = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where recordings are taken in."""

    root: Path
    studio: Studio
    now: datetime
    language: str | None = None
    """Of what is said; None: the show's."""

    @property
    def episodes(self) -> Path:
        """The folder."""
        return self.root / EPISODES


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of it."""

    gettext: Gettext
    taken: tuple[Draft, ...] = ()
    left: tuple[Left, ...] = ()
    drafts: tuple[Episode, ...] = ()
    """All of the show's, as they are now."""


def take_in(desk: Desk, given: Sequence[Path] = ()) -> Outcome:
    """Make an episode of every recording in `episodes/` that has none, or of those `given` only.

    A recording from elsewhere is copied; what lies in `episodes/` is moved into its folder. Nothing is written over,
    and whenever it is stopped, the next run goes on. ShowError where `show.yaml` cannot be read or nothing be written.
    """
    _there(desk)
    with placing.alone(desk.episodes):
        show = _read(desk)
        gettext = _gettext(desk, show)
        names, left = _brought(desk, show, given)
        found, more = _lying(desk, names if given else None)
        outcome = Outcome(gettext=gettext, left=(*left, *more))
        shelf = _shelf(desk, show)
        waiting = tuple(_waiting(desk, show))
        for parcel, stamp in _settled(desk, found).items():
            draft, aside = _taken(desk, show, parcel, stamp, shelf, waiting, gettext)
            outcome = replace(outcome, left=(*outcome.left, *aside))
            if draft:
                shelf = drafts.beside(shelf, draft)
                waiting = tuple(each for each in waiting if each.folder != draft.folder)
                outcome = replace(outcome, taken=(*outcome.taken, draft))
        after = _read(desk) if outcome.taken else show
        return replace(outcome, drafts=tuple(each for each in after.episodes if each.status is Status.DRAFT))


def begin(desk: Desk, title: str) -> Outcome:
    """Make a draft that has a title and no recording yet."""
    _there(desk)
    with placing.alone(desk.episodes):
        show = _read(desk)
        gettext = _gettext(desk, show)
        draft = drafts.begun(title, _shelf(desk, show), _guid())
        placing.write(desk.episodes / draft.folder / EPISODE_FILE, _composed(draft, gettext))
        made = tuple(each for each in _read(desk).episodes if each.folder == draft.folder)
        return Outcome(gettext=gettext, taken=(draft,), drafts=made)


# --- what is there ----------------------------------------------------------------------------------------------------


def _there(desk: Desk) -> None:
    if not desk.episodes.is_dir() or desk.episodes.is_symlink():
        mend = catalog.way_to_one(desk.root)
        raise ShowError(Problem(what="There is no folder `episodes`.", file="episodes", mend=mend))


def _read(desk: Desk) -> Catalog:
    """The show with the episodes that can be read; what is wrong with the others is for `omroep check`."""
    reading = catalog.read(desk.root, Ledger.at(desk.studio.cache / "sources.json", desk.now))
    if reading.catalog is None:
        raise ShowError(*(problem for problem in reading.problems if not problem.file.startswith("episodes")))
    return reading.catalog


def _gettext(desk: Desk, show: Catalog) -> Gettext:
    return theme.spoken(desk.language or show.show.language).gettext


def _guid() -> Guid:
    return Guid(str(uuid.uuid4()))


def _shelf(desk: Desk, show: Catalog) -> Shelf:
    folders = [path.name for path in desk.episodes.iterdir() if path.is_dir() and any(path.glob("[!.]*"))]
    return Shelf(
        zone=ZoneInfo(show.show.timezone),
        now=desk.now,
        episodes=tuple(
            Before(published=each.published, number=each.number, season=each.season, full=each.kind == "full")
            for each in show.episodes
        ),
        folders=frozenset(map(same, folders)),
        slugs=frozenset((*(each.slug for each in show.episodes), *map(slug_of, folders))),
    )


def _waiting(desk: Desk, show: Catalog) -> Iterator[Waiting]:
    """Every episode without a recording that is not withdrawn, whatever else is wrong with it."""
    heard = {each.folder for each in show.episodes if each.audio is not NO_AUDIO}
    for path in sorted(desk.episodes.glob(f"[!.]*/{EPISODE_FILE}")):
        if path.parent.name not in heard:
            keys = _front(path, desk.root)[1]
            if keys.get("status") != Status.WITHDRAWN and not _has_recording(path.parent, keys.get("audio")):
                title, named = (value if isinstance(value := keys.get(key), str) else "" for key in ("title", "audio"))
                yield Waiting(folder=path.parent.name, title=title or path.parent.name, named=named or None)


def _has_recording(folder: Path, audio: located.Plain) -> bool:
    if isinstance(audio, str):
        return values.may_name_a_file(audio) and files.spelled(folder, audio).exists()
    return bool(audio or files.ending(folder, files.AUDIO_SUFFIXES))


def _front(path: Path, root: Path) -> tuple[str, Mapping[str, located.Plain]]:
    """An `episode.md` as it stands there, and the values in its front matter; nothing where it cannot be read."""
    text = files.text(path, root)
    front = catalog.front_matter(text) if isinstance(text, str) else None
    if front is None:
        return "", {}
    return str(text), located.read(front, file=path.name)[0].value


def _lying(desk: Desk, only: frozenset[str] | None) -> tuple[tuple[Parcel, ...], tuple[Left, ...]]:
    """What is to be taken in; of those names in `episodes/` only, where some are given."""
    found, left = parcels.bare(tuple(_kinds(desk, desk.episodes)))
    for folder in sorted(path for path in desk.episodes.iterdir() if _new_folder(path)):
        parcel, more = parcels.within(folder.name, tuple(_kinds(desk, folder)))
        if parcel and (near := files.nearly_episode(folder)):
            parcel, more = None, (Left(path=f"{folder.name}/{near.name}", why=Why.MISNAMED),)
        found += (parcel,) if parcel else ()
        left += more
    if only is None:
        return found, left
    return (
        tuple(each for each in found if each.path.partition("/")[0] in only),
        tuple(each for each in left if each.path.partition("/")[0] in only),
    )


def _new_folder(path: Path) -> bool:
    hidden = path.name.startswith(".") or path.name.endswith(files.HALF_COPIED)
    return not hidden and path.is_dir() and not path.is_symlink() and not (path / EPISODE_FILE).exists()


def _kinds(desk: Desk, folder: Path) -> Iterator[Lying]:
    """The files of a folder that belong to an episode, hidden ones left out (macOS writes `._name`)."""
    for path in sorted(folder.glob("[!.]*")):
        half = next((ending for ending in files.HALF_COPIED if path.name.endswith(ending)), "")
        kind = None if path.is_dir() else _kind(path.with_name(path.name.removesuffix(half) or "x"))
        if kind and half:
            yield Lying(name=path.name, kind=kind, why=Why.COPYING)
        elif kind and (why := _untouchable(desk, path)):
            yield Lying(name=path.name, kind=kind, why=why)
        elif kind or _lists_chapters(path, desk.root):
            yield Lying(name=path.name, kind=kind or Kind.CHAPTERS)


def _kind(path: Path) -> Kind | None:
    suffix = path.suffix.lower()
    if chapter_files.is_named_so(path):
        return Kind.CHAPTERS
    return next((kind for suffixes, kind in _KINDS if suffix in suffixes), None)


_KINDS: tuple[tuple[Sequence[str], Kind], ...] = (
    (files.AUDIO_SUFFIXES, Kind.RECORDING),
    (transcripts.SUFFIXES, Kind.TRANSCRIPT),
    (_PICTURES, Kind.PICTURE),
)


def _untouchable(desk: Desk, path: Path) -> Why | None:
    name = path.relative_to(desk.root).as_posix()
    if printable(name) != name or "\n" in name:
        return Why.NAME
    try:
        values.file_name(path.name)
    except ValueError:
        return Why.NAME
    return Why.LINK if files.trouble(path, desk.root) else None


def _lists_chapters(path: Path, root: Path) -> bool:
    """Whether a text of any name holds chapters."""
    if path.suffix.lower() not in (".txt", ".json", ".xml") or files.trouble(path, root):
        return False
    text = files.text(path, root) if path.stat().st_size <= chapter_files.LARGEST else ""
    return isinstance(text, str) and chapter_formats.of(text) is not None


# --- from elsewhere ---------------------------------------------------------------------------------------------------


def _brought(desk: Desk, show: Catalog, given: Sequence[Path]) -> tuple[frozenset[str], tuple[Left, ...]]:
    """The names in `episodes/` of what was given, copied there where it was elsewhere."""
    names: set[str] = set()
    left: list[Left] = []
    for path in given:
        real = path.resolve()
        if real.is_relative_to(desk.episodes) and real != desk.episodes:
            names.add(real.relative_to(desk.episodes).parts[0])
        elif title := _known(desk, show, real):
            left.append(Left(path=path.name, why=Why.KNOWN, about=title))
        else:
            names.add(_copied(desk, real))
    return frozenset(names), tuple(left)


def _copied(desk: Desk, recording: Path) -> str:
    if not recording.is_file() or recording.suffix.lower() not in files.AUDIO_SUFFIXES:
        mend = "Name a WAV, FLAC, MP3, M4A or another recording."
        raise ShowError(Problem(what=f"`{recording.name}` is not a recording.", mend=mend))
    stem = same(recording.stem)
    near = (path for path in sorted(recording.parent.iterdir()) if same(path.name).startswith(f"{stem}."))
    beside = [path for path in near if path.is_file() and _kind(path) not in (None, Kind.RECORDING)]
    for path in (*beside, recording):  # the recording last: without it nothing is taken in
        target = desk.episodes / path.name
        if not placing.copy(path, target) and not filecmp.cmp(target, path, shallow=False):
            what = f"There is another file called `{path.name}` in episodes/ already."
            raise ShowError(Problem(what=what, file=f"episodes/{path.name}", mend="Rename one of the two."))
    return recording.name


def _known(desk: Desk, show: Catalog, path: Path) -> str | None:
    """The title of the episode whose recording this is already."""
    size = path.stat().st_size if path.is_file() else -1
    near = [each for each in show.episodes if each.audio.size == size and each.audio is not NO_AUDIO]
    digest = files.sha256(path) if near else None
    return next((each.title for each in near if each.audio.sha256 == digest), None)


# --- from a parcel to a draft -----------------------------------------------------------------------------------------


def _taken(
    desk: Desk,
    show: Catalog,
    parcel: Parcel,
    stamp: tuple[int, int],
    shelf: Shelf,
    waiting: tuple[Waiting, ...],
    gettext: Gettext,
) -> tuple[Draft | None, tuple[Left, ...]]:
    path = desk.episodes / parcel.path
    if why := _unfit(desk, path):
        return None, (Left(path=parcel.path, why=why),)
    if _moved(desk, show, path):
        return None, ()
    if title := _known(desk, show, path):
        return None, (Left(path=parcel.path, why=Why.KNOWN, about=title),)
    told = labels.read(desk.studio.ffmpeg, path)
    art, aside = _art(desk, parcel)
    draft = _draft(parcel, shelf, waiting, told, art, gettext)
    if _stamp(path) != stamp:
        return None, (Left(path=parcel.path, why=Why.CHANGING),)
    done, more = _put(desk, draft, gettext)
    return (draft if done else None), (*aside, *more)


def _moved(desk: Desk, show: Catalog, path: Path) -> bool:
    """Whether this is the old name of an episode's recording, left by a run that was stopped; then it goes."""
    places = (desk.root / each.audio.path for each in show.episodes if each.audio is not NO_AUDIO)
    return any(placing.move(path, place) for place in places if place != path and place.samefile(path))


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _settled(desk: Desk, found: Sequence[Parcel]) -> Mapping[Parcel, tuple[int, int]]:
    """What the file system says of each recording, before those that changed just now get time to change again."""
    stamps = {parcel: _stamp(desk.episodes / parcel.path) for parcel in found}
    ages = (desk.now.timestamp() - modified / 1e9 for _, modified in stamps.values())
    if young := [age for age in ages if 0 <= age < SETTLED_S]:
        time.sleep(SETTLED_S - min(young))
    return stamps


def _unfit(desk: Desk, path: Path) -> Why | None:
    try:
        if path.stat().st_size == 0 or whole.cut_off(path, ffmpeg.container(path)):
            return Why.CUT_OFF
        inspect.probe(desk.studio.ffmpeg, path, path.name)
    except AudioError:
        return Why.UNREADABLE
    return None


def _art(desk: Desk, parcel: Parcel) -> tuple[str | None, tuple[Left, ...]]:
    """The picture that may be the episode's art, and those that may not."""
    folder = desk.episodes / (parcel.folder or "")
    name = parcel.only(Kind.PICTURE)
    if name and pictures.unfit(folder / name) is None:
        return name, ()
    every = (each.name for each in parcel.beside if each.kind is Kind.PICTURE)
    return None, tuple(Left(path=each, why=Why.BESIDE) for each in every)


def _draft(
    parcel: Parcel,
    shelf: Shelf,
    waiting: tuple[Waiting, ...],
    told: Labels,
    art: str | None,
    gettext: Gettext,
) -> Draft:
    if (known := drafts.expected(shelf, waiting, parcel)) and parcel.folder is None:
        return drafts.given(known, parcel, art)
    tags = Said(title=told.title, number=told.number, season=told.season, day=told.day)
    return drafts.made(parcel, tags, told.chapters, art, shelf, _guid(), gettext(words.EPISODE))


def _put(desk: Desk, draft: Draft, gettext: Gettext) -> tuple[bool, tuple[Left, ...]]:
    """Carry a draft out: first `episode.md`, which names all that is to come; then the files, the recording last."""
    path = desk.episodes / draft.folder / EPISODE_FILE
    if draft.new and not placing.write(path, _composed(draft, gettext)):
        return False, (Left(path=draft.recording, why=Why.TAKEN, about=f"episodes/{draft.folder}/{EPISODE_FILE}"),)
    left = () if draft.new else _added(desk, draft, path)
    for name in (*draft.beside, draft.recording) if draft.bare else ():
        target = path.parent / name
        if not placing.move(desk.episodes / name, target) and (desk.episodes / name).exists():
            left += (Left(path=name, why=Why.TAKEN, about=f"episodes/{draft.folder}/{name}"),)
    return True, left


def _composed(draft: Draft, gettext: Gettext) -> bytes:
    comments = {"status": gettext(words.STATUS), "summary": gettext(words.SUMMARY), "guests": gettext(words.GUESTED)}
    comments |= {"date": gettext(words.DATED)} if "date" in draft.unsure else {}
    return front_matter.composed(draft.keys, comments).encode()


def _added(desk: Desk, draft: Draft, path: Path) -> tuple[Left, ...]:
    """Add to a draft's `episode.md` what it lacks; where that cannot be done safely, say what to add."""
    _, before = _front(path, desk.root)
    lacking = {key: value for key, value in draft.keys.items() if before.get(key) is None}
    if not lacking:
        return ()
    body, name = path.read_bytes(), f"{draft.folder}/{EPISODE_FILE}"
    texts = {key: front_matter.yaml(value) for key, value in lacking.items()}
    try:
        after = amended.front_matter(body.decode(), texts, file=name)
    except ShowError:
        after = None
    if after and placing.change(path, body, after.encode()):
        return ()
    return (Left(path=name, why=Why.ODD, about=json.dumps(lacking, ensure_ascii=False)),)
