"""Reading a show's folder into a Catalog, or reporting everything that is wrong with it."""

import os
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from pipeline.catalog import chapter_files, files, located, records, transcripts, values
from pipeline.catalog.complaints import complaints
from pipeline.catalog.ledger import Ledger
from pipeline.catalog.located import Located, Plain
from pipeline.catalog.schema import AudioKeys, EpisodeKeys, Keys, RecordingKeys, ShowKeys
from pipeline.checks.episodes import DOTTED, UNHEARD
from pipeline.consent import Withheld
from pipeline.errors import Problem, ShowError
from pipeline.model import NO_AUDIO, Catalog, Chapter, Cue, Episode, Mastering, Origin, Show, Slug, Source, Status
from pipeline.text import slug_of

SHOW_FILE = Path("feed/show.yaml")
EPISODES = Path("episodes")
PODCAST_NAMESPACE = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""Namespace of podcast:guid (Podcasting 2.0, docs/tags/guid.md)."""

Schema = TypeVar("Schema", bound=Keys)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What could be read of a show, and everything that was wrong with it."""

    catalog: Catalog | None
    """Its episodes in order of publication, those with problems left out; None where `show.yaml` has any."""
    problems: tuple[Problem, ...]
    doubts: tuple[Problem, ...] = ()
    """What can be read, and may be meant otherwise: warnings."""
    withheld: tuple[Withheld, ...] = ()
    """What guests do not agree to have published, where the catalogue is without it."""


def load(root: Path) -> Catalog:
    """The show in the folder `root`; ShowError with every problem of every file when anything is wrong."""
    reading = read(root)
    if reading.problems or reading.catalog is None:
        raise ShowError(*reading.problems)
    return reading.catalog


def read(root: Path, ledger: Ledger | None = None) -> Reading:
    """As much of the show in the folder `root` as can be read, with every problem of every file.

    With a `ledger`, recordings and pictures that have not changed since it was written are not read.
    """
    if none := _no_show(root):
        return Reading(catalog=None, problems=(none,))
    reader = _Reader(root=root.resolve(), ledger=ledger or Ledger())
    show = reader.show()
    zone = ZoneInfo(show.timezone if show else "UTC")
    episodes = [episode for folder in reader.folders() if (episode := reader.episode(folder, show, zone))]
    reader.problems += _twins(episodes)
    episodes.sort(key=lambda episode: (episode.published, episode.season or 0, episode.number or 0, episode.slug))
    read = Catalog(show=show, episodes=tuple(episodes), origins=reader.origins) if show else None
    reader.ledger.close()
    return Reading(catalog=read, problems=tuple(reader.problems), doubts=tuple(reader.doubts))


def show(root: Path) -> Show:
    """The show in the folder `root`, whatever is wrong with episodes; ShowError where `show.yaml` cannot be used."""
    if none := _no_show(root):
        raise ShowError(none)
    reader = _Reader(root=root.resolve(), ledger=Ledger())
    found = reader.show()
    if found is None:
        raise ShowError(*reader.problems)
    return found


def _no_show(root: Path) -> Problem | None:
    if os.path.lexists(root / SHOW_FILE):
        return None
    what = f"There is no show in {root.resolve()}."
    return Problem(what=what, file=SHOW_FILE.as_posix(), mend=way_to_one(root))


def way_to_one(root: Path) -> str:
    """What to do in a folder `root` that is not a show's."""
    above = next((each for each in root.resolve().parents if (each / SHOW_FILE).is_file()), None)
    return (
        f"You are inside the show in {above}: run this there, or name it with --show."
        if above
        else "Run this in the show's folder, name it with --show, or make a new show: omroep init"
    )


def fronts(root: Path) -> Mapping[Path, Mapping[str, Plain]]:
    """The settings in each episode.md of the show in the folder `root`, as they were typed, by its folder.

    ShowError where some cannot be read.
    """
    found: dict[Path, Mapping[str, Plain]] = {}
    problems: list[Problem] = []
    for path in sorted((root / EPISODES).glob("*/episode.md")):
        body, name = files.text(path, root), path.relative_to(root).as_posix()
        if isinstance(body, Problem):
            problems.append(body)
            continue
        document, wrong = located.read(_split(body)[0] or "", file=name, first_line=2)
        problems += wrong
        found[path.parent] = document.value
    if problems:
        raise ShowError(*problems)
    return found


def podcast_guid(feed_url: str) -> str:
    """The podcast:guid of a feed address: UUIDv5 of it without scheme and final slashes (Podcasting 2.0, guid.md)."""
    return str(uuid.uuid5(PODCAST_NAMESPACE, re.sub(r"^[a-z]+://", "", feed_url).rstrip("/")))


@dataclass(kw_only=True)
class _Reader:
    root: Path
    ledger: Ledger
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    origins: dict[Slug | None, Origin] = field(default_factory=dict)

    # --- the show ---

    def show(self) -> Show | None:
        path = self.root / SHOW_FILE
        body = files.text(path, self.root)
        if isinstance(body, Problem):
            self.problems.append(body)
            return None
        keys, origin = self.keys(body, ShowKeys, file=SHOW_FILE.as_posix())
        if keys is None:
            return None
        self.origins[None] = origin
        cover = self.source(path.parent, keys.cover, origin, "cover")
        mastering = self.mastering(keys.audio, path.parent, origin)
        if keys.guid is None:
            mend = f"Add this line, and never change it: guid: {podcast_guid(keys.base_url + 'feed.xml')}"
            self.problems.append(Problem(what="The show has no guid.", file=origin.file, line=1, mend=mend))
        return records.show(keys, cover, mastering) if cover and keys.guid else None

    def mastering(self, keys: AudioKeys, folder: Path, origin: Origin) -> Mastering:
        bumpers = {
            name: self.source(folder, file, origin, "audio", name) if file else None
            for name, file in (("intro", keys.intro), ("outro", keys.outro))
        }
        return records.mastering(keys, **bumpers)

    # --- its episodes ---

    def folders(self) -> Iterator[Path]:
        top = self.root / EPISODES
        if not top.is_dir() or top.is_symlink():
            mend = "Make the folder, or check out the whole repository."
            self.problems.append(Problem(what="There is no folder `episodes`.", file="episodes", mend=mend))
            return
        try:
            found = sorted(top.iterdir())
        except OSError as error:
            mend = "Let the folder be read by the user that runs omroep."
            what = f"The folder `episodes` cannot be read ({error.strerror})."
            self.problems.append(Problem(what=what, file="episodes", mend=mend))
            return
        for path in found:
            name = path.relative_to(self.root).as_posix()
            if path.name.startswith(".") or path.name.endswith(files.HALF_COPIED):
                continue
            if path.is_symlink():
                mend = "Put the folder itself there."
                self.problems.append(Problem(what="An episode cannot be a link.", file=name, mend=mend))
            elif path.is_dir():
                yield path
            elif path.name.lower() in files.NEARLY_EPISODE or path.name == files.EPISODE:
                what = "An episode has a folder of its own."
                mend = "Make a folder in episodes/, and move this and its recording into it."
                self.problems.append(Problem(what=what, file=name, mend=mend))
            elif path.suffix.lower() in files.AUDIO_SUFFIXES:
                what, mend = _EMPTY if _is_empty(path) else _LOOSE
                self.problems.append(Problem(what=what, file=name, mend=mend))

    def text(self, folder: Path) -> str | None:
        """What stands in the `episode.md` of a folder."""
        path = folder / files.EPISODE
        body = files.text(path, self.root)
        if not isinstance(body, Problem):
            return body
        gone = files.trouble(path, self.root) == files.ABSENT
        what, mend = f"Episode `{folder.name}`: {body.what}", _UNWRITTEN if gone else body.mend
        elsewhere = tuple(_elsewhere(folder, self.root)) if gone else ()
        self.problems += elsewhere or (replace(body, what=what, mend=mend),)
        return None

    def episode(self, folder: Path, show: Show | None, zone: ZoneInfo) -> Episode | None:
        name = (folder / files.EPISODE).relative_to(self.root).as_posix()
        body = self.text(folder)
        if body is None:
            return None
        front, notes, notes_line = _split(body)
        if front is None:
            what, mend = _UNENDED if re.match(r"---[ \t]*\n", body) else _UNBEGUN
            self.problems.append(Problem(what=what, file=name, line=1, mend=mend))
            return None
        keys, origin = self.keys(front, EpisodeKeys, file=name, first_line=2, zone=zone)
        if keys is None:
            return None
        origin = replace(origin, lines={**origin.lines, ("notes",): notes_line})
        slug = Slug(keys.slug or slug_of(folder.name))
        if not slug:
            mend = "Add a line `slug: ...` in a-z, 0-9 and dashes."
            self.problems.append(Problem(what="The folder's name gives no web address.", file=name, line=1, mend=mend))
            return None
        chapters, self.origins[slug] = self.chapters(folder, keys, origin)
        audio = self.audio(folder, keys, origin)
        people = [person.name for person in (*keys.guests, *(keys.hosts or (show.hosts if show else ())))]
        transcript, self.origins[slug] = self.transcript(folder, keys.transcript, self.origins[slug], people)
        image = self.source(folder, keys.image, origin, "image") if keys.image else None
        photos = [
            self.source(folder, guest.image, origin, "guests", place, "image") if guest.image else None
            for place, guest in enumerate(keys.guests)
        ]
        if show is None:
            return None
        self.doubts += _unheard(folder, keys, audio, origin)
        return records.episode(
            keys,
            show,
            folder=folder.name,
            slug=slug,
            audio=audio,
            notes=notes,
            chapters=chapters,
            transcript=transcript,
            image=image,
            photos=photos,
        )

    def audio(self, folder: Path, keys: EpisodeKeys, origin: Origin) -> Source:
        """The recording; without one, what else the episode says is still read."""
        if isinstance(keys.audio, RecordingKeys):
            return records.kept(keys.audio, origin.file)
        if keys.audio and (keys.status is Status.LIVE or files.spelled(folder, keys.audio).exists()):
            return self.source(folder, keys.audio, origin, "audio") or NO_AUDIO
        found = files.ending(folder, files.AUDIO_SUFFIXES)
        if len(found) == 1:
            return self.source(folder, found[0].name, origin, "audio") or NO_AUDIO
        if keys.status is not Status.LIVE:
            return NO_AUDIO
        if found:
            self.unclear(found, "audio", "recording", origin)
        else:
            mend = "Put an audio file in its folder."
            self.problems.append(Problem(what="The episode has no recording.", file=origin.file, line=1, mend=mend))
        return NO_AUDIO

    def chapters(self, folder: Path, keys: EpisodeKeys, origin: Origin) -> tuple[tuple[Chapter, ...], Origin]:
        """The chapters of an episode, and `origin` with the place of those that are in a file of their own."""
        said = keys.chapters
        if said is None or (said and not isinstance(said, str)):
            return records.chapters(said or ()), origin
        found = [files.spelled(folder, said)] if isinstance(said, str) else chapter_files.lying_in(folder)
        if len(found) > 1:
            self.unclear(found, "chapters", "chapters", origin)
        if len(found) != 1:
            return (), origin
        if why := files.trouble(found[0], self.root):
            self.missing(found[0], why, origin, "chapters")
            return (), origin
        reading = chapter_files.read(found[0], self.root)
        self.problems += reading.problems
        return reading.chapters, replace(origin, elsewhere={"chapters": reading.origin})

    def transcript(
        self, folder: Path, named: str | None, origin: Origin, people: Collection[str]
    ) -> tuple[tuple[Cue, ...], Origin]:
        """The transcript of an episode with these `people`, and `origin` with the name of its file."""
        found = [files.spelled(folder, named)] if named else files.ending(folder, transcripts.SUFFIXES)
        if len({path.stem for path in found}) > 1:
            self.unclear(found, "transcript", "transcript", origin)
            return (), origin
        if not found:
            return (), origin
        if why := files.trouble(found[0], self.root):
            self.missing(found[0], why, origin, "transcript")
            return (), origin
        cues = transcripts.read(found[0], self.root, people)
        if isinstance(cues, Problem):
            self.problems.append(cues)
            return (), origin
        return cues, replace(origin, files={"transcript": found[0].name})

    # --- parts ---

    def keys(
        self, body: str, schema: type[Schema], *, file: str, first_line: int = 1, zone: ZoneInfo | None = None
    ) -> tuple[Schema | None, Origin]:
        document, problems = located.read(body, file=file, first_line=first_line)
        self.problems += problems
        if problems:
            return None, document.origin
        try:
            keys = schema.model_validate(document.value, context={"zone": zone})
            self.doubts += _dotted(document)
            return keys, document.origin
        except ValidationError as error:
            self.problems += complaints(error, schema, document.origin)
            self.named(document, (self.root / file).parent)
            return None, document.origin

    def named(self, document: Located, folder: Path) -> None:
        """Of a file with other problems: whether the files that it names are there, so that all is told at once."""
        for key in ("cover", "audio", "transcript", "image", "chapters"):
            name = document.value.get(key)
            inside = isinstance(name, str) and values.may_name_a_file(name)
            inside = inside and (key != "chapters" or values.names_a_file(str(name)))
            if inside and (why := files.trouble(folder / str(name), self.root)):
                self.missing(folder / str(name), why, document.origin, key)

    def source(self, folder: Path, name: str, origin: Origin, *key: str | int) -> Source | None:
        path = files.spelled(folder, name)
        if why := files.trouble(path, self.root):
            self.missing(path, why, origin, *key)
            return None
        try:
            return files.source(path, self.root, self.ledger)
        except OSError as error:
            self.missing(path, f"cannot be read ({error.strerror})", origin, *key)
            return None

    def unclear(self, found: Sequence[Path], key: str, what: str, origin: Origin) -> None:
        listed = ", ".join(f"`{path.name}`" for path in found)
        problem = Problem(
            what=f"It is not clear which {what} to take: {listed}.",
            file=origin.file,
            line=1,
            mend=f"Say which with `{key}: {found[0].name}`.",
        )
        self.problems.append(problem)

    def missing(self, path: Path, why: str, origin: Origin, *key: str | int) -> None:
        here = sorted(item.name for item in path.parent.iterdir()) if path.parent.is_dir() else []
        near = [name for name in here if name.lower() == path.name.lower()] or [
            name for name in here if Path(name).suffix.lower() == path.suffix.lower()
        ]
        mend = (
            f"Did you mean `{near[0]}`?" if near and why == files.ABSENT else "Put the file there, or correct its name."
        )
        what = f"`{'.'.join(str(each) for each in key if isinstance(each, str))}`: the file `{path.name}` {why}."
        self.problems.append(Problem(what=what, file=origin.file, line=origin.line(*key), mend=mend))


def _unheard(folder: Path, keys: EpisodeKeys, audio: Source, origin: Origin) -> Iterator[Problem]:
    """Recordings beside the one that is taken; of one that is kept elsewhere, what lies here may be that very one."""
    if audio is NO_AUDIO or audio.kept or keys.status is Status.WITHDRAWN:
        return
    named = {Path(audio.path).name, keys.image, keys.transcript, keys.chapters}
    for path in files.ending(folder, files.AUDIO_SUFFIXES):
        if path.name not in named:
            what = f"The recording `{path.name}` is not taken, for `{Path(audio.path).name}` is."
            mend = f"Name it with `audio: {path.name}`, or take it out of the folder."
            yield UNHEARD.problem(what, file=origin.file, line=origin.line("audio"), mend=mend)


def _dotted(document: Located) -> Iterator[Problem]:
    """Chapters whose moment is read as seconds, and looks like minutes and seconds."""
    chapters = document.value.get("chapters")
    for place, chapter in enumerate(chapters if isinstance(chapters, list) else ()):
        start = str(values.timed(chapter)["start"])
        if meant := values.dotted(start):
            what = f"The chapter at `{start}` begins {float(start):g} seconds after the start."
            mend = f"If minutes and seconds are meant, write {meant}."
            yield DOTTED.problem(
                what, file=document.origin.file, line=document.origin.line("chapters", place), mend=mend
            )


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:  # it may be gone by now
        return False


def _elsewhere(folder: Path, root: Path) -> Iterator[Problem]:
    """An `episode.md` that has nearly that name, or lies deeper than omroep looks."""
    if near := files.nearly_episode(folder):
        mend = f"Rename it to `{files.EPISODE}`."
        yield Problem(what=f"`{near.name}` is there.", file=near.relative_to(root).as_posix(), mend=mend)
        return
    for path in sorted(folder.rglob(files.EPISODE)):
        deep = path.parent.relative_to(root / EPISODES).as_posix()
        what, mend = f"An episode lies in `{deep}`, too deep.", "Move that folder up, to episodes/."
        yield Problem(what=what, file=path.relative_to(root).as_posix(), mend=mend)


_LOOSE = (
    "This recording has no episode yet.",
    "Run omroep ingest: it makes a draft of it, or says why it cannot; or take it out of episodes/.",
)
_EMPTY = ("This recording is empty.", "Copy it again, or take it out of episodes/.")
_UNBEGUN = (
    "The front matter is missing.",
    "Begin the file with a line ---, then `title: ...` and `date: ...`, then a line ---, then the notes.",
)
_UNWRITTEN = "Write one: at least a title and a date between two lines of ---."
_UNENDED = ("The second line of --- is missing.", "Write a line --- below the settings, before the notes.")


def front_matter(body: str) -> str | None:
    """The settings at the top of an `episode.md`, as YAML; None where there are none."""
    return _split(body)[0]


def _split(body: str) -> tuple[str | None, str, int]:
    """An episode's settings, its notes, and the line on which these begin."""
    found = re.match(r"---[ \t]*\n(.*?)(?:^|\n)---[ \t]*(?:\n|\Z)(.*)", body, re.DOTALL | re.MULTILINE)
    if not found:
        return None, body, 1
    before = body[: found.start(2)] + found[2][: len(found[2]) - len(found[2].lstrip())]
    return found[1], found[2].strip(), before.count("\n") + 1


def _twins(episodes: Iterable[Episode]) -> Iterator[Problem]:
    seen: dict[str, Episode] = {}
    for episode in episodes:
        for name, value in (("guid", str(episode.guid)), ("web address", str(episode.slug))):
            twin = seen.setdefault(f"{name} {value}", episode)
            if twin is not episode:
                yield Problem(
                    what=f"The episodes `{twin.folder}` and `{episode.folder}` have the same {name} `{value}`.",
                    file=f"episodes/{episode.folder}/episode.md",
                    why="Podcast apps would show only one of them.",
                    mend=f"Give one of them {'a new `guid`' if name == 'guid' else 'a `slug` of its own'}.",
                )
